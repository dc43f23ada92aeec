"""What a tool declares of itself, and the registry that loads the parts of the tools that are on. Nothing else imports a tool
by name. Which tools are on, core/switch.py reads from the database and tells the registry once, at a process's start.
"""

import functools
import importlib
import logging
from dataclasses import dataclass, field

from appliance.core.errors import StartError
from appliance.core.places import tool_folders

log = logging.getLogger('appliance.tools')


@dataclass(frozen=True)
class MenuItem:
    """An entry of the left menu: an endpoint, its place, and who sees it (a set of person kinds)."""

    endpoint: str
    order: int = 100
    kinds: frozenset = frozenset({'employee'})


@dataclass(frozen=True)
class Setting:
    """A setting with its default and what it is, for a person. `read` turns text into the value; ValueError says no. `scopes` (`department`,
    `person`) say where it may differ from the company's (core/scopes.py).
    """

    default: object
    label: object
    read: object = str
    is_secret: bool = False
    scopes: tuple = ()


@dataclass(frozen=True)
class Permission:
    """A right by name (`scope:resource:action` with dots), and the roles that have it from the start."""

    name: str
    label: object
    roles: tuple = ()


@dataclass(frozen=True)
class Tool:
    """A tool's declaration: free of side effects, imported even when the tool is off.

    `is_on_first` says whether it is on until somebody decides; `is_fixed` that it cannot be switched off.
    """

    name: str
    title: object
    icon: str
    requires: tuple = ()
    menu: tuple = ()
    settings: dict = field(default_factory=dict)
    permissions: tuple = ()
    is_on_first: bool = True
    is_fixed: bool = False


@functools.cache
def _found():
    """({name: Tool}, {name: why it cannot be used}) of every tool that is installed."""
    tools, faults = {}, {}
    for name in tool_folders():
        try:
            declared = importlib.import_module(f'appliance.tools.{name}').TOOL
        except Exception as error:      # one broken tool must not take the others with it
            log.exception('the tool %s cannot be declared', name)
            faults[name] = f'{type(error).__name__}: {error}'
            continue
        if declared.name != name:
            raise StartError(f'the tool in appliance/tools/{name} calls itself {declared.name!r}')
        tools[declared.name] = declared
    return tools, faults


def declarations():
    """{name: Tool} of every tool that is installed and can be declared."""
    return _found()[0]


def undeclared():
    """{name: why} of the tools whose declaration cannot even be imported."""
    return _found()[1]


@functools.cache
def names_in_order():
    """The names of all tools, on or off, each after those it requires. StartError names a missing one or a circle."""
    found, tools = [], declarations()

    def visit(name, path):
        if name in path:
            raise StartError(f'tools require each other in a circle: {" -> ".join([*path, name])}')
        if name not in tools:
            raise StartError(f'the tool {path[-1]} requires {name}, which is not installed')
        if name not in found:
            for required in sorted(tools[name].requires):
                visit(required, [*path, name])
            found.append(name)

    for name in sorted(tools):
        visit(name, [])
    return tuple(found)


def needed_by(name):
    """The names of the tools that require a tool, also through others."""
    found = []
    for other in names_in_order():
        if {name, *found} & set(declarations()[other].requires):
            found.append(other)
    return found


class Registry:
    """Loads a part (`rules`, `routes`, `jobs`, `home`, ...) of each tool that is on, in the order of what they require.

    `names` are the tools that are on and work in this process; `version` that of the switches they were read from, None
    while nobody has read them: then each is as it is first. `resuming` are those still being switched on.
    """

    def __init__(self):
        self.version, self.faults, self.resuming, self._on, self._named = None, {}, frozenset(), None, (None, None, ())

    @property
    def names(self):
        """The tools that are on and can be used, in order."""
        # Asked many times a request; it changes with the switches, and when a tool turns out to be broken.
        on, faults, names = self._named
        if on is not self._on or faults != len(self.faults) or not names:
            names = self._find_names()
            self._named = (self._on, len(self.faults), names)
        return names

    def _find_names(self):
        on = self._on if self._on is not None else {name for name, one in declarations().items() if one.is_on_first}
        found = []
        for name in names_in_order():
            if name in on and name not in self.faults and set(declarations()[name].requires) <= set(found):
                found.append(name)
        return tuple(found)

    def use(self, version, on, resuming=()):
        """Take what the switches say."""
        self.version, self._on, self.resuming, self.faults = version, frozenset(on), frozenset(resuming), dict(undeclared())

    def load(self, part):
        """[(Tool, module)] of the tools that are on and have this part, as a file or as a folder.

        A tool whose part cannot be imported is left out from then on, with those that require it; `faults` says why.
        """
        found = []
        for name in self.names:
            if has_part(name, part) and name not in self.faults:
                module = self._import(name, part)
                if module is not None:
                    found.append((declarations()[name], module))
        return [(one, module) for one, module in found if one.name in self.names]

    def _import(self, name, part):
        try:
            return importlib.import_module(f'appliance.tools.{name}.{part}')
        except Exception as error:
            log.exception('the tool %s is left out: its %s cannot be imported', name, part)
            self.faults[name] = f'{part}: {type(error).__name__}: {error}'
            return None

    def service(self, name):
        """The `service` module of a tool, or None where it is off or has none: the seam between tools."""
        return self._import(name, 'service') if name in self.names and has_part(name, 'service') else None


@functools.cache
def has_part(name, part):
    """Whether a tool has a part, as a file or as a folder."""
    folder = tool_folders()[name]
    return (folder / f'{part}.py').exists() or (folder / part / '__init__.py').exists()


registry = Registry()
