"""Comments and likes over REST, on objects of every kind: the same rules as the pages call."""

from appliance.core import comments, likes, mentions
from appliance.core.i18n import texts
from appliance.core.limits import COMMENT_LENGTH
from appliance.core.refs import Ref
from appliance.core.rest.kinds import Number, Text
from appliance.core.rest.methods import method, scope

_ = texts(__name__)
scope('comments', _.lazy('Comments and likes'))
OWNER = Text('What it is about: kind and id, as worktime.day:7, or core.comment:7 for the likes of a comment.')
TEXT = Text('What is said: @Name mentions somebody; **bold**, *italic*, `code`, > quote, - list.', most=2 * COMMENT_LENGTH)
ID = Number('The id of the comment.', least=1)


@method('comment.list', scope='comments')
def list_comments(call, owner: OWNER, before: Number('Only those before this one: BEFORE of the answer before.') = None):
    """The comments on an object, thirty at a time, the newest page first, each page the oldest first.

    ITEMS: ID, AUTHOR_ID, AUTHOR_NAME, TEXT (as it was typed), DATE_CREATE, DATE_UPDATE (or null), QUOTE_ID (or null), LIKES, IS_LIKED.
    BEFORE leads to the page before, null where there is none.
    """
    ref = Ref.read(owner)
    found = comments.comments_of(call.actor, ref.kind, ref.id, before)
    return {'ITEMS': [{'ID': one['id'], 'AUTHOR_ID': one['person']['id'], 'AUTHOR_NAME': one['person']['name'],
                       'TEXT': mentions.with_at(one['text'], found['names']), 'DATE_CREATE': one['at'].isoformat(),
                       'DATE_UPDATE': one['edited_at'] and one['edited_at'].isoformat(), 'QUOTE_ID': one['quote'] and one['quote']['id'],
                       'LIKES': one['likes'], 'IS_LIKED': one['is_liked']} for one in found['comments']],
            'BEFORE': found['before']}


@method('comment.add', scope='comments', is_write=True)
def add_comment(call, owner: OWNER, text: TEXT, quote_id: Number('The comment that this one answers.') = None):
    """Comments on an object, as the token's person.

    ID of the comment; UNTOLD are the names of those mentioned who may not see the object, UNCLEAR names that several people have.
    """
    ref = Ref.read(owner)
    return _answer(comments.add_comment(call.actor, ref.kind, ref.id, text, quote_id))


@method('comment.update', scope='comments', is_write=True)
def update_comment(call, id: ID, text: TEXT):
    """Changes one of the person's own comments. Answers as comment.add."""
    return _answer(comments.edit_comment(call.actor, id, text))


@method('comment.delete', scope='comments', is_write=True)
def delete_comment(call, id: ID):
    """Puts a comment into the trash of who deletes it. Answers true."""
    comments.delete_comment(call.actor, id)
    return True


def _answer(found):
    return {'ID': found['id'], 'UNTOLD': found['untold'], 'UNCLEAR': found['unclear']}


@method('like.list', scope='comments')
def list_likes(call, owner: OWNER, older: Number('Only those older than this place: OLDER of the answer before.') = None):
    """Who likes an object, fifty at a time, the newest first: ITEMS with ID and NAME; OLDER leads on, null at the end."""
    ref = Ref.read(owner)
    found = likes.who_likes(call.actor, ref.kind, ref.id, older)
    return {'ITEMS': [{'ID': one['id'], 'NAME': one['name']} for one in found['people']], 'OLDER': found['older']}


@method('like.add', scope='comments', is_write=True)
def add_like(call, owner: OWNER):
    """Likes an object, as the token's person; twice is once. Answers COUNT and IS_LIKED."""
    return _like(call, owner, True)


@method('like.delete', scope='comments', is_write=True)
def delete_like(call, owner: OWNER):
    """Likes an object no more. Answers COUNT and IS_LIKED."""
    return _like(call, owner, False)


def _like(call, owner, is_liked):
    ref = Ref.read(owner)
    found = likes.like(call.actor, ref.kind, ref.id, is_liked)
    return {'COUNT': found['count'], 'IS_LIKED': found['is_liked']}
