"""Tags on objects of every kind: a word or a few by which things are found together. Who has the owner's verb `tag` gives and takes them.

Tags are the same without case and accents, and are written as whoever used one first wrote it. Nobody learns of a tag from an object
that he does not see: suggestions and lists ask the owner's access rows.
"""

from dataclasses import dataclass

from peewee import SQL

from appliance.core import access, audit, clock, history, refs
from appliance.core.actions import action
from appliance.core.db import Base, row, rows
from appliance.core.errors import Conflict, Invalid, NotFound
from appliance.core.events import BY_OWNER, Event, publish
from appliance.core.fields import Id, Integer, Link, Moment, Text
from appliance.core.folding import fold
from appliance.core.i18n import texts
from appliance.core.limits import GREATEST_ID, PAGE_ROWS, TAG_LENGTH, TAGS_AN_OBJECT
from appliance.core.people import Person
from appliance.core.person_fields import one_space
from appliance.core.personal.declarations import WITH_OBJECT, Keep, Personal, of_profile_and_by

_ = texts(__name__)
LOOKED_AT = 2000        # the newest tags of a kind among which what is used most is sought
SUGGESTED = 20
PARTS = str.maketrans(';\n', ',,')


class Tagging(Base):
    """An object bears a tag: `text` as it is shown, `folded` as it is compared."""

    id = Id()
    kind = Text()
    object_id = Integer()
    text = Text(limit=TAG_LENGTH)
    folded = Text()
    person = Link(Person, null=True)
    at = Moment()

    class Meta:
        personal = Personal(_.lazy('Tags of a person, and those that he gave to something'), person=of_profile_and_by('person'), kept=WITH_OBJECT, words=('text',),
                            folded={'folded': 'text'}, hidden=('folded',), forget=Keep(_.lazy('The tags of his profile go; those of other things are about these.')))
        indexes = ((('kind', 'object_id', 'folded'), True), (('folded', 'id'), False))


# What is used lately of a kind.
Tagging.add_index(SQL('CREATE INDEX tagging_newest ON tagging (kind, id)'))


@dataclass(frozen=True)
class TaggingAdded(Event):
    """An object bears a tag: `owner_kind` and `owner_id` name it."""

    INSIDE = BY_OWNER
    tagging_id: int
    owner_kind: str
    owner_id: int
    actor_id: int | None


@dataclass(frozen=True)
class TaggingRemoved(Event):
    """An object does not bear a tag any more."""

    INSIDE = BY_OWNER
    tagging_id: int
    owner_kind: str
    owner_id: int
    actor_id: int | None


def read(text):
    """The tags that somebody typed, parted by commas, each once: [(text, folded)]. Invalid for what is none, or too long."""
    found = {}
    if not isinstance(text, str) or len(text) > (TAG_LENGTH + 2) * TAGS_AN_OBJECT:
        raise Invalid(_('Tags are words with commas between them.'), field='text')
    for part in text.translate(PARTS).split(','):
        word = one_space(part, 'text').lstrip('# ')
        if len(word) > TAG_LENGTH:
            raise Invalid(_('A tag has at most %(most)s characters.', most=TAG_LENGTH), field='text')
        if word and fold(word):
            found.setdefault(fold(word), word)
    if not found:
        raise Invalid(_('Write a tag first.'), field='text')
    return [(word, folded) for folded, word in found.items()]


def _may_tag(actor, kind, object_id, *args, **kwargs):
    refs.require(actor, kind, object_id, 'tag')


@action(rights=_may_tag)
def add_tags(actor, kind, object_id, text):
    """Give an object tags, parted by commas; returns those that it did not bear before, as they are written. Conflict for too many."""
    held = {folded for folded, in rows('SELECT folded FROM tagging WHERE kind = ? AND object_id = ?', kind, object_id)}
    wanted = [(word, folded) for word, folded in read(text) if folded not in held]
    if len(held) + len(wanted) > TAGS_AN_OBJECT:
        raise Conflict(_('At most %(most)s tags; take one away first.', most=TAGS_AN_OBJECT), field='text')
    added = [spelt for word, folded in wanted if (spelt := _add(actor, kind, object_id, word, folded))]
    if added:
        access.changed(kind, [object_id])
    return added


def _add(actor, kind, object_id, word, folded):
    first = row('SELECT text FROM tagging WHERE folded = ? ORDER BY id LIMIT 1', folded)
    word = first[0] if first else word
    values = {'kind': kind, 'object_id': object_id, 'text': word, 'folded': folded, 'person': actor.person_id, 'at': clock.now()}
    # On PostgreSQL a twin of this request may insert it at the same moment.
    if not Tagging.insert(**values).on_conflict_ignore().as_rowcount().execute():
        return ''
    tagging_id = row('SELECT id FROM tagging WHERE kind = ? AND object_id = ? AND folded = ?', kind, object_id, folded)[0]
    history.note(actor, kind, object_id, {'tags': (None, word)})
    audit.record(actor, 'core.tagging.added', f'core.tagging:{tagging_id}', to=f'{kind}:{object_id}')
    publish(TaggingAdded(tagging_id, kind, object_id, actor.person_id))
    return word


