"""What happens to an asking to read what is a person's alone. Each docstring is the reference of its event."""

from dataclasses import dataclass

from appliance.core.events import Event

_INSIDE = 'between the person and two administrators'


@dataclass(frozen=True)
class InsightAsked(Event):
    """An administrator asked to read what is a person's alone; another must decide."""

    INSIDE = _INSIDE
    insight_id: int
    person_id: int
    actor_id: int | None


@dataclass(frozen=True)
class InsightGranted(Event):
    """A second administrator let him read, for some hours."""

    INSIDE = _INSIDE
    insight_id: int
    person_id: int
    actor_id: int | None


@dataclass(frozen=True)
class InsightRefused(Event):
    """A second administrator said no."""

    INSIDE = _INSIDE
    insight_id: int
    person_id: int
    actor_id: int | None


@dataclass(frozen=True)
class InsightEnded(Event):
    """It was ended before its time."""

    INSIDE = _INSIDE
    insight_id: int
    person_id: int
    actor_id: int | None
