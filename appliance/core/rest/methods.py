"""Methods: declared by a decorator, found in any letter case. A signature and a docstring are all there is to say about one.

    @rest.method('timeman.open', scope='timeman', roles=('employee',), is_write=True)
    def open_day(call, user_id: rest.Number('Whose day; yours if left out.') = None):
        '''Begins the working day, or goes on with it.'''

The first line of the docstring is the summary, the rest says what comes back. Parameters are typed by kinds (core/rest/kinds.py);
without a default one must be given. The same signature binds, documents and makes the OpenAPI file.
"""

import inspect
import re
from dataclasses import dataclass

from appliance.core import registration
from appliance.core.actor import ADMINISTRATOR, EMPLOYEE, GUEST, SERVICE
from appliance.core.rest.kinds import Kind
from appliance.core.tool import declarations, registry

EVERYBODY = (EMPLOYEE, GUEST, SERVICE, ADMINISTRATOR)
BASIC = ''      # the scope of what every token may call
_NAME = re.compile(r'[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)*')
_methods, _scopes = {}, {}


@dataclass(frozen=True)
class Method:
    """A declared method. `parameters` is {name: (Kind, default)}; inspect.Parameter.empty for one that must be given."""

    name: str
    scope: str
    roles: frozenset
    is_write: bool
    function: object
    parameters: dict

    @property
    def tool(self):
        """The tool that brings it, `core` for the portal's own."""
        return _owner(self.function)

    @property
    def summary(self):
        """What it does, in one sentence."""
        return inspect.getdoc(self.function).partition('\n')[0]

    @property
    def details(self):
        """What else is to say, above all what comes back."""
        return inspect.getdoc(self.function).partition('\n')[2].strip()

    def is_for(self, actor):
        """Whether it exists for this actor."""
        return bool(self.roles & actor.roles)


def _owner(function):
    parts = function.__module__.split('.')
    return parts[2] if parts[1] == 'tools' else parts[1]


def method(name, *, scope=BASIC, roles=EVERYBODY, is_write=False):
    """Declare a method: `function(call, ...)` returns plain data or a Page. `roles` as a page's `@allowed`: to others it is absent.

    With `is_write` the whole is one action, and the call's request key makes a repeat get the first answer.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f'a method is called like user.get, not {name!r}')

    def register(function):
        known = _methods.get(name.lower())
        if known and known.function.__module__ != function.__module__:
            raise ValueError(f'two methods are called {name}')
        if not (function.__doc__ or '').strip():
            raise ValueError(f'the method {name} does not say what it does')
        _methods[name.lower()] = Method(name, scope, frozenset(roles), is_write, function, _parameters(name, function))
        return function
    return register


def _parameters(name, function):
    _call, *given = inspect.signature(function).parameters.values()
    for one in given:
        if not isinstance(one.annotation, Kind):
            raise ValueError(f'the parameter {one.name} of {name} has no kind')
    return {one.name.upper(): (one.annotation, one.default) for one in given}


def scope(name, title):
    """Declare a scope: what a token is given, and what the page calls it."""
    _scopes[name] = title


def load():
    """Import the methods of the core and of the tools that are on; once for each set of them."""
    registration.load('rest')


def declared():
    """{lower-case name: Method} of the core and of the tools that are on, by name."""
    load()
    return {name: one for name, one in sorted(_methods.items()) if is_on(one.function)}


def is_on(function):
    """Whether the tool that a declared function belongs to is on; the core always is."""
    tool = _owner(function)
    return tool in registry.names or tool not in declarations()


def find(name):
    """The Method of a name in any letter case, or None where there is none or its tool is off."""
    load()
    found = _methods.get(name.lower())
    return found if found and is_on(found.function) else None


def scopes():
    """{name: title} of the scopes that some method or event of a tool that is on wants."""
    from appliance.core.rest import happenings      # cycle: events have scopes too
    used = {one.scope for one in declared().values()} | {one.scope for one in happenings.declared().values()}
    return {name: _scopes.get(name, name) for name in sorted(used - {BASIC})}
