"""Since when a directory cannot be followed, kept while it lasts, and told once: after a quarter of an hour, and when it is back.

Nobody is cut off while it lasts, and nobody who left is: that is why somebody has to know. It knows no LDAP.
"""

from dataclasses import dataclass
from datetime import timedelta

from appliance.core import clock
from appliance.core.db import rows, write
from appliance.core.events import Event, publish
from appliance.core.i18n import texts
from appliance.identity.directory.errors import REASONS, STEPS
from appliance.identity.models import DirectoryGap

_ = texts(__name__)
TOLD_AFTER = timedelta(minutes=15)
UNEXPECTED = 'unexpected'
WORDS = {**REASONS, **STEPS, UNEXPECTED: _.lazy('Something unexpected happened; the log says what.')}


@dataclass(frozen=True)
class DirectoryLost(Event):
    """A directory cannot be followed for a quarter of an hour. `reason` is a key of the directory's errors, `since` a moment in microseconds."""

    INSIDE = 'administrators of directories are told, nobody else'
    directory_id: int
    reason: str
    since: int
    actor_id: int | None


@dataclass(frozen=True)
class DirectoryFound(Event):
    """A directory of which that was said is followed again; `since` is when it had been lost."""

    INSIDE = 'administrators of directories are told, nobody else'
    directory_id: int
    since: int
    actor_id: int | None


def note(directory_id, reason):
    """A look failed; `reason` is a key of WORDS. Writes at the first one, and once when it has lasted."""
    gap, now = DirectoryGap.get_or_none(DirectoryGap.directory == directory_id), clock.now()
    # A clock that was set back makes a gap of the future: it begins anew.
    if gap is None or gap.since_at > now:
        with write('identity.directory.gap.open'):
            DirectoryGap.delete().where(DirectoryGap.directory == directory_id).execute()
            DirectoryGap.create(directory=directory_id, since_at=now, reason=reason)
    elif gap.told_at is None and gap.since_at <= now - TOLD_AFTER:
        with write('identity.directory.gap.tell'):
            if DirectoryGap.update(told_at=now, reason=reason).where((DirectoryGap.directory == directory_id) & DirectoryGap.told_at.is_null()).execute():
                publish(DirectoryLost(directory_id, reason, clock.microseconds(gap.since_at), None))


def end(directory_id):
    """A look went well: nothing is written where the one before did, too."""
    gap = DirectoryGap.get_or_none(DirectoryGap.directory == directory_id)
    if gap is None:
        return
    with write('identity.directory.gap.end'):
        if DirectoryGap.delete().where(DirectoryGap.directory == directory_id).execute() and gap.told_at:
            publish(DirectoryFound(directory_id, clock.microseconds(gap.since_at), None))


def forget_unfollowed():
    """Whoever switched the following off knows."""
    if rows("SELECT 1 FROM directory_gap g JOIN directory d ON d.id = g.directory_id WHERE d.is_active = 0 OR d.sync = 'off' LIMIT 1"):
        with write('identity.directory.gap.forget'):
            rows("DELETE FROM directory_gap WHERE directory_id IN (SELECT id FROM directory WHERE is_active = 0 OR sync = 'off') RETURNING directory_id")


def open_gaps():
    """[(directory id, its name, since when, why), ...] of what should be followed and cannot be, in the current language, the longest first."""
    found = rows("""SELECT d.id, d.name, g.since_at, g.reason FROM directory_gap g JOIN directory d ON d.id = g.directory_id
        WHERE d.is_active = 1 AND d.sync <> 'off' ORDER BY g.since_at""")
    return [(directory_id, name, clock.from_microseconds(since), str(WORDS.get(reason, WORDS[UNEXPECTED]))) for directory_id, name, since, reason in found]
