"""The fields of a person as they are written: cleaned, checked, and folded for sorting and finding. core/people.py keeps them."""

import re
import unicodedata
from datetime import date, datetime

from appliance.core import clock
from appliance.core.actor import KINDS
from appliance.core.errors import Invalid
from appliance.core.folding import fold
from appliance.core.i18n import is_zone, languages, texts
from appliance.core.limits import EMPLOYEE_NUMBER_LENGTH, LOGIN_LENGTH, MAIL_LENGTH, NAME_LENGTH, PHONE_LENGTH, TITLE_LENGTH

_ = texts(__name__)
_LOGIN = re.compile(r'[\w.@+\\-]+')
_MAIL = re.compile(r'[^@\s<>,;"]+@[^@\s<>,;"]+')
_HIDDEN_KINDS = ('Cc', 'Cs', 'Co', 'Zl', 'Zp')
_TURNING = '\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069'
FIRST_BIRTHDAY = date(1900, 1, 1)
LIMITS = {'login': LOGIN_LENGTH, 'name': NAME_LENGTH, 'mail': MAIL_LENGTH, 'phone': PHONE_LENGTH, 'title': TITLE_LENGTH,
          'employee_number': EMPLOYEE_NUMBER_LENGTH}


def fold_login(text):
    """A login as it is stored and compared."""
    return unicodedata.normalize('NFKC', unicodedata.normalize('NFKC', text.casefold()).casefold()).strip()


def check_fields(values):
    """The same fields, cleaned; Invalid names the field that is wrong. Empty texts are allowed but for login and name."""
    clean = {}
    for field, value in values.items():
        value = getattr(_Checks, field, lambda v: v)(value)
        limit = LIMITS.get(field)
        if limit and len(value) > limit:
            raise Invalid(_('At most %(most)s characters.', most=limit), field=field)
        clean[field] = value
    return clean


def one_line(value, field):
    """Text on one line; Invalid for control and direction characters, which make a name look like another."""
    if not isinstance(value, str):
        raise Invalid(_('This must be text.'), field=field)
    value = unicodedata.normalize('NFC', value).strip()
    # Most are printable throughout, and then hold none of these.
    if not value.isprintable() and any(unicodedata.category(char) in _HIDDEN_KINDS or char in _TURNING for char in value):
        raise Invalid(_('This may not hold control or direction characters.'), field=field)
    return value


def one_space(value, field):
    """The same with single blanks between its words."""
    return ' '.join(one_line(value, field).split())


def is_visible(text):
    """Whether a text has a sign that is seen: U+200B and its like alone are none."""
    return any(char.isprintable() and not char.isspace() and unicodedata.category(char)[0] != 'M' for char in text)


class _Checks:
    """One cleaning function a field."""

    @staticmethod
    def login(value):
        value = fold_login(one_line(value, 'login'))
        if not _LOGIN.fullmatch(value):
            raise Invalid(_('A login holds letters, digits and . _ - + @ only.'), field='login')
        return value

    @staticmethod
    def name(value):
        value = one_space(value, 'name')
        if not is_visible(value):
            raise Invalid(_('A name is needed.'), field='name')
        return value

    @staticmethod
    def mail(value):
        value = one_line(value, 'mail')
        if value and not _MAIL.fullmatch(value):
            raise Invalid(_('A mail address looks like name@company.example.'), field='mail')
        return value

    @staticmethod
    def phone(value):
        return one_line(value, 'phone')

    @staticmethod
    def title(value):
        return one_line(value, 'title')

    @staticmethod
    def employee_number(value):
        return one_line(value, 'employee_number')

    @staticmethod
    def birthday(value):
        if value in (None, ''):
            return None
        try:
            day = value if isinstance(value, date) else date.fromisoformat(value)
        except (TypeError, ValueError):
            raise Invalid(_('A birthday is a date.'), field='birthday') from None
        if isinstance(value, datetime) or not FIRST_BIRTHDAY <= day <= clock.now().date():
            raise Invalid(_('A birthday lies between %(first)s and today.', first=FIRST_BIRTHDAY.year), field='birthday')
        return day

    @staticmethod
    def kind(value):
        if value not in KINDS:
            raise Invalid(_('The kind is one of %(kinds)s.', kinds=', '.join(KINDS)), field='kind')
        return value

    @staticmethod
    def language(value):
        if value not in languages():
            raise Invalid(_('The portal speaks %(languages)s.', languages=', '.join(languages().values())), field='language')
        return value

    @staticmethod
    def zone(value):
        if not isinstance(value, str) or not is_zone(value):
            raise Invalid(_('A time zone looks like Europe/Madrid.'), field='zone')
        return value


def search_fields(values):
    """The columns by which a person with these fields is sorted and found."""
    return {'sort_name': fold(values['name']),
            'words': fold(' '.join(values.get(field) or '' for field in ('name', 'login', 'mail', 'title', 'phone')))}
