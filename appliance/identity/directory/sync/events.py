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
