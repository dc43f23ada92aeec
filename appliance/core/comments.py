"""Comments on objects of every kind: who sees an object reads them, who has its owner's verb `comment` writes, everybody changes his own.

Text is kept as it was typed (core/markup.py), mentions as ids. A quote names another comment of the same object and is shown as that one
is now. What is deleted lies in the trash; whoever has the owner's verb `moderate` deletes what others wrote.
"""

import json
from dataclasses import dataclass

from peewee import CompositeKey

from appliance.core import audit, clock, following, history, live, markup, mentions, refs, search, trash
from appliance.core.actions import action
from appliance.core.db import Base, is_sqlite, row, rows
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.events import BY_OWNER, Event, publish
from appliance.core.fields import Id, Integer, Link, Moment, Text
from appliance.core.i18n import texts
from appliance.core.limits import COMMENT_LENGTH, COMMENTS_SHOWN, GREATEST_ID
from appliance.core.people import Person, names_of
from appliance.core.personal.declarations import WITH_OBJECT, Keep, Personal

_ = texts(__name__)
EXCERPT = 200


class Comment(Base):
    """What a person says of an object. `quote` is another comment of the same object; `deleted_at` says that it lies in the trash."""

    id = Id()
    kind = Text()
    object_id = Integer()
    person = Link(Person)
    text = Text()
    quote = Link('self', null=True, on_delete='SET NULL')
    at = Moment()
    edited_at = Moment(null=True)
    deleted_at = Moment(null=True)

    class Meta:
        personal = Personal(
            _.lazy('What a person said of an object'), person='person', kept=WITH_OBJECT, words=('text',),
            forget=Keep(_.lazy('What others answered would lose its sense.')))
        indexes = ((('kind', 'object_id', 'id'), False),)


class CommentMention(Base):
    """Whom a comment has mentioned so far: nobody is told of it twice."""

    comment = Link(Comment, on_delete='CASCADE')
    person = Link(Person)

    class Meta:
        table_name = 'comment_mention'
        personal = Personal(_.lazy('Whom a comment mentioned'), person='person', kept=WITH_OBJECT,
                            forget=Keep(_.lazy('The comment names a number only, which then belongs to nobody’s name.')))
        primary_key = CompositeKey('comment', 'person')


@dataclass(frozen=True)
class CommentAdded(Event):
    """Somebody commented on an object: `owner_kind` and `owner_id` name it."""

    INSIDE = BY_OWNER
    comment_id: int
    owner_kind: str
    owner_id: int
    actor_id: int | None


@dataclass(frozen=True)
class CommentEdited(Event):
    """A comment says something else now; `mentioned` are those whom it did not mention before."""

    INSIDE = BY_OWNER
    comment_id: int
    owner_kind: str
    owner_id: int
    mentioned: list
    actor_id: int | None


@dataclass(frozen=True)
class CommentDeleted(Event):
    """A comment was put into the trash."""

    INSIDE = BY_OWNER
    comment_id: int
    owner_kind: str
    owner_id: int
    actor_id: int | None


@dataclass(frozen=True)
class CommentRestored(Event):
    """A comment came back from the trash."""

    INSIDE = BY_OWNER
    comment_id: int
    owner_kind: str
    owner_id: int
    actor_id: int | None


def access_comment(actor, comment_id, to='view'):
    """A comment as a dict: id, kind, object_id, person_id, text, quote_id. `to` is view, edit (the writer's own, where he may still
    comment) or delete (that, or the owner's `moderate`). NotFound when it is absent, deleted, or its object is unseen.
    """
    found = row('SELECT id, kind, object_id, person_id, text, quote_id FROM comment WHERE id = ? AND deleted_at IS NULL', comment_id)
    if found is None:
        raise NotFound()
    one = dict(zip(('id', 'kind', 'object_id', 'person_id', 'text', 'quote_id'), found, strict=True))
    is_own = one['person_id'] == actor.person_id
    refs.require(actor, one['kind'], one['object_id'])
    if to == 'edit' and not (is_own and refs.may(actor, one['kind'], one['object_id'], 'comment')):
        raise NotAllowed()
    if to == 'delete' and not refs.may(actor, one['kind'], one['object_id'], 'comment' if is_own else 'moderate'):
        raise NotAllowed()
    return one


