"""What a field may hold: a small honest set of types. Each reads what somebody typed, or says what would be right; and shows it.

A value is kept and handed about as its column holds it: text, a whole number, decimals times 10,000, a day as ISO text, 0 or 1, the
number of a choice. None is no value.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

from appliance.core.custom_fields.models import SCALE
from appliance.core.errors import Invalid
from appliance.core.i18n import format_day, format_plain, texts
from appliance.core.limits import FIELD_ADDRESS_LENGTH, FIELD_TEXT_LENGTH
from appliance.core.person_fields import one_line

_ = texts(__name__)
TEXT, NUMBER, DECIMAL, DATE, FLAG, CHOICE, ADDRESS = 'text', 'number', 'decimal', 'date', 'flag', 'choice', 'address'
YES, NO = frozenset({'1', 'y', 'yes', 'true'}), frozenset({'0', 'n', 'no', 'false'})
_WHOLE = re.compile(r'[+-]?[0-9]{1,15}', re.ASCII)
_DECIMAL = re.compile(r'([+-]?)([0-9]{1,11})(?:[.,]([0-9]{1,4}))?', re.ASCII)


def _text(value, field):
    if len(value) > FIELD_TEXT_LENGTH:
        raise Invalid(_('At most %(most)s characters.', most=FIELD_TEXT_LENGTH), field=field.code)
    return value


def _number(value, field):
    if not _WHOLE.fullmatch(value):
        raise Invalid(_('This is a whole number of at most 15 digits, such as 42.'), field=field.code)
    return int(value)


def decimal_of(text):
    """12.5 (or 12,5) as 125000; None for what is no such number."""
    found = _DECIMAL.fullmatch(text)
    if not found:
        return None
    sign, whole, part = found.groups()
    return int(f'{sign}{whole}{(part or "").ljust(SCALE, "0")}')


def _decimal(value, field):
    found = decimal_of(value)
    if found is None:
        raise Invalid(_('This is a number such as 12.5, with at most 11 digits before the point and 4 behind it.'), field=field.code)
    return found


def _date(value, field):
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise Invalid(_('This is a date such as 2026-11-26.'), field=field.code) from None


def _flag(value, field):
    if value.lower() not in YES | NO:
        raise Invalid(_('This is yes or no.'), field=field.code)
    return int(value.lower() in YES)


def _choice(value, field):
    known = {str(number): number for number, _title in field.choices}
    if value not in known:
        raise Invalid(_('Choose one of: %(choices)s.', choices=', '.join(title for _number, title in field.choices[:20])), field=field.code)
    return known[value]


def _address(value, field):
    try:
        parts = urlsplit(value)
        is_right = parts.scheme in ('http', 'https') and bool(parts.hostname) and ' ' not in value
    except ValueError:
        is_right = False
    if not is_right or len(value) > FIELD_ADDRESS_LENGTH:
        raise Invalid(_('This is an address such as https://company.example/page, of at most %(most)s characters.', most=FIELD_ADDRESS_LENGTH), field=field.code)
    return value


def decimal_text(stored):
    """12.5 of 125000: as it is typed and as programs read it."""
    whole, part = divmod(abs(stored), 10 ** SCALE)
    return f'{"-" if stored < 0 else ""}{whole}{f".{part:04}".rstrip("0").rstrip(".")}'


def _shown_decimal(stored, _field):
    return format_plain(Decimal(decimal_text(stored)))


def _shown_choice(stored, field):
    return dict(field.choices).get(stored, '')


@dataclass(frozen=True)
class Type:
    """A type: the column that keeps it, what it is called, `read(text, definition)`, and `shown(stored, definition)` in words."""

    column: str
    title: object
    read: object
    shown: object
    is_words: bool = False      # found by the search


TYPES = {
    TEXT: Type('text', _.lazy('Text'), _text, lambda stored, field: stored, True),
    NUMBER: Type('number', _.lazy('Whole number'), _number, lambda stored, field: format_plain(stored)),
    DECIMAL: Type('quantity', _.lazy('Decimal number'), _decimal, _shown_decimal),
    DATE: Type('day', _.lazy('Date'), _date, lambda stored, field: format_day(stored, 'long')),
    FLAG: Type('flag', _.lazy('Yes or no'), _flag, lambda stored, field: _('Yes') if stored else _('No')),
    CHOICE: Type('choice_id', _.lazy('Choice of a list'), _choice, _shown_choice, True),
    ADDRESS: Type('text', _.lazy('Address on the web'), _address, lambda stored, field: stored, True),
}
COLUMNS = ('text', 'number', 'quantity', 'day', 'flag', 'choice_id')


def read(field, value):
    """A typed value as it is kept, None for nothing. Invalid names the field by its code, and says what would be right."""
    if isinstance(value, bool):
        value = str(int(value))
    elif isinstance(value, date):
        value = value.isoformat()
    elif isinstance(value, int) or (isinstance(value, float) and field.type == DECIMAL):
        value = str(value)
    value = '' if value is None else one_line(value, field.code)
    return TYPES[field.type].read(value, field) if value else None


def shown(field, stored):
    """A value in words, in the current language."""
    return TYPES[field.type].shown(stored, field)


def as_typed(field, stored):
    """A value as it was typed: what a form shows, and programs read. '' for none."""
    if stored is None:
        return ''
    return decimal_text(stored) if field.type == DECIMAL else str(stored)


def noted(field, stored):
    """A value as the history keeps it: of a choice its words, which may be others one day."""
    return _shown_choice(stored, field) if field.type == CHOICE and stored is not None else stored


def shown_note(field, kept):
    """What the history keeps, in words."""
    return str(kept) if field.type == CHOICE or not _fits(field, kept) else shown(field, kept)


def _fits(field, kept):
    return isinstance(kept, str) == (TYPES[field.type].column in ('text', 'day'))
