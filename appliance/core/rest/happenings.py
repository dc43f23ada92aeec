"""What the portal tells others of: the events of REST, each of which is an event of the portal under the name that clients know.

    @rest.happening('ONUSERADD', 'core.person.added', scope='user')
    def person_added(actor, event):         # in a tool's rest.py
        '''There is a new person.'''
        return {...}                        # what goes out, asked of access_x for the subscription's person; NotFound: nothing does
"""

import inspect
from dataclasses import dataclass

from appliance.core.rest import methods

_happenings = {}


@dataclass(frozen=True)
class Happening:
    """`name` is the reference product's or like it, `event` the portal's; `data(actor, Happened)` is what goes out."""

    name: str
    event: str
    scope: str
    data: object

    @property
    def summary(self):
        """When it comes, in one sentence."""
        return inspect.getdoc(self.data).partition('\n')[0]


def happening(name, event, *, scope=methods.BASIC):
    """Declare one; the docstring is its reference."""
    def register(function):
        if name in _happenings and _happenings[name].data.__module__ != function.__module__:
            raise ValueError(f'two events are called {name}')
        if not (function.__doc__ or '').strip():
            raise ValueError(f'the event {name} does not say when it comes')
        _happenings[name] = Happening(name, event, scope, function)
        return function
    return register


def declared():
    """{name: Happening} of the core and of the tools that are on, by name."""
    methods.load()
    return {name: one for name, one in sorted(_happenings.items()) if methods.is_on(one.data)}
