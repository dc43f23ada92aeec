"""What clients put on the wire, read as PHP would: `filter[ID][]=1&filter[ID][]=2` is {'filter': {'ID': ['1', '2']}}.

Some clients send the `=` of a filter's prefix unescaped (`filter[>=ID]=5`). Splitting at the first `=` would lose the filter, and the
answer would be everything; such a key is recognised by its open bracket and repaired.
"""

from urllib.parse import quote_plus, unquote_plus

import orjson

from appliance.core.errors import Invalid
from appliance.core.i18n import texts
from appliance.core.limits import REST_DEPTH, REST_VALUES

_ = texts(__name__)


def read_query(text):
    """A query string, or the body of a form, as nested names and values. Invalid when it cannot be one."""
    return nested(_pairs(text))


def _pairs(text):
    found = []
    for part in text.split('&'):
        if part:
            found.append(_split(part))
        if len(found) > REST_VALUES:
            raise Invalid(_('A request has at most %(most)s values.', most=REST_VALUES))
    return found


def _split(part):
    """(name, value) of one part; the name ends at the first `=` outside brackets."""
    place = part.find('=')
    while place >= 0:
        name = _decoded(part[:place])
        if name.count('[') <= name.count(']'):
            return name, _decoded(part[place + 1:])
        place = part.find('=', place + 1)
    return _decoded(part), ''


def _decoded(text):
    try:
        return unquote_plus(text, errors='strict')
    except UnicodeDecodeError:
        raise Invalid(_('The request is not UTF-8.')) from None


def nested(pairs):
    """Names with brackets and their values as nested dicts; a dict whose names count up from 0 is a list."""
    root = {}
    for name, value in pairs:
        _put(root, _path(name), value)
    return {name: _settled(value) for name, value in root.items()}


def _path(name):
    """`a[b][]` as ['a', 'b', '']. Invalid for brackets that do not close, and for no name at all: what they named would be lost."""
    if name is None:        # a part of a multipart form may have none
        raise _unreadable('')
    head, bracket, rest = name.partition('[')
    if not bracket:
        return [name]
    if not head or not rest.endswith(']'):
        raise _unreadable(name)
    path = [head, *rest[:-1].split('][')]
    if len(path) > REST_DEPTH or any('[' in one or ']' in one for one in path):
        raise _unreadable(name)
    return path


def _unreadable(name):
    return Invalid(_('The parameter %(name)s cannot be read.', name=name[:60]), field=name[:60])


def _put(root, path, value):
    place = root
    for number, step in enumerate(path):
        if step == '' and number:
            step = _next(place)
        if number == len(path) - 1:
            place[step] = value
            return
        inner = place.setdefault(step, {})
        if not isinstance(inner, dict):
            raise _unreadable(f'{path[0]}[...]')
        place = inner


def _next(place):
    """The name of the next value of `a[]`."""
    name = str(len(place))
    return name if name not in place else str(1 + max(int(one) for one in place if one.isdecimal()))


def _settled(value):
    if not isinstance(value, dict):
        return value
    found = {name: _settled(one) for name, one in value.items()}
    return [*found.values()] if is_list(found) else found


def is_list(found):
    """Whether PHP would call this dict a list: its names are 0, 1, 2, ..."""
    return bool(found) and all(name == str(place) for place, name in enumerate(found))


def read_json(body):
    """A JSON body as names with values. Invalid when it is none, too deep or too large."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Invalid(_('The body is not JSON.')) from None
    if found in ([], None):
        return {}
    if not isinstance(found, dict):
        raise Invalid(_('The body is a JSON object with the parameters.'))
    _measure(found)
    return found


def _measure(found):
    """Invalid for more values or levels than a request has. Level by level: a deep body must not become deep calls."""
    level, count = [found], 0
    for _depth in range(REST_DEPTH + 1):
        below = []
        for one in level:
            below += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        count += len(below)
        if count > REST_VALUES:
            raise Invalid(_('A request has at most %(most)s values.', most=REST_VALUES))
        if not below:
            return
        level = below
    raise Invalid(_('A request nests at most %(most)s deep.', most=REST_DEPTH))


def write_form(values):
    """Nested names and values as a form's body, as PHP's http_build_query writes it: {'a': {'b': 1}} is `a%5Bb%5D=1`."""
    return '&'.join(f'{quote_plus(name)}={quote_plus(value)}' for name, value in _flat('', values))


def _flat(prefix, value):
    if isinstance(value, dict | list):
        for name, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _flat(f'{prefix}[{name}]' if prefix else str(name), one)
    elif value is not None:
        yield prefix, str(int(value)) if isinstance(value, bool) else value.isoformat() if hasattr(value, 'isoformat') else str(value)
