"""Photos from a directory. A look at everybody carries none: they are fetched apart, some at a time, of who is new or changed at once and
of everybody once a day. What an entry holds is a stranger's bytes: they are opened in the process for pictures only.

A tie keeps the hash of the picture, so that it is made anew only when it is another. Where the directory has none, a person's own stays.
"""

import hashlib
import logging
import tempfile
import time
from datetime import timedelta

import ldap

from appliance.core import clock, photos
from appliance.core.actor import SYSTEM
from appliance.core.db import lock_row, rows, write
from appliance.core.errors import Busy, Invalid, StorageFull
from appliance.core.limits import PHOTO_BYTES
from appliance.core.people import Person
from appliance.core.personal.forgotten import FORGOTTEN, is_forgotten
from appliance.identity.directory import directories, servers
from appliance.identity.directory.client import connect
from appliance.identity.directory.errors import DirectoryDown
from appliance.identity.directory.login import bind_own_account
from appliance.identity.directory.mapping import PRESETS, mapping_of, picture_of, plain, read_uuid, uuid_filter
from appliance.identity.models import DirectoryPerson, is_taken

log = logging.getLogger('appliance.directory')
AGAIN = timedelta(days=1)
AT_ONCE, A_SEARCH = 100, 10         # entries asked for their picture in one go, and in one search
FETCH_S, MAKE_S = 3, 3              # of one go, before the directories are looked at again
HELD_BYTES = 64 << 20               # of fetched pictures in memory; the others come with the next go
OPENED = (b'\xff\xd8\xff', b'\x89PNG\r\n\x1a\n')       # JPEG and PNG, by how they begin
UNREADABLE = '!'


def look_again(ties):
    """Have the entries of these ties (a condition) asked for their picture at the next go; inside an action."""
    DirectoryPerson.update(photo_at=None).where(ties).execute()


def follow(directory_id):
    """Bring the photos of some people in line with their entries; the others' turn comes with the next calls."""
    directory = directories.load(directory_id)
    due = _due(directory) if mapping_of(directory).get('photo') else {}
    if not due:
        return
    fetched = _fetch(servers.by_server(directory)[0][0], due)
    others = {known_by: picture for known_by, picture in fetched.items() if picture is not None}
    _note_seen(directory.id, fetched.keys() - others.keys())
    end = time.monotonic() + MAKE_S
    for known_by, picture in others.items():
        if time.monotonic() > end:
            return
        try:
            _bring(directory, known_by, *due[known_by], picture)
        except (Busy, StorageFull) as error:        # the next go has better luck; the directories must be followed all the same
            log.warning('directory %s: no photo is made now: %s', directory.name, error)
            return


def _due(directory):
    """{uuid: (person id, mark)} of whose entry is to be asked, who was never asked first."""
    found = rows('''SELECT t.uuid, t.person_id, t.photo FROM directory_person t WHERE t.directory_id = ? AND (t.photo_at IS NULL OR t.photo_at < ?)
        AND NOT EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = t.person_id AND b.source = ?) ORDER BY coalesce(t.photo_at, 0), t.uuid LIMIT ?''',
                 directory.id, clock.microseconds(clock.now() - AGAIN), FORGOTTEN, AT_ONCE)
    return {row[0]: row[1:] for row in found}


def _fetch(directory, due):
    """{uuid: bytes of the picture, b'' for none, None where it is as before or cannot be told}; not of all where it takes too long."""
    attributes = [PRESETS[directory.preset].uuid_attribute, *mapping_of(directory)['photo']]
    found, held, uuids = {}, 0, list(due)
    with connect(directory, time.monotonic() + FETCH_S) as connection:
        bind_own_account(connection, directory)
        for at in range(0, len(uuids), A_SEARCH):
            asked = uuids[at:at + A_SEARCH]
            try:
                entries = connection.search('(|' + ''.join(uuid_filter(directory.preset, one) for one in asked) + ')', attributes)
            except (ldap.LDAPError, DirectoryDown) as error:
                # Else one picture that never comes would keep all the others from coming.
                log.warning('directory %s: photos of %s entries cannot be fetched: %s', directory.name, len(asked), error)
                return found | dict.fromkeys(asked)
            answered = {str(read_uuid(directory.preset, plain(values))): picture_of(plain(values), attributes[1:]) for _dn, values in entries}
            found |= {known_by: _other(answered.get(known_by), due[known_by][1]) for known_by in asked}
            held += sum(len(found[known_by] or b'') for known_by in asked)
            if held > HELD_BYTES:
                break
    return found


def _other(picture, before):
    """A picture, None where it is that of before."""
    return None if picture is None or _mark(picture) == before.removeprefix(UNREADABLE) else picture


def _mark(picture):
    return hashlib.sha256(picture).hexdigest() if picture else ''


def _bring(directory, known_by, person_id, before, picture):
    """Give a person the picture of his entry, or take away what came from it. One that cannot be opened changes nothing."""
    mark, made = _mark(picture), _made(picture) if picture else None
    with write('identity.directory.photo'):
        lock_row(Person, person_id)
        if is_forgotten(person_id):
            return      # since it was fetched
        if made:
            photos.keep(SYSTEM, person_id, *made)
        elif not mark and is_taken(before):
            photos.drop(SYSTEM, person_id)
        DirectoryPerson.update(photo=mark if made or not mark else UNREADABLE + mark, photo_at=clock.now()).where(
            (DirectoryPerson.directory == directory.id) & (DirectoryPerson.uuid == known_by)).execute()
    if mark and not made:
        log.warning('directory %s: the photo of person %s cannot be opened', directory.name, person_id)


def _made(picture):
    """(large, small) as core.photos makes them, None of what is no picture."""
    if not picture.startswith(OPENED) or len(picture) > PHOTO_BYTES:
        return None
    with tempfile.TemporaryFile() as file:
        file.write(picture)
        file.flush()
        try:
            return photos.make(file)
        except Invalid:
            return None


def _note_seen(directory_id, uuids):
    if uuids:
        with write('identity.directory.photo.seen'):
            DirectoryPerson.update(photo_at=clock.now()).where((DirectoryPerson.directory == directory_id) & DirectoryPerson.uuid.in_(sorted(uuids))).execute()
