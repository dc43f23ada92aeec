"""Addresses without the secrets that the protocol puts into them, for logs and the audit."""

import re

# Also where a path was not normalised: //setup/..., /x/../setup/...
_LINK_TOKEN = re.compile(r'(^|/\.{1,2})/+(setup|rescue)/+[^/]+')


def masked(path):
    """A path without the tokens of one-time links."""
    return _LINK_TOKEN.sub(r'\1/\2/***', path)
