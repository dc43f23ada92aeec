"""Appliance: a company portal in a box."""

import pkgutil

__version__ = '0.1.0'
# So that a tool of somebody else's, in a distribution of its own, may lie beside ours: see appliance/tools.
__path__ = pkgutil.extend_path(__path__, __name__)
