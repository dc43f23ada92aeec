"""What a sync tells: the events of identity's directories."""

from dataclasses import dataclass

from appliance.core.events import Event


@dataclass(frozen=True)
class SyncRunHeld(Event):
    """The brake: people are not in a directory's answer, and nobody was cut off for it. `brake` says why: many, empty, part, lost."""

    INSIDE = 'administrators of directories are told, nobody else'
    sync_run_id: int
    directory_id: int
    brake: str
    absent: int
    known: int
    actor_id: int | None


@dataclass(frozen=True)
class SyncRunProposed(Event):
    """A look at a directory found people who may be here already; each waits for an administrator's tick."""

    INSIDE = 'administrators of directories are told, nobody else'
    sync_run_id: int
    directory_id: int
    people: int
    actor_id: int | None


@dataclass(frozen=True)
class PersonAdopted(Event):
    """A person who was here was tied to an entry of a directory, by an administrator's tick; his sessions have ended."""

    INSIDE = 'how somebody logs in is the portal’s own affair'
    person_id: int
    directory_id: int
    actor_id: int | None


@dataclass(frozen=True)
class PersonParted(Event):
    """That a person was tied to an entry was taken back; his sessions have ended."""

    INSIDE = 'how somebody logs in is the portal’s own affair'
    person_id: int
    directory_id: int
    actor_id: int | None
