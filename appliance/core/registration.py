"""What core and tools declare when a part of theirs is imported (listeners, kinds, methods): kept by name, seen while the tool is on."""

import importlib
import threading

from appliance.core.tool import declarations, registry

# What the core itself declares, by part: it stands above those that ask for the part, so it comes with the first load.
CORE = {'refs': ('attachments', 'comments', 'likes', 'people_refs', 'tags'), 'listeners': ('custom_fields.following',), 'search': ('comments_search',),
        'notifications': ('core_notices', 'comments_notices'), 'rest': ('custom_fields.userfields', 'rest.notifying', 'rest.own', 'rest.tagging', 'rest.talking')}
# What identity declares; by name, as tools do, since it stands above.
IDENTITY = {'models': ('models', 'directory.sync.models', 'directory.group_models', 'directory.adoption.models'), 'notifications': ('directory.sync.notices', 'directory.gap_notices'), 'checks': ('directory.health',)}
_loaded, _loading = set(), set()
_turn = threading.RLock()


def load(part):
    """Import a part of the core and of the tools that are on, unless this process has. Who comes while it is being imported waits."""
    this = (part, registry.names)
    if this in _loaded:
        return
    with _turn:
        if this in _loaded or this in _loading:     # asked for by what is just being imported
            return
        _loading.add(this)
        try:
            for name in CORE.get(part, ()):
                importlib.import_module(f'appliance.core.{name}')
            for name in IDENTITY.get(part, ()):
                importlib.import_module(f'appliance.identity.{name}')
            registry.load(part)
            _loaded.add(this)
        finally:
            _loading.discard(this)


def of_tools_that_are_on(part, declared):
    """{name: declaration} from `declared`, by name, without those of tools that are off; their `part` is imported first.

    A name begins with its owner: `<tool>.<rest>`.
    """
    load(part)
    on, known = registry.names, declarations()
    return {name: one for name, one in sorted(declared.items()) if (owner := name.partition('.')[0]) in on or owner not in known}
