"""Which kinds of objects take fields of the company's own: said by who owns the kind, in the part that declares it (refs.py).

    takes('planted.note', title='Notes', manages=lambda actor: ..., changed=lambda actor, note_id, codes: ...)

The owner's verb `fill` says who fills them in, and sees those that are not for everybody; who `manages` the kind fills in also those that
are not for the object's own people. A kind that takes fields has access rows: its documents in the search follow.
"""

from dataclasses import dataclass, field

from appliance.core import registration
from appliance.core.errors import NotFound

_kinds = {}


@dataclass(frozen=True)
class Kind:
    """A kind with fields. `changed(actor, object_id, codes)` is called inside the action that changed values; `reserved` are codes that
    mean something else there.
    """

    name: str
    title: object
    manages: object
    changed: object = staticmethod(lambda actor, object_id, codes: None)
    reserved: frozenset = field(default_factory=frozenset)


def takes(name, **values):
    """Declare that objects of a kind take fields."""
    _kinds[name] = Kind(name, **values)


def kinds():
    """{name: Kind} of the core and of the tools that are on."""
    return registration.of_tools_that_are_on('refs', _kinds)


def kind(name):
    """The Kind of a name; NotFound for one that takes no fields, or whose tool is off."""
    found = kinds().get(name)
    if found is None:
        raise NotFound()
    return found
