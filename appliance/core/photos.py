"""A person's photo: two squares made anew from what was sent, shown wherever his face stands. Whose right it is to change one, the
tool people says; `person.photo` is the version that addresses carry, None where initials stand instead.
"""

import re

from appliance.core import audit, clock, history, revisions, storage
from appliance.core.db import Base, row
from appliance.core.errors import NotFound
from appliance.core.events import publish
from appliance.core.fields import Integer, Link, Moment
from appliance.core.i18n import texts
from appliance.core.people import Person
from appliance.core.people_events import PersonUpdated
from appliance.core.personal.declarations import WITH_PERSON, Personal
from appliance.core.pictures import reading
from appliance.core.storage import Blob

_ = texts(__name__)
USE = 'core.photo'
LARGE, SMALL = 512, 96      # pixels a side
_VERSION_DIGITS = 16
_VERSION = re.compile('[0-9a-f]{16}')
_COLUMNS = {LARGE: 'large_id', SMALL: 'small_id'}


class PersonPhoto(Base):
    """The squares of a person's photo."""

    person = Link(Person, primary_key=True)
    large = Link(Blob)
    small = Link(Blob)
    by = Integer(null=True)
    at = Moment(default=clock.now)

    class Meta:
        personal = Personal(_.lazy('The person’s photo'), person='person', kept=WITH_PERSON)
        table_name = 'person_photo'


def make(file):
    """(large, small): the hashes of the squares of a picture, kept and used by nobody yet. Outside a transaction.

    `file` has a descriptor. Invalid with the field `photo` for what is no picture that can be opened.
    """
    return tuple(storage.keep_bytes(one).hash for one in reading.squares(file, [LARGE, SMALL], field='photo'))


def keep(actor, person_id, large, small):
    """Give a person this photo, instead of the one he may have; returns its version. Inside an action that has asked for the right."""
    version = large[:_VERSION_DIGITS]
    values = {'large': large, 'small': small, 'by': actor.person_id, 'at': clock.now()}
    for blob in (large, small):
        storage.use(blob, USE, person_id)
    storage.release(USE, person_id, keep=(large, small))
    PersonPhoto.insert(person=person_id, **values).on_conflict(conflict_target=(PersonPhoto.person,), update=values).execute()
    _note(actor, person_id, version, 'core.photo.changed')
    return version


def drop(actor, person_id):
    """Take a person's photo away; whether he had one. Inside an action that has asked for the right."""
    if not PersonPhoto.delete().where(PersonPhoto.person == person_id).execute():
        return False
    storage.release(USE, person_id)
    _note(actor, person_id, None, 'core.photo.removed')
    return True


def _note(actor, person_id, version, what):
    held = row('SELECT photo FROM person WHERE id = ?', person_id)
    if held is None:
        raise NotFound()
    Person.update(photo=version).where(Person.id == person_id).execute()
    revisions.bump('person')
    history.note(actor, 'core.person', person_id, {'photo': (held[0], version)})
    audit.record(actor, what, f'core.person:{person_id}')
    publish(PersonUpdated(person_id, ['photo'], actor.person_id))


def blob_of(person_id, version, size):
    """The hash of a person's photo of that version in a size; NotFound when he has another by now, or none."""
    if size not in _COLUMNS or not _VERSION.fullmatch(version):
        raise NotFound()
    found = row(f'SELECT f.{_COLUMNS[size]} FROM person_photo f JOIN person p ON p.id = f.person_id WHERE p.id = ? AND p.photo = ?',
                person_id, version)
    if found is None:
        raise NotFound()
    return found[0]
