"""Addresses without the secrets that the protocol puts into them, for logs and the audit."""

import re

# Also where a path was not normalised: //setup/..., /x/../setup/...
_TOKEN = re.compile(r'(^|/\.{1,2})/+(setup|rescue|f)/+.+', re.DOTALL)


def masked(path):
    """A path without the tokens of one-time links, and of files of people without their names too."""
    return _TOKEN.sub(r'\1/\2/***', path)
