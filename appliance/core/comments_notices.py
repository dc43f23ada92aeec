"""Whom a comment concerns: who is mentioned, whose object it is, who follows it. Each hears of it once, by the nearest of the three."""

from appliance.core import comments_search, following, listeners, mentions, notices, refs
from appliance.core.db import row, rows
from appliance.core.i18n import language, texts

_ = texts(__name__)
_BOTH = frozenset({'employee', 'guest'})


def _url(data):
    return f'/comments/{data["comment_id"]}'


notices.kind('core.comment.mentioned', title=_.lazy('Somebody mentioned me'), url=_url, kinds=_BOTH,
             text=lambda data: _('%(name)s mentioned you: %(what)s', name=data['name'], what=data['what']))
notices.kind('core.comment.received', title=_.lazy('A comment on what is mine'), url=_url, kinds=_BOTH,
             text=lambda data: _('%(name)s commented: %(what)s', name=data['name'], what=data['what']))
notices.kind('core.comment.followed', title=_.lazy('A comment on what I follow'), url=_url, kinds=_BOTH, is_mailed=False,
             text=lambda data: _('%(name)s commented: %(what)s', name=data['name'], what=data['what']))


@listeners.on('core.comment.added')
def tell_of_comment(actor, event):
    """Everybody whom a new comment concerns."""
    kind, object_id = event.data['owner_kind'], event.data['owner_id']
    choices = following.choices(kind, object_id)
    told = {person_id: 'followed' for person_id, is_on in choices.items() if is_on}
    told |= {person_id: 'received' for person_id in refs.owner(kind).people(object_id) if choices.get(person_id, True)} if kind in refs.owners() else {}
    told |= {person_id: 'mentioned' for person_id, in rows('SELECT person_id FROM comment_mention WHERE comment_id = ?', event.object_id)}
    _tell(event, told)


@listeners.on('core.comment.edited')
def tell_of_mentions(actor, event):
    """Those whom a comment mentions only since it was edited."""
    _tell(event, {person_id: 'mentioned' for person_id in event.data['mentioned']})


def _tell(event, told):
    kind, object_id = event.data['owner_kind'], event.data['owner_id']
    found = row('''SELECT c.person_id, p.name FROM comment c JOIN person p ON p.id = c.person_id
                   WHERE c.id = ? AND c.deleted_at IS NULL''', event.object_id)
    if found is None or kind not in refs.owners():
        return
    writer, name = found
    for person_id in mentions.who_see(sorted(set(told) - {writer}), kind, object_id):
        spoken, zone = row('SELECT language, zone FROM person WHERE id = ?', person_id)
        with language(spoken, zone):
            what = refs.title_of(kind, object_id)
        notices.put(f'core.comment.{told[person_id]}', person_id, {'comment_id': event.object_id, 'name': name, 'what': what}, f'{kind}:{object_id}')


@listeners.on('core.comment.reseen')
def follow_on(actor, event):
    """The search: the next comments of a long talk whose audience has changed."""
    comments_search.follow_from(event.data['owner_kind'], event.data['owner_id'], event.object_id)
