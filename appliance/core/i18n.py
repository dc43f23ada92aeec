"""Texts, plurals, dates and numbers in the person's language and zone.

A module says `_ = texts(__name__)` once; `_('Save')` translates now, `_.lazy('Save')` when shown, `_.plural('%(n)s day',
'%(n)s days', n)` by number. English is the source. One catalogue a language merges the shell's with every tool's, each
message under the tool's name, so that two tools may translate the same word differently. Only .po files exist: they are
read when a language is first needed.
"""

import contextlib
import functools
import gettext
from contextvars import ContextVar
from datetime import date, datetime, time
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale, dates, numbers
from babel.messages import pofile
from markupsafe import Markup

from appliance.core.places import ROOT, tool_folders

SOURCE = 'en'
SHELL = ''
_UNITS = ('B', 'KiB', 'MiB', 'GiB', 'TiB')
_language = ContextVar('language', default=SOURCE)
_zone = ContextVar('zone', default='UTC')


@functools.cache
def languages():
    """The languages that the portal speaks: {'en': 'English', 'es': 'español', ...}."""
    codes = [SOURCE, *sorted(path.stem for path in (ROOT / 'translations').glob('*.po'))]
    return {code: Locale.parse(code).get_display_name(code) for code in codes}


@functools.cache
def zones():
    """The names of the time zones a person may choose, sorted: `Area/City` and UTC, without aliases of old times."""
    areas = ('Africa', 'America', 'Antarctica', 'Arctic', 'Asia', 'Atlantic', 'Australia', 'Europe', 'Indian', 'Pacific')
    return sorted(name for name in available_timezones() if name.partition('/')[0] in areas or name == 'UTC')


@functools.cache
def is_zone(name):
    """Whether the name is a time zone this machine knows, old aliases included."""
    return name in available_timezones()


def catalogue_files(code):
    """(domain, path) of each catalogue of a language: the shell's and every tool's."""
    yield SHELL, ROOT / 'translations' / f'{code}.po'
    for name, folder in tool_folders().items():
        yield name, folder / 'translations' / f'{code}.po'


@functools.cache
def _catalogue(code):
    """{(domain, message id): [form, ...]} and the plural rule of a language."""
    messages, plural = {}, lambda n: int(n != 1)
    for domain, path in catalogue_files(code):
        if not path.exists():
            continue
        with path.open('rb') as file:
            catalogue = pofile.read_po(file, locale=code)
        plural = gettext.c2py(catalogue.plural_expr)
        for message in catalogue:
            forms = message.string if isinstance(message.string, tuple) else (message.string,)
            key = message.id[0] if isinstance(message.id, tuple) else message.id
            if key and all(forms) and not message.fuzzy:
                messages[domain, key] = forms
    return messages, plural


def translate(domain, message, plural=None, n=1):
    """The message in the current language; a tool's own words first, the shell's after, English at last."""
    code = _language.get()
    if code != SOURCE:
        messages, rule = _catalogue(code)
        forms = messages.get((domain, message)) or messages.get((SHELL, message))
        if forms:
            return forms[rule(n) if len(forms) > 1 else 0]
    return message if plural is None or n == 1 else plural


class Lazy:
    """A text that is translated each time it is shown."""

    __slots__ = ('domain', 'message', 'values')

    def __init__(self, domain, message, values):
        self.domain, self.message, self.values = domain, message, values

    def __str__(self):
        text = translate(self.domain, self.message)
        return text % self.values if self.values else text

    def __repr__(self):
        return f'Lazy({self.message!r})'

    def __eq__(self, other):
        return str(self) == str(other)

    def __hash__(self):
        return hash(self.message)


class Texts:
    """The translating functions of one module, bound to its tool."""

    def __init__(self, domain):
        self.domain = domain

    def __call__(self, message, **values):
        text = translate(self.domain, message)
        return text % values if values else text

    def lazy(self, message, **values):
        return Lazy(self.domain, message, values)

    def plural(self, one, many, n, **values):
        return translate(self.domain, one, many, n) % {'n': n, **values}


_ = Texts(SHELL)


def texts(module):
    """The `_` of a module, from its `__name__`."""
    parts = module.split('.')
    return Texts(parts[2] if parts[:2] == ['appliance', 'tools'] and len(parts) > 2 else SHELL)


@functools.cache
def domain_of_template(name):
    """The tool that a template belongs to, by its folder; the shell's for all others."""
    folder = (name or '').partition('/')[0]
    return folder if folder in tool_folders() else SHELL


def install(environment):
    """Give a Jinja environment `_`, `ngettext` and the formats."""
    from jinja2 import pass_context     # slow: 2 MiB, and live draws nothing

    @pass_context
    def _gettext(context, message, **values):
        if not values and context.eval_ctx.autoescape:
            return marked(domain_of_template(context.name), message)
        return _filled(context, translate(domain_of_template(context.name), message), values)

    @pass_context
    def _ngettext(context, one, many, n, **values):
        return _filled(context, translate(domain_of_template(context.name), one, many, n), {'num': n, **values})

    environment.add_extension('jinja2.ext.i18n')
    environment.newstyle_gettext = True
    # Not installed through the extension: it puts two more calls around each of a page's twenty texts.
    environment.globals.update(_=_gettext, gettext=_gettext, ngettext=_ngettext)
    environment.filters.update(
        day=format_day, moment=format_moment, clock=format_time, hour=format_hour, span=format_span, exact=format_exact_span, short=format_short_span,
        number=format_number, weekday=format_weekday, weekday_short=format_weekday_short, birthday=format_birthday, size=format_size)


def marked(domain, message):
    """A text of ours without values, as markup: what a template's `_('...')` is."""
    return _marked(_language.get(), domain, message)


