"""What happens to fields. Each docstring is the reference of its event. What an object says is told by its own events."""

from dataclasses import dataclass

from appliance.core.events import Event

_INSIDE = 'the reference has no event for fields of people'


@dataclass(frozen=True)
class CustomFieldAdded(Event):
    """Objects of a kind (`owner_kind`) have a field more."""

    INSIDE = _INSIDE
    custom_field_id: int
    owner_kind: str
    actor_id: int | None


@dataclass(frozen=True)
class CustomFieldChanged(Event):
    """A field is called otherwise, stands elsewhere, is filled in or seen by others, or was switched on or off; `changed` names what."""

    INSIDE = _INSIDE
    custom_field_id: int
    owner_kind: str
    changed: list
    actor_id: int | None


@dataclass(frozen=True)
class CustomFieldDeleted(Event):
    """A field was deleted with all that objects said in it."""

    INSIDE = _INSIDE
    custom_field_id: int
    owner_kind: str
    actor_id: int | None


@dataclass(frozen=True)
class CustomFieldReseen(Event):
    """Words of a field are found by others now, or no more: objects from `after` on are still to follow in the search."""

    INSIDE = 'only the search follows it'
    custom_field_id: int
    owner_kind: str
    after: int
    actor_id: int | None