# All that a drawn comment depends on is in its numbers: a text changes with `edited_at`, names and photos with the number of changes of people.
_PEOPLE = "(SELECT number FROM revision WHERE name = 'person')"
_NUMBERS = '''c.id, c.person_id, c.edited_at, q.edited_at AS quote_edited, q.deleted_at AS quote_deleted,
           (SELECT count(*) FROM liking l WHERE l.kind = 'core.comment' AND l.object_id = c.id) AS likes,
           (SELECT count(*) FROM liking l WHERE l.kind = 'core.comment' AND l.object_id = c.id AND l.person_id = ?) AS mine'''
_WINDOW = 'WHERE c.kind = ? AND c.object_id = ? AND c.deleted_at IS NULL AND c.id < ? AND c.id > ? ORDER BY c.id DESC LIMIT ?'
# One statement for the whole card: what is known of the object stands beside each comment, and alone where there is none.
_STATE = f'''
    SELECT h.*, c.*
    FROM (SELECT (SELECT count(*) FROM liking WHERE kind = ? AND object_id = ?) AS likes,
                 (SELECT count(*) FROM liking WHERE kind = ? AND object_id = ? AND person_id = ?) AS mine,
                 (SELECT is_on FROM follow WHERE kind = ? AND object_id = ? AND person_id = ?) AS follows,
                 {_PEOPLE} AS people) h
    LEFT JOIN (SELECT {_NUMBERS} FROM comment c LEFT JOIN comment q ON q.id = c.quote_id {_WINDOW}) c ON 1 = 1
    ORDER BY c.id DESC'''
_SELECT = f'''
    SELECT {_PEOPLE}, {_NUMBERS}, p.name, p.photo, c.text, c.at, c.quote_id, q.person_id, o.name, q.text,
           (SELECT {{names}} FROM comment_mention m JOIN person n ON n.id = m.person_id WHERE m.comment_id IN (c.id, c.quote_id))
    FROM comment c JOIN person p ON p.id = c.person_id LEFT JOIN comment q ON q.id = c.quote_id LEFT JOIN person o ON o.id = q.person_id {_WINDOW}'''
# {person id: name} of those mentioned, as JSON text.
_NAMES = {True: 'json_group_object(m.person_id, n.name)', False: 'CAST(json_object_agg(m.person_id, n.name) AS TEXT)'}


def comments_of(actor, kind, object_id, before=None, may=None, most=COMMENTS_SHOWN, after=0):
    """{comments, names, before, newest, likes, is_liked, follows, state}: a page of the comments on an object, the newest page first, each page the
    oldest first; how many like the object, whether the actor does, and whether he follows it (None: he has not decided).

    A comment: id, person {id, name, photo}, text (as kept), at, edited_at, quote ({id, person_id, name, text} or None; text None once it
    is deleted), likes, is_liked, may_edit, may_delete. `names` {id: name} of those mentioned; `before` the place of the page before, or
    None; `newest` the number of the last comment of the page, or `after`. `may`: the verbs, where the owner's page knows them; else the
    owner is asked. `after`: only what came after a comment.
    """
    may = refs.verbs(actor, kind, object_id, ('comment', 'moderate', 'like')) if may is None else may
    page = page_of(actor, kind, object_id, may, before, most, after)
    return page | unfolded(actor, page, may)


def page_of(actor, kind, object_id, may, before=None, most=COMMENTS_SHOWN, after=0):
    """What `comments_of` gives, without `comments` and `names`: those come by `unfolded`, which who has a page drawn already does not need.

    `state` is hashable: where it, `may` and the comments' object are the same, all of `comments` and `names` is.
    """
    me, this = actor.person_id or 0, (kind, object_id)
    window = (*this, before or GREATEST_ID, after)
    found = rows(_STATE, *this, *this, me, *this, me, me, *window, most + 1)
    likes, mine, follows, people = found[0][:4]
    kept = [one[4:] for one in found if one[4] is not None]
    return {'before': kept[most - 1][0] if len(kept) > most else None, 'newest': kept[0][0] if kept else after,
            'likes': likes, 'is_liked': bool(mine), 'follows': None if follows is None else bool(follows),
            'state': _state(me, people, kept[:most]), 'window': (window, most)}


def _state(me, people, shown):
    return people, me if any(one[1] == me for one in shown) else None, tuple(shown)


def unfolded(actor, page, may):
    """{comments, names, state} of a page by `page_of`; `state` is that of what was read, which somebody may have changed in between."""
    me, (window, most) = actor.person_id or 0, page['window']
    found = rows(_SELECT.format(names=_NAMES[is_sqlite()]), me, *window, most)
    # A talk mentions the same few again and again, and most of it nobody.
    names = {int(person): name for text in {one[-1] for one in found} - {None, '{}'} for person, name in json.loads(text).items()}
    return {'comments': [_described(actor, one[1:], may) for one in reversed(found)], 'names': names,
            'state': _state(me, found[0][0] if found else page['state'][0], [one[1:8] for one in found])}


