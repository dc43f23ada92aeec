"""The kinds of values that a method takes. Each reads what came over the wire, refuses the rest, and describes itself.

A form sends text only, so a number may come as `"37"` and yes as `"Y"`; JSON may send either. `read` raises ValueError with what
would be right; `schema` is that of OpenAPI.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from appliance.core.i18n import current_zone, texts
from appliance.core.limits import GREATEST_ID, NAME_LENGTH

_ = texts(__name__)
YES, NO = frozenset({'y', 'yes', 'true', 'on', '1'}), frozenset({'n', 'no', 'false', 'off', '0', ''})


def plain_text(value):
    """A text or a number as text. ValueError for anything else, and for what no database takes (NUL, half a surrogate pair)."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(_('a text'))
    text = str(value)
    if '\0' in text or any('\ud800' <= char <= '\udfff' for char in text):
        raise ValueError(_('a text without NUL and without half characters'))
    return text


class Kind:
    """The base: `about` says in English what a value means, for whoever writes a client."""

    schema = {}

    def __init__(self, about=''):
        self.about = about

    def read(self, value):
        """The value as a method gets it."""
        raise NotImplementedError


class Text(Kind):
    """One text of at most `most` characters."""

    def __init__(self, about='', most=NAME_LENGTH):
        super().__init__(about)
        self.most = most
        self.schema = {'type': 'string', 'maxLength': most}

    def read(self, value):
        text = plain_text(value)
        if len(text) > self.most:
            raise ValueError(_('at most %(most)s characters', most=self.most))
        return text


class Number(Kind):
    """A whole number from `least` to `most`."""

    def __init__(self, about='', least=0, most=GREATEST_ID):
        super().__init__(about)
        self.least, self.most = least, most
        self.schema = {'type': 'integer', 'minimum': least, 'maximum': most}

    def read(self, value):
        number = whole_number(value)
        if not self.least <= number <= self.most:
            raise ValueError(_('a whole number from %(least)s to %(most)s', least=self.least, most=self.most))
        return number


def whole_number(value):
    """A whole number of 64 bits, also as text (`"37"`); ValueError for all else, True and 1.5 among it."""
    if isinstance(value, str):
        digits = value.strip().removeprefix('-')
        if digits.isascii() and digits.isdigit() and len(digits) < 20:
            value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > GREATEST_ID:
        raise ValueError(_('a whole number'))
    return value


class Flag(Kind):
    """Yes or no: `Y`/`N`, `true`/`false`, `1`/`0`."""

    schema = {'type': 'boolean'}

    def read(self, value):
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower() if isinstance(value, str | int) else None
        if word not in YES | NO:
            raise ValueError('Y, N')
        return word in YES


class Choice(Kind):
    """One of some words, in any letter case."""

    def __init__(self, about='', words=()):
        super().__init__(about)
        self.words = tuple(words)
        self.schema = {'type': 'string', 'enum': list(words)}

    def read(self, value):
        found = next((word for word in self.words if word.lower() == str(value).strip().lower()), None)
        if found is None:
            raise ValueError(', '.join(self.words))
        return found


class Moment(Kind):
    """A moment in ISO 8601. Without an offset it is meant in the person's time zone, a date alone is its first minute."""

    schema = {'type': 'string', 'format': 'date-time'}

    def read(self, value):
        try:
            moment = datetime.fromisoformat(plain_text(value).strip())
            moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(current_zone()))
            moment.astimezone(ZoneInfo('UTC'))
        except (ValueError, OverflowError):
            raise ValueError(_('a moment such as %(example)s', example='2026-11-26T09:00:00+01:00')) from None
        return moment


class Address(Text):
    """An http or https address; whether it may be called is asked when it is."""

    def __init__(self, about='', most=2000):
        super().__init__(about, most)
        self.schema |= {'format': 'uri'}


class Map(Kind):
    """Names with values, as `a[b]=c` or a JSON object; an empty list is PHP's empty map."""

    schema = {'type': 'object'}

    def read(self, value):
        if value in ([], ''):
            return {}
        if isinstance(value, list):
            return {str(place): one for place, one in enumerate(value)}
        if not isinstance(value, dict):
            raise ValueError(_('names with values'))
        return value


class Names(Kind):
    """A list of names, as `select[]=ID`, a JSON list or one text."""

    schema = {'type': 'array', 'items': {'type': 'string'}}

    def read(self, value):
        found = [value] if isinstance(value, str) else [*value.values()] if isinstance(value, dict) else value
        if not isinstance(found, list):
            raise ValueError(_('a list of names'))
        return [plain_text(one) for one in found if one != '']
