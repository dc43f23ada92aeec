"""How comments are found: by their words, by whom may see what they are about. They follow whenever that one's audience changes."""

from dataclasses import dataclass

from appliance.core import access, markup, search
from appliance.core.db import row, rows
from appliance.core.events import Event, publish
from appliance.core.i18n import texts
from appliance.core.people import names_of
from appliance.core.search import Document

_ = texts(__name__)
AT_ONCE = 200       # comments that follow in the same transaction; a longer talk follows bit by bit, and is confirmed until then
LINE = 120


@dataclass(frozen=True)
class CommentReseen(Event):
    """Who sees an object has changed: its comments from this one back are still to follow in the search."""

    INSIDE = 'the search catches up with rights; nothing happened'
    comment_id: int
    owner_kind: str
    owner_id: int
    actor_id: int | None


def _documents(ids):
    found = rows(f'''SELECT c.id, c.text, p.name FROM comment c JOIN person p ON p.id = c.person_id
                     WHERE c.id IN ({', '.join('?' * len(ids))}) AND c.deleted_at IS NULL''', *ids)
    names = names_of({person for _id, text, _name in found for person in markup.mentioned(text)})
    plain = {comment_id: markup.plain(text, names) for comment_id, text, _name in found}
    return {comment_id: Document(name, plain[comment_id], markup.plain(text, names, LINE)) for comment_id, text, name in found}


def _through(ids):
    return {comment_id: (kind, object_id) for comment_id, kind, object_id in
            rows(f'SELECT id, kind, object_id FROM comment WHERE id IN ({", ".join("?" * len(ids))}) AND deleted_at IS NULL', *ids)}


search.documents('core.comment', _documents, url='/comments/{id}', icon='message', title=_.lazy('Comments'), through=_through, version=2,
                 source=('comment', 'id'), is_titled=False)


@access.follow_all
def _follow(kind, ids):
    """Objects whose access rows were written: where another audience sees their comments now, these follow."""
    for object_id, newest in rows(f'''SELECT object_id, max(id) FROM comment WHERE kind = ? AND object_id IN ({', '.join('?' * len(ids))})
                                      AND deleted_at IS NULL GROUP BY object_id''', kind, *ids):
        held = row("SELECT audience FROM search_document WHERE kind = 'core.comment' AND object_id = ?", newest)
        if (held[0] if held else '') != search.audience_of(kind, object_id):
            follow_from(kind, object_id, newest)


def follow_from(kind, object_id, newest):
    """Let the comments of an object up to one follow, the newest first: some of them now, and what remains by an event."""
    found = [one for one, in rows('''SELECT id FROM comment WHERE kind = ? AND object_id = ? AND id <= ? AND deleted_at IS NULL
                                     ORDER BY id DESC LIMIT ?''', kind, object_id, newest, AT_ONCE + 1)]
    search.changed('core.comment', found[:AT_ONCE])
    if len(found) > AT_ONCE:
        publish(CommentReseen(found[AT_ONCE], kind, object_id, None))