def _described(actor, found, may):
    (comment_id, person_id, edited, _quote_edited, quote_deleted, count, mine, name, photo, text, at, quote_id, quoted_person, quoted_name, quoted, _names) = found
    is_own = person_id == actor.person_id
    quote = quote_id and {'id': quote_id, 'person_id': quoted_person, 'name': quoted_name, 'text': None if quote_deleted is not None else quoted}
    return {'id': comment_id, 'person': {'id': person_id, 'name': name, 'photo': photo}, 'text': text, 'at': clock.from_microseconds(at),
            'edited_at': edited and clock.from_microseconds(edited), 'quote': quote, 'likes': count, 'is_liked': bool(mine),
            'may_edit': is_own and 'comment' in may, 'may_delete': ('comment' if is_own else 'moderate') in may}


def is_near_the_end(comment):
    """Whether a comment stands on the newest page of its object."""
    newer = rows('SELECT 1 FROM comment WHERE kind = ? AND object_id = ? AND deleted_at IS NULL AND id > ? LIMIT ?',
                 comment['kind'], comment['object_id'], comment['id'], COMMENTS_SHOWN)
    return len(newer) < COMMENTS_SHOWN


def _checked(actor, text):
    """(text with its mentions, unclear names); Invalid when nothing is said, or too much."""
    if not isinstance(text, str):
        raise Invalid(_('This must be text.'), field='text')
    if len(text) > 2 * COMMENT_LENGTH:      # not worth cleaning
        raise Invalid(_('At most %(most)s characters.', most=COMMENT_LENGTH), field='text')
    text = markup.clean(text)
    if not text.strip(' \t\n>*`-'):
        raise Invalid(_('Write something first.'), field='text')
    if len(text) > COMMENT_LENGTH:
        raise Invalid(_('At most %(most)s characters.', most=COMMENT_LENGTH), field='text')
    return mentions.read(actor, text)


def _mention(comment_id, person_ids):
    """Note whom a comment mentions; returns those whom it did not mention before."""
    known = {one for one, in rows('SELECT person_id FROM comment_mention WHERE comment_id = ?', comment_id)}
    fresh = [one for one in person_ids if one not in known]
    CommentMention.add_all([{'comment': comment_id, 'person': one} for one in fresh])
    return fresh


def _answer(comment_id, kind, object_id, mentioned, unclear):
    seen = mentions.who_see(mentioned, kind, object_id)
    names = names_of(set(mentioned) - set(seen))
    return {'id': comment_id, 'untold': sorted(names.values()), 'unclear': unclear}


def _tell(kind, object_id):
    """Open pages of the object fetch what is new."""
    live.tell([f'page:{kind}:{object_id}'], 'comments', ref=f'{kind}:{object_id}')


def _may_comment(actor, kind, object_id, *args, **kwargs):
    refs.require(actor, kind, object_id, 'comment')
    if actor.person_id is None:
        raise NotFound()


@action(rights=_may_comment)
def add_comment(actor, kind, object_id, text, quote_id=None):
    """Comment on an object; returns {id, untold, unclear}: the names of people mentioned who may not see the object and so hear nothing
    of it, and names that several people have. NotFound for a quote that is not a comment of the same object.
    """
    text, unclear = _checked(actor, text)
    if quote_id is not None:
        quoted = access_comment(actor, quote_id)
        if (quoted['kind'], quoted['object_id']) != (kind, object_id):
            raise NotFound()
    comment_id = Comment.create(kind=kind, object_id=object_id, person=actor.person_id, text=text, quote=quote_id, at=clock.now()).id
    fresh = _mention(comment_id, markup.mentioned(text))
    following.begin(actor.person_id, kind, object_id)
    search.changed('core.comment', [comment_id])
    audit.record(actor, 'core.comment.added', f'core.comment:{comment_id}', to=f'{kind}:{object_id}')
    publish(CommentAdded(comment_id, kind, object_id, actor.person_id))
    _tell(kind, object_id)
    return _answer(comment_id, kind, object_id, fresh, unclear)


