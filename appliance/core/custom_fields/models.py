"""The tables of fields, their choices and their values; and a field as it is read (`Definition`), kept in memory until one changes."""

from dataclasses import dataclass

from peewee import CompositeKey

from appliance.core import revisions
from appliance.core.db import Base, rows
from appliance.core.fields import Day, Flag, Id, Integer, Link, Quantity, Text
from appliance.core.i18n import texts
from appliance.core.limits import FIELD_CODE_LENGTH, FIELD_TITLE_LENGTH
from appliance.core.personal.declarations import Kept, Nothing, Personal, of_profile

_ = texts(__name__)
OWNER, MANAGER = 'owner', 'manager'     # who fills a field in
ALL = 'all'                             # who sees it: all who see the object, or its OWNER (and who manages the kind)
SCALE = 4                               # decimal places


class CustomField(Base):
    """A field. `edited_by` and `seen_by` say whose it is; one that is off keeps its values, and is nowhere."""

    id = Id()
    kind = Text()
    code = Text(limit=FIELD_CODE_LENGTH)
    title = Text(limit=FIELD_TITLE_LENGTH)
    type = Text()
    is_required = Flag(default=False)
    edited_by = Text(default=OWNER)
    seen_by = Text(default=ALL)
    position = Integer()
    is_on = Flag(default=True)

    class Meta:
        personal = Nothing(_.lazy('Which fields the company has of its own.'))
        table_name = 'custom_field'
        indexes = ((('kind', 'code'), True),)


class CustomChoice(Base):
    """One of the values that a field of a list takes."""

    id = Id()
    field = Link(CustomField)
    title = Text(limit=FIELD_TITLE_LENGTH)
    position = Integer()

    class Meta:
        personal = Nothing(_.lazy('What may be chosen in a field of the company’s own.'))
        table_name = 'custom_choice'


class CustomValue(Base):
    """What a field says of an object, in the column of its type."""

    kind = Text()
    object_id = Integer()
    field = Link(CustomField)
    text = Text(null=True)
    number = Integer(null=True)
    quantity = Quantity(SCALE, null=True)
    day = Day(null=True)
    flag = Flag(null=True)
    choice = Link(CustomChoice, null=True)

    class Meta:
        personal = Personal(_.lazy('What the company’s own fields say of a person'), person=of_profile, words=('text',),
                            kept=Kept(_.lazy('as long as the field and what it says something of')))
        table_name = 'custom_value'
        primary_key = CompositeKey('kind', 'object_id', 'field')


@dataclass(frozen=True)
class Definition:
    """A field; `choices` are (id, title) in their order."""

    id: int
    kind: str
    code: str
    title: str
    type: str
    is_required: bool
    edited_by: str
    seen_by: str
    position: int
    is_on: bool
    choices: tuple = ()

    @property
    def note(self):
        """The name under which the history keeps it: a code may be given again, a number never."""
        return f'field:{self.id}'


def definitions(kind):
    """The fields of a kind that are on, in their order."""
    return [one for one in all_definitions() if one.kind == kind and one.is_on]


def all_definitions():
    """All fields of all kinds, each kind's in its order. Read once a change."""
    return revisions.kept('custom_field', _read)


def _read():
    found = {}
    for *values, choice_id, title in rows('''
            SELECT f.id, f.kind, f.code, f.title, f.type, f.is_required, f.edited_by, f.seen_by, f.position, f.is_on, c.id, c.title
            FROM custom_field f LEFT JOIN custom_choice c ON c.field_id = f.id ORDER BY f.kind, f.position, f.id, c.position, c.id'''):
        found.setdefault(tuple(values), []).append((choice_id, title))
    return tuple(Definition(*values[:5], bool(values[5]), *values[6:9], bool(values[9]), tuple(one for one in choices if one[0] is not None))
                 for values, choices in found.items())


def bump():
    """Say that fields were changed: inside the action that changes them."""
    revisions.bump('custom_field')
