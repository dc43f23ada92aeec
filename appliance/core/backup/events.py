"""What happens to backups. Each docstring is the reference of its event."""

from dataclasses import dataclass

from appliance.core.events import Event


@dataclass(frozen=True)
class BackupFailed(Event):
    """A backup, verification or drill (`work`) did not end well; `message` says why. Each is number 0: snapshots have no ids of ours."""

    INSIDE = 'for administrators, by notice and mail'
    backup_id: int
    work: str
    message: str
    actor_id: int | None
