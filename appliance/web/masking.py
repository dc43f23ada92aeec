"""Addresses without the secrets that the protocol puts into them, for logs and the audit."""

import re

# Also where a path was not normalised: //setup/..., /x/../setup/...
_LINK_TOKEN = re.compile(r'(^|/\.{1,2})/+(setup|rescue|f)/+.+', re.DOTALL)
# /rest/<person>/<token>/<method>; the person may have been forgotten, the token may stand at the end.
_REST = re.compile(r'(^|/\.{1,2})/+rest/+(.*)', re.DOTALL)
_PLAIN_REST = re.compile(r'/rest/(\d{1,19})/[^/]+/([A-Za-z_.]{1,80})')
# What looks like a token of a webhook, wherever it stands: people mistype addresses.
_ANY_TOKEN = re.compile(r'(?<![A-Za-z0-9])[a-z0-9]{40}(?![A-Za-z0-9])')
_METHOD = re.compile(r'[A-Za-z_]+(\.[A-Za-z0-9_]+)*|[A-Za-z_][A-Za-z0-9_]{1,29}(\.[A-Za-z_]+)+')       # a token has no dot


def masked(path):
    """A path without the tokens of one-time links and of webhooks, and of files of people without their names too."""
    plain = _PLAIN_REST.fullmatch(path)
    if plain:       # nearly all of them, and at each request
        return f'/rest/{plain[1]}/***/{plain[2]}'
    return _ANY_TOKEN.sub('***', _REST.sub(_masked_rest, _LINK_TOKEN.sub(r'\1/\2/***', path)))


def _masked_rest(found):
    """Shown are the person's number and the method's name; whatever else stands there may be a token."""
    parts = [part for part in found[2].split('/') if part]
    last = len(parts) - 1
    shown = [part if (place == 0 and last and part.isdecimal() and len(part) < 20) or _is_method(part, place, last) else '***'
             for place, part in enumerate(parts)]
    return f'{found[1]}/rest/{"/".join(shown)}'


def _is_method(part, place, last):
    return place == last and place != 1 and len(part) < 80 and _METHOD.fullmatch(part) is not None
