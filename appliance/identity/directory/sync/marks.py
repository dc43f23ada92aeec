"""What is kept between looks, beyond the life of a process: from where to go on, and when known people's entries expire.

A mark is worth no more than what was planned before it was written, so it is written after the plan.
"""

import dataclasses
import hashlib
from datetime import timedelta

from peewee import fn

from appliance.core import clock
from appliance.core.db import rows, write
from appliance.core.departments import all_departments
from appliance.core.revisions import Revision
from appliance.identity.directory.sync import models, planning
from appliance.identity.directory.sync.models import SyncMark
from appliance.identity.models import DirectoryPerson

KEPT_EVERY = timedelta(minutes=10)      # where only the server moved on: an older mark asks for some entries once more, and no harm
WRITTEN_AT_ONCE = 500
# Of a directory's row what says nothing of who is who: failures, and the secret, which a hash in the open would give away.
BESIDE = {'failed_at', 'failure', 'failures', 'bind_password'}


def sign(directory, creates, rules):
    """A text that stands for all that decides who is who here: the directory's row, whether people are made, the departments,
    what groups give (`rules`)."""
    return _sign(directory, creates, rules, max(all_departments(), default=0))


def is_of(text, directory, creates, rules):
    """Whether a `sign` still stands for the same. A department that was added since means nothing: nobody can be settled in it."""
    return text == _sign(directory, creates, rules, int(text.partition(' ')[0]))


def _sign(directory, creates, rules, newest):
    decides = [getattr(directory, field.name) for field in dataclasses.fields(directory) if field.name not in BESIDE]
    departments = sorted((department_id, row[0]) for department_id, row in all_departments().items() if department_id <= newest)
    gives = [(rule.uuid, rule.kind, rule.what) for rule in rules]
    return f'{newest} {hashlib.sha256(repr((decides, creates, departments, gives)).encode()).hexdigest()}'


def of(directory_id):
    """The SyncMark of a directory, with `people`, the revision of all people; or None."""
    people = Revision.select(Revision.number).where(Revision.name == 'person')
    return SyncMark.select(SyncMark, fn.COALESCE(people, 0).alias('people')).where(SyncMark.directory == directory_id).first()


def keep(directory_id, **values):
    """Write a mark down: sign, server, high, full_at, checked_at. It may be any process's: each has planned what it saw before."""
    with write('identity.directory.sync.mark'):
        if not SyncMark.update(kept_at=clock.now(), **values).where(SyncMark.directory == directory_id).execute():
            SyncMark.insert(directory=directory_id, kept_at=clock.now(), **values).on_conflict_ignore().execute()


def drop(directory_id):
    """Have everybody read at the next look; writes nothing where there is no mark."""
    if of(directory_id):
        with write('identity.directory.sync.mark'):
            SyncMark.delete().where(SyncMark.directory == directory_id).execute()


def left_open(directory_id, since):
    """The uuids about whom runs since a moment found something that was not done, or whom they made: they are looked at once more."""
    found = rows('''SELECT DISTINCT s.uuid FROM sync_step s JOIN sync_run r ON r.id = s.run_id
        WHERE r.directory_id = ? AND r.started_at >= ? AND (s.state <> ? OR s.kind = ?)''',
                 directory_id, clock.microseconds(since), models.APPLIED, planning.CREATE)
    return {one for one, in found}


def ends(directory_id):
    """{uuid: the moment from which his entry has expired} of the people tied to a directory."""
    found = rows('SELECT uuid, expires_at FROM directory_person WHERE directory_id = ? AND expires_at IS NOT NULL', directory_id)
    return {known_by: clock.from_microseconds(moment) for known_by, moment in found}


def keep_ends(directory_id, read):
    """Write down {uuid: moment or None} as it was read, where it differs."""
    kept = ends(directory_id) if read else {}
    changed = [(known_by, moment) for known_by, moment in read.items() if kept.get(known_by) != moment]
    for at in range(0, len(changed), WRITTEN_AT_ONCE):
        with write('identity.directory.sync.ends'):
            for known_by, moment in changed[at:at + WRITTEN_AT_ONCE]:
                (DirectoryPerson.update(expires_at=moment)
                 .where((DirectoryPerson.directory == directory_id) & (DirectoryPerson.uuid == known_by)).execute())


def is_out_of_date(mark):
    """Whether it is time to write a mark down, though nothing was found."""
    return not clock.now() - KEPT_EVERY < mark.kept_at <= clock.now()
