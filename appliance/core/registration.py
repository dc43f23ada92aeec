"""What core and tools declare when a part of theirs is imported (listeners, kinds, methods): kept by name, seen while the tool is on."""

import importlib

from appliance.core.tool import declarations, registry

# What the core itself declares, by part: it stands above those that ask for the part, so it comes with the first load.
CORE = {'refs': ('attachments', 'comments', 'likes'), 'search': ('comments_search',), 'notifications': ('core_notices', 'comments_notices')}
_loaded = set()


def load(part):
    """Import a part of the tools that are on, unless this process has."""
    if (part, registry.names) not in _loaded:
        _loaded.add((part, registry.names))
        for name in CORE.get(part, ()):
            importlib.import_module(f'appliance.core.{name}')
        registry.load(part)


def of_tools_that_are_on(part, declared):
    """{name: declaration} from `declared`, by name, without those of tools that are off; their `part` is imported first.

    A name begins with its owner: `<tool>.<rest>`.
    """
    load(part)
    on, known = registry.names, declarations()
    return {name: one for name, one in sorted(declared.items()) if (owner := name.partition('.')[0]) in on or owner not in known}