# A page has some fifty texts, most of them without values: those are the same each time.
@functools.lru_cache(maxsize=8192)
def _marked(code, domain, message):
    return Markup(translate(domain, message) % {})


def _filled(context, text, values):
    """A text with its values; in HTML the text is ours and the values are escaped."""
    if not context.eval_ctx.autoescape:
        return text % values
    return Markup(text) % values if values else Markup(text % values)


def current_language():
    return _language.get()


def current_zone():
    return _zone.get()


@contextlib.contextmanager
def language(code, zone=None):
    """Speak this language (and show times in this zone) within the block."""
    spoken = _language.set(code if code in languages() else SOURCE)
    shown = _zone.set(zone) if zone else None
    try:
        yield
    finally:
        _language.reset(spoken)
        if shown:
            _zone.reset(shown)


def speak(code, zone=None):
    """Set language and zone for the rest of this context: for entry points whose context ends with the request."""
    _language.set(code if code in languages() else SOURCE)
    if zone:
        _zone.set(zone)


def negotiate(accepted):
    """The best language for an Accept-Language list of codes in order of preference, or None."""
    for code in accepted:
        if code.partition('-')[0].lower() in languages():
            return code.partition('-')[0].lower()
    return None


def direction():
    """`ltr` or `rtl`, for the html element."""
    return 'rtl' if _locale().text_direction == 'rtl' else 'ltr'


def _locale():
    return _parsed(_language.get())


# Given a code, Babel would parse it for each date and each number.
_parsed = functools.cache(Locale.parse)


def format_day(day, width='medium'):
    """A calendar date (date or ISO text) in the person's format."""
    return _date(day, width, _language.get())


def format_birthday(day):
    """Day and month alone: the year of a birthday is nobody's business."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return dates.format_skeleton('MMMMd', day, locale=_locale())


def format_weekday(day):
    """The name of the weekday and the date, as a heading."""
    return _date(day, 'full', _language.get())


def format_weekday_short(day):
    """The name of the weekday in two or three letters, as under a bar."""
    return _date(day, 'EEEEEE', _language.get())


# A list has the same days and hours again and again, and Babel takes its pattern apart for each.
@functools.lru_cache(maxsize=2048)
def _date(day, width, code):
    return dates.format_date(date.fromisoformat(day) if isinstance(day, str) else day, width, locale=_parsed(code))


def _local(moment, zone):
    # Mails wait in the outbox as JSON, where a moment is text; they are formatted when sent.
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return moment.astimezone(ZoneInfo(zone or _zone.get()))


def format_moment(moment, zone=None):
    """Date and time of an aware datetime (or its ISO text), in the person's zone unless another is named."""
    if moment is None:
        return ''
    return _moment(_local(moment, zone).replace(second=0, microsecond=0, tzinfo=None, fold=0), _language.get())


@functools.lru_cache(maxsize=4096)
def _moment(local, code):
    return dates.format_datetime(local, 'short', locale=_parsed(code))


def format_time(moment, zone=None):
    """The time of day of an aware datetime (or its ISO text), in the person's zone unless another is named."""
    if moment is None:
        return ''
    local = _local(moment, zone)
    return _time(local.hour, local.minute, _language.get())


def format_time_of(day, moment, zone):
    """The time of day of an aware datetime on a zone's clock; with the date where that is no longer `day`."""
    local = moment.astimezone(ZoneInfo(zone))
    return _time(local.hour, local.minute, _language.get()) if local.date() == day else format_moment(local, zone)


@functools.lru_cache(maxsize=4096)
def _time(hour, minute, code):
    return dates.format_time(time(hour, minute), 'short', locale=_parsed(code))


def format_hour(moment, zone=None):
    """The hour of an aware datetime alone, as beside a scale: `9 AM`, `17`."""
    return _hour(_local(moment, zone).hour, _language.get())


@functools.lru_cache(maxsize=256)
def _hour(hour, code):
    has_halves = 'a' in _parsed(code).time_formats['short'].pattern
    return dates.format_time(time(hour), 'h\u202fa' if has_halves else 'H', locale=_parsed(code))


def format_span(seconds):
    """A length of time as hours and minutes: `7 h 05 min`. Seconds are rounded down: nobody is paid for them twice."""
    return _span(int(seconds) // 60, _language.get())


@functools.lru_cache(maxsize=4096)
def _span(minutes, code):
    hours, minutes = divmod(minutes, 60)
    return _('%(hours)s h %(minutes)s min', hours=format_number(hours), minutes=f'{minutes:02d}')


def format_short_span(seconds):
    """A length of time where there is no room for words: `7:05`."""
    hours, minutes = divmod(int(seconds) // 60, 60)
    return f'{format_number(hours)}:{minutes:02d}'


def format_exact_span(seconds):
    """A length of time with its seconds, where a sum must come out: `7 h 05 min 09 s`."""
    return _('%(span)s %(seconds)s s', span=format_span(seconds), seconds=f'{int(seconds) % 60:02d}')


def format_number(value):
    return _number(value, _language.get())


# Pages show the same counts and hours again and again.
@functools.lru_cache(maxsize=1024, typed=True)
def _number(value, code):
    return numbers.format_decimal(value, locale=_parsed(code))


def format_plain(value):
    """A number as it is, up to four decimal places, without signs between its thousands: a desk, a size, a number of staff."""
    return numbers.format_decimal(value, format='0.####', locale=_parsed(_language.get()))


def format_size(count):
    """Bytes for people: `12.3 MiB`."""
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:
        count, unit = count / 1024, unit + 1
    return f'{format_number(round(count, 1))} {_UNITS[unit]}'
