"""Where the package's files lie: its own folder and those of the tools, on Python's path. Imports nothing of ours but the tools' package."""

import functools
import importlib
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent


@functools.cache
def tool_folders():
    """{name: folder} of every tool that is installed, by name; the first one on the path wins."""
    found = {}
    for place in importlib.import_module('appliance.tools').__path__:
        for path in pathlib.Path(place).glob('*/__init__.py'):
            found.setdefault(path.parent.name, path.parent)
    return dict(sorted(found.items()))
