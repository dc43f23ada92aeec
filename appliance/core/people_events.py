"""What happens to people and departments: the events of the core. Each docstring is the reference of its event."""

from dataclasses import dataclass

from appliance.core.events import Event


@dataclass(frozen=True)
class PersonAdded(Event):
    """There is a new person. `person_kind` is employee, guest or service."""

    person_id: int
    person_kind: str
    actor_id: int | None


@dataclass(frozen=True)
class PersonUpdated(Event):
    """Fields of a person were changed; `changed` names them. The values are read from the person."""

    person_id: int
    changed: list
    actor_id: int | None


@dataclass(frozen=True)
class PersonBlocked(Event):
    """A source (`portal`, `directory:1`) keeps a person out; his sessions have ended."""

    INSIDE = 'user.get says ACTIVE; clients know no name for it'
    person_id: int
    source: str
    actor_id: int | None


@dataclass(frozen=True)
class PersonUnblocked(Event):
    """A source has taken back its block; others' may remain."""

    INSIDE = 'user.get says ACTIVE; clients know no name for it'
    person_id: int
    source: str
    actor_id: int | None


@dataclass(frozen=True)
class PersonPromoted(Event):
    """A person was given a role beyond that of his kind."""

    INSIDE = 'rights are the portal’s own affair'
    person_id: int
    role: str
    actor_id: int | None


@dataclass(frozen=True)
class PersonDemoted(Event):
    """A role was taken from a person; his sessions have ended."""

    INSIDE = 'rights are the portal’s own affair'
    person_id: int
    role: str
    actor_id: int | None


@dataclass(frozen=True)
class PersonExported(Event):
    """All that the portal keeps of a person was written into a file: by himself, or by who answers for personal data."""

    INSIDE = 'between the person and who answers for personal data'
    person_id: int
    actor_id: int | None


@dataclass(frozen=True)
class PersonForgotten(Event):
    """A person was forgotten: his row is a stand-in now. Whoever keeps copies of his name outside the portal should let them go."""

    INSIDE = 'it would name whom nobody shall name'
    person_id: int
    actor_id: int | None


@dataclass(frozen=True)
class DepartmentChanged(Event):
    """A department was added, renamed, moved or given another head."""

    department_id: int
    actor_id: int | None
