"""The tools: each folder is one, found by its TOOL declaration.

A tool of somebody else's is a folder `appliance/tools/<name>` anywhere on Python's path: it is found like ours.
"""

import pkgutil

__path__ = pkgutil.extend_path(__path__, __name__)
