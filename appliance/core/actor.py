"""Who acts: a frozen description, built once a request, that every rule takes as its first argument."""

from dataclasses import dataclass

ADMINISTRATOR = 'administrator'
EMPLOYEE = 'employee'
GUEST = 'guest'
SERVICE = 'service'
KINDS = (EMPLOYEE, GUEST, SERVICE)


@dataclass(frozen=True)
class Actor:
    """`person_id` is None for the system; `via` names the door (`session:12`, `console:root`, `job:core.outbox`)."""

    person_id: int | None
    kind: str
    roles: frozenset = frozenset()
    subjects: frozenset = frozenset()
    language: str = 'en'
    zone: str = 'UTC'
    via: str = ''

    @property
    def is_administrator(self):
        return ADMINISTRATOR in self.roles

    @property
    def is_system(self):
        return self.kind == 'system'


SYSTEM = Actor(None, 'system', frozenset({ADMINISTRATOR}), via='system')
ANONYMOUS = Actor(None, 'anonymous', via='anonymous')
