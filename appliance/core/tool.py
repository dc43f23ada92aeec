"""What a tool declares of itself, and the registry that loads the parts of tools. Nothing else imports a tool by name."""

import functools
import importlib
import importlib.util
import pathlib
import pkgutil
from dataclasses import dataclass, field

from appliance.core.errors import StartError

ROOT = pathlib.Path(__file__).resolve().parent.parent / 'tools'


@dataclass(frozen=True)
class MenuItem:
    """An entry of the left menu: an endpoint, its place, and who sees it (a set of person kinds)."""

    endpoint: str
    order: int = 100
    kinds: frozenset = frozenset({'employee'})


@dataclass(frozen=True)
class Setting:
    """A setting with its default and what it is, for a person. `read` turns text into the value; ValueError says no."""

    default: object
    label: object
    read: object = str
    is_secret: bool = False


@dataclass(frozen=True)
class Permission:
    """A right by name (`scope:resource:action` with dots), and the roles that have it from the start."""

    name: str
    label: object
    roles: tuple = ()


@dataclass(frozen=True)
class Tool:
    """A tool's declaration: free of side effects, imported even when the tool is off."""

    name: str
    title: object
    icon: str
    requires: tuple = ()
    menu: tuple = ()
    settings: dict = field(default_factory=dict)
    permissions: tuple = ()


@functools.cache
def declarations():
    """{name: Tool} of every tool that is installed."""
    found = {}
    for module in pkgutil.iter_modules([str(ROOT)]):
        declared = importlib.import_module(f'appliance.tools.{module.name}').TOOL
        if declared.name != module.name:
            raise StartError(f'the tool in appliance/tools/{module.name} calls itself {declared.name!r}')
        found[declared.name] = declared
    return found


@functools.cache
def names_in_order():
    """The names of all tools, each after those it requires. StartError names a missing one or a circle."""
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


class Registry:
    """Loads a part (`rules`, `routes`, `jobs`, `home`, ...) of each tool, in order. All tools are on."""

    def load(self, part):
        """[(Tool, module)] of the tools that have this part, as a file or as a folder."""
        return [(declarations()[name], importlib.import_module(f'appliance.tools.{name}.{part}'))
                for name in names_in_order() if self._has(name, part)]

    def service(self, name):
        """The `service` module of a tool, or None where there is none: the seam between tools."""
        return importlib.import_module(f'appliance.tools.{name}.service') if self._has(name, 'service') else None

    @staticmethod
    @functools.cache
    def _has(name, part):
        folder = ROOT / name
        return (folder / f'{part}.py').exists() or (folder / part / '__init__.py').exists()


registry = Registry()