@action(rights=_may_tag)
def remove_tag(actor, kind, object_id, tagging_id):
    """Take a tag off an object; NotFound for one that it does not bear."""
    found = row('SELECT text FROM tagging WHERE id = ? AND kind = ? AND object_id = ?', tagging_id, kind, object_id)
    if not found:
        raise NotFound()
    Tagging.delete().where(Tagging.id == tagging_id).execute()
    access.changed(kind, [object_id])
    history.note(actor, kind, object_id, {'tags': (found[0], None)})
    audit.record(actor, 'core.tagging.removed', f'core.tagging:{tagging_id}', of=f'{kind}:{object_id}')
    publish(TaggingRemoved(tagging_id, kind, object_id, actor.person_id))


def listed(kind, object_id):
    """[{id, text}] of an object, by the alphabet. Asks nobody: for the owner's page, which knows that its actor sees the object."""
    return [{'id': tagging_id, 'text': text} for tagging_id, text in
            rows('SELECT id, text FROM tagging WHERE kind = ? AND object_id = ? ORDER BY folded', kind, object_id)]


def tags_of(actor, kind, object_id):
    """What `listed` gives, for whoever sees the object; NotFound where its kind takes no tags."""
    refs.require(actor, kind, object_id)
    if 'tag' not in refs.owner(kind).verbs:
        raise NotFound()
    return listed(kind, object_id)


def searched(kind, object_ids):
    """{object id: words} by which objects are found."""
    found = {}
    for object_id, text in rows(f'SELECT object_id, text FROM tagging WHERE kind = ? AND object_id IN ({", ".join("?" * len(object_ids))})', kind, *object_ids):
        found[object_id] = f'{found.get(object_id, "")} {text}'
    return found


def suggested(actor, kind, typed=''):
    """Tags that objects of a kind bear which the actor sees, those that begin as typed, what is used most lately first."""
    this, begins = _kind(kind), fold(typed)
    seen, values = access.condition(this, actor, 'g.object_id')
    where, bounds = ('g.folded >= ? AND g.folded < ? AND ', (begins, f'{begins}\U0010ffff')) if begins else ('', ())
    return [text for text, _count in rows(f'''
        SELECT min(text), count(*) FROM (SELECT g.text, g.folded FROM tagging g WHERE {where}g.kind = ? AND {seen} ORDER BY g.id DESC LIMIT ?) AS lately
        GROUP BY folded ORDER BY 2 DESC, 1 LIMIT ?''', *bounds, kind, *values, LOOKED_AT, SUGGESTED)]


def _kind(kind):
    """The access Kind of a kind that takes tags; NotFound for any other."""
    if kind not in kinds():
        raise NotFound()
    return access.kinds()[kind]


def kinds():
    """The names of the kinds that take tags, of the core and of the tools that are on."""
    return [name for name, one in refs.owners().items() if 'tag' in one.verbs and name in access.kinds()]


def bearing(actor, text, older_than=None, most=PAGE_ROWS):
    """{tag, found: [{kind, object_id, title, line}], older}: what bears a tag and the actor sees, the latest first; `tag` as it is written.

    Titles are those of the search; `older` is the place of the next page, or None.
    """
    folded, asked, values = fold(text), [], []
    for name in kinds():
        seen, more = access.condition(access.kinds()[name], actor, 'g.object_id')
        asked.append(f'(g.kind = ? AND {seen})')
        values += [name, *more]
    found = rows(f'''SELECT g.id, g.text, g.kind, g.object_id, d.title, d.line FROM tagging g JOIN search_document d ON d.kind = g.kind AND d.object_id = g.object_id
                     WHERE g.folded = ? AND g.id < ? AND ({' OR '.join(asked) or '1 = 0'}) ORDER BY g.id DESC LIMIT ?''',
                 folded, older_than or GREATEST_ID, *values, most + 1)
    return {'tag': found[0][1] if found else ' '.join(text.split()),
            'found': [dict(zip(('kind', 'object_id', 'title', 'line'), one[2:], strict=True)) for one in found[:most]],
            'older': found[most - 1][0] if len(found) > most else None}


@refs.hanging
def _erase(actor, kind, object_id):
    Tagging.delete().where((Tagging.kind == kind) & (Tagging.object_id == object_id)).execute()
