"""Who may say that a person and an entry are one: whoever may log in by the entry gets all that the person may."""

from appliance.core.db import rows
from appliance.core.errors import NotAllowed, NotFound
from appliance.core.permissions import require_grantable

# The condition of ticks of one's own; its values: ticker(). The console is nobody, and has its own.
TICKED_BY = 'ticked_at IS NOT NULL AND coalesce(ticked_by, 0) = ?'
ASKED_AT_ONCE = 500


def ticker(actor):
    """The values for TICKED_BY."""
    return (actor.person_id or 0,)


def roles_of(person_ids):
    """{person id: [role, ...]} of those who were given any."""
    found, person_ids = {}, sorted(set(person_ids))
    for at in range(0, len(person_ids), ASKED_AT_ONCE):
        some = person_ids[at:at + ASKED_AT_ONCE]
        for person_id, role in rows(f'SELECT person_id, role FROM person_role WHERE person_id IN ({", ".join("?" * len(some))}) ORDER BY role', *some):
            found.setdefault(person_id, []).append(role)
    return found


def may_answer_for(actor, roles):
    """Whether an actor has every right of somebody with these roles."""
    try:
        for role in roles:
            require_grantable(actor, role)
    except (NotAllowed, NotFound):
        return False
    return True