@action(rights=lambda actor, comment_id, *args, **kwargs: access_comment(actor, comment_id, to='edit'))
def edit_comment(actor, comment_id, text):
    """Say something else; returns what add_comment returns. What it said before is in its history."""
    one = access_comment(actor, comment_id, to='edit')
    text, unclear = _checked(actor, text)
    if text == one['text']:
        return {'id': comment_id, 'untold': [], 'unclear': unclear}
    Comment.update(text=text, edited_at=clock.now()).where(Comment.id == comment_id).execute()
    history.note(actor, 'core.comment', comment_id, {'text': (one['text'], text)})
    fresh = _mention(comment_id, markup.mentioned(text))
    search.changed('core.comment', [comment_id])
    audit.record(actor, 'core.comment.edited', f'core.comment:{comment_id}', of=f'{one["kind"]}:{one["object_id"]}')
    publish(CommentEdited(comment_id, one['kind'], one['object_id'], fresh, actor.person_id))
    return _answer(comment_id, one['kind'], one['object_id'], fresh, unclear)


@action(rights=lambda actor, comment_id, *args, **kwargs: access_comment(actor, comment_id, to='delete'))
def delete_comment(actor, comment_id):
    """Put a comment into the trash of who deletes it."""
    one = access_comment(actor, comment_id, to='delete')
    Comment.update(deleted_at=clock.now()).where(Comment.id == comment_id).execute()
    trash.put(actor, 'core.comment', comment_id)
    search.changed('core.comment', [comment_id])
    audit.record(actor, 'core.comment.deleted', f'core.comment:{comment_id}', of=f'{one["kind"]}:{one["object_id"]}')
    publish(CommentDeleted(comment_id, one['kind'], one['object_id'], actor.person_id))


def _deleted(actor, comment_id, *args, **kwargs):
    """(kind, object id, writer) of a comment that the actor himself deleted; Conflict where he sees its object no more."""
    found = row('SELECT kind, object_id, person_id FROM comment WHERE id = ? AND deleted_at IS NOT NULL', comment_id)
    if found is None or (not actor.is_system and trash.deleted_by('core.comment', comment_id) != actor.person_id):
        raise NotFound()
    return found


@action(rights=_deleted)
def restore_comment(actor, comment_id):
    """Take a comment back from the trash, by who put it there. Conflict when he may not delete it there any more."""
    kind, object_id, person_id = _deleted(actor, comment_id)
    if not refs.may(actor, kind, object_id, 'comment' if person_id == actor.person_id else 'moderate'):
        raise Conflict(_('What it belongs to is deleted itself, or not yours to see any more.'))
    Comment.update(deleted_at=None).where(Comment.id == comment_id).execute()
    trash.take('core.comment', comment_id)
    search.changed('core.comment', [comment_id])
    audit.record(actor, 'core.comment.restored', f'core.comment:{comment_id}', of=f'{kind}:{object_id}')
    publish(CommentRestored(comment_id, kind, object_id, actor.person_id))
    _tell(kind, object_id)


@action(rights=_deleted)
def erase_comment(actor, comment_id):
    """Erase a deleted comment for good, with its likes and its history."""
    kind, object_id, _person_id = _deleted(actor, comment_id)
    trash.take('core.comment', comment_id)
    _erase(actor, comment_id)
    audit.record(actor, 'core.comment.erased', f'core.comment:{comment_id}', of=f'{kind}:{object_id}')


def _erase(actor, comment_id):
    refs.erase_hanging(actor, 'core.comment', comment_id)
    Comment.delete().where(Comment.id == comment_id).execute()
    search.changed('core.comment', [comment_id])


@refs.hanging
def erase_all(actor, kind, object_id):
    """Erase all comments on an object that is erased itself, those in the trash, too."""
    for comment_id, is_deleted in rows('SELECT id, deleted_at FROM comment WHERE kind = ? AND object_id = ? ORDER BY id DESC', kind, object_id):
        if is_deleted is not None:
            trash.take('core.comment', comment_id)
        _erase(actor, comment_id)


def _words(ids):
    found = rows(f'SELECT id, text FROM comment WHERE id IN ({", ".join("?" * len(ids))})', *ids)
    names = names_of({person for _id, text in found for person in markup.mentioned(text)})
    return {comment_id: markup.plain(text, names, EXCERPT) for comment_id, text in found}


refs.own('core.comment', access_comment, url='/comments/{id}', verbs={'like': 'view', 'history': 'view'},
         title=_.lazy('Comment'), describe=lambda comment_id: _words([comment_id]).get(comment_id, ''))
trash.kind('core.comment', restore=restore_comment, erase=erase_comment, title=_.lazy('Comment'), words=_words)
history.fields('core.comment', {'text': history.Field(_.lazy('Text'), lambda text: markup.plain(text, names_of(markup.mentioned(text))))})
