"""What happens to working days. Each docstring is the reference of its event."""

from dataclasses import dataclass

from appliance.core.events import Event


@dataclass(frozen=True)
class DayStarted(Event):
    """A person began a working day, or went on with one that was closed on the same date."""

    day_id: int
    actor_id: int | None


@dataclass(frozen=True)
class DayPaused(Event):
    """A pause began."""

    day_id: int
    actor_id: int | None


@dataclass(frozen=True)
class DayContinued(Event):
    """A pause ended."""

    day_id: int
    actor_id: int | None


@dataclass(frozen=True)
class DayClosed(Event):
    """A person finished a working day."""

    day_id: int
    actor_id: int | None


@dataclass(frozen=True)
class DayExpired(Event):
    """A day was left open for too long; its person must enter when it ended."""

    day_id: int
    actor_id: int | None


@dataclass(frozen=True)
class DayCorrected(Event):
    """The end of a day was entered afterwards. `correction_id` holds old end, new end and the reason."""

    day_id: int
    correction_id: int
    actor_id: int | None
