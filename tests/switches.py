"""Switches of tools in a test's own process: the tests that walk over everything walk over the tools that are off at first, too."""
import contextlib
from pathlib import Path

from appliance.core.places import tool_folders
from appliance.core.tool import declarations, registry

TOOLS = Path(__file__).resolve().parents[1] / 'appliance' / 'tools'


def tools_of_the_clone():
    """The names of the tools whose sources stand in this clone, on or off; not the planted one, which tests switch on by name."""
    return [name for name, folder in tool_folders().items() if folder.parent == TOOLS]


def off_at_first():
    """Those of them that nobody has until an administrator switches them on."""
    return [name for name in tools_of_the_clone() if not declarations()[name].is_on_first]


def switch_on(*names):
    """Let these work besides those that are on now, until the test ends."""
    registry.use(registry.version, {*registry.names, *names})


def switch_off(name):
    """Let it work no more, until the test ends."""
    registry.use(registry.version, {*registry.names} - {name})


@contextlib.contextmanager
def every_tool():
    """All tools of the clone are on within the block; afterwards the switches are as they are first."""
    registry.use(None, tools_of_the_clone())
    try:
        yield
    finally:
        registry.__init__()
