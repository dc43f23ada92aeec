"""`ATTACH`: blocks under a message, in the reference product's shape. Those that are text become text; a notice has no pictures or files."""

import orjson

from appliance.core.i18n import texts
from appliance.core.limits import REST_BLOCKS
from appliance.core.rest.kinds import Kind, plain_text

_ = texts(__name__)
SHOWN = 'MESSAGE, LINK, GRID, DELIMITER'


class Blocks(Kind):
    """A list of blocks, or `{BLOCKS: [...]}`, also as JSON in a text; read as a tuple of texts, one a line."""

    schema = {'type': 'array', 'items': {'type': 'object'}}

    def read(self, value):
        found = []
        for block in _blocks(value):
            if not isinstance(block, dict):
                raise _wrong()
            for name, inner in block.items():
                if name.upper() not in _READ:
                    raise ValueError(_('blocks of %(names)s; a notice is text and cannot show %(name)s', names=SHOWN, name=name[:40]))
                found += _READ[name.upper()](inner)
        return tuple(found)


def _wrong():
    return ValueError(_('a list of blocks of %(names)s', names=SHOWN))


def _blocks(value):
    if isinstance(value, str):
        try:
            value = orjson.loads(value) if value.strip() else []
        except orjson.JSONDecodeError:
            raise _wrong() from None
    if isinstance(value, dict):     # {ID, COLOR, BLOCKS}, or one block alone
        value = _folded(value).get('BLOCKS', [value])
    if not isinstance(value, list):
        raise _wrong()
    if len(value) > REST_BLOCKS:
        raise ValueError(_('at most %(most)s values', most=REST_BLOCKS))
    return value


def _folded(value):
    return {name.upper(): one for name, one in value.items()}


def _each(value):
    """The dicts of a value that is one, or a list of them."""
    found = value if isinstance(value, list) else [value]
    if len(found) > REST_BLOCKS or not all(isinstance(one, dict) for one in found):
        raise _wrong()
    return [_folded(one) for one in found]


def _said(one, key):
    return '' if one.get(key) is None else plain_text(one[key]).strip()


def _message(value):
    return [plain_text(value)]


def _links(value):
    lines = []
    for one in _each(value):
        address, name, about = (_said(one, key) for key in ('LINK', 'NAME', 'DESC'))
        shown = f'{name} ({address})' if name and address and name != address else name or address
        lines += [': '.join(part for part in (shown, about) if part)]
    return lines


def _grid(value):
    return [': '.join(part for part in (_said(one, 'NAME'), _said(one, 'VALUE')) if part) for one in _each(value)]


def _delimiter(value):
    return []       # lines are parted already


_READ = {'MESSAGE': _message, 'LINK': _links, 'GRID': _grid, 'DELIMITER': _delimiter}
