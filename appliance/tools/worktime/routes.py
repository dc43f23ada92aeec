"""The pages of work time. Each button posts, also without JavaScript; htmx swaps what shows the day, wherever that stands."""

import functools
from datetime import date
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, g, redirect, render_template, request, url_for
from markupsafe import Markup

from appliance.core import clock, live_pages, refs
from appliance.core.clock import local_date, microseconds
from appliance.core.errors import Conflict, Invalid
from appliance.core.i18n import current_language, current_zone, format_time_of, texts
from appliance.core.limits import PAGE_ROWS
from appliance.tools.worktime import picture, rules
from appliance.tools.worktime.forms import MINUTES, CorrectionForm
from appliance.web import comments
from appliance.web.attachments import card
from appliance.web.errors import is_fragment
from appliance.web.flashes import say
from appliance.web.forms import NextForm, read_form
from appliance.web.kept import kept
from appliance.web.rights import allowed
from appliance.web.targets import own_target

_ = texts(__name__)
DAYS_DRAWN = 14     # the two weeks of the picture, however many of their days were worked
DAYS_LISTED = 7     # beside it; the page of earlier days has the others
ROW, ROWS_KEPT = ('id', 'on_date', 'zone', 'started_at', 'ended_at', 'net_s'), 2048      # all that the row of a closed day shows
blueprint = Blueprint('worktime', __name__, url_prefix='/worktime', template_folder='templates')


@blueprint.app_template_filter('on_clock_of')
def on_clock_of(moment, day):
    """The time of a moment on the clock of a day's zone, with the date when it is no longer the day's."""
    return format_time_of(day['on_date'], moment, day['zone'])


@blueprint.app_template_filter('day_version')
def version(day):
    """What tells one state of the day from the next: who shows the same already need not be told."""
    return f'{day["id"]}.{day["state"]}.{microseconds(day["since"])}' if day else 'none'


@blueprint.app_template_global()
def day_row(day):
    """A day of the list as Markup: one that is closed is drawn once for each language."""
    if day['state'] == 'closed':
        return _closed_row(current_language(), *(day[name] for name in ROW))
    return Markup(render_template('worktime/day_row.html', one=day))


@functools.lru_cache(maxsize=ROWS_KEPT)
def _closed_row(language, *values):
    return kept(render_template('worktime/day_row.html', one={'state': 'closed', **dict(zip(ROW, values, strict=True))}))


@blueprint.app_template_test('elsewhere')
def is_elsewhere(day):
    """Whether a day began in another zone than the one in which times are shown now."""
    return day['zone'] != current_zone()


@blueprint.get('')
@allowed('employee')
def index():
    """The day with its buttons and what happened on it, and the days before."""
    before = _date(request.args.get('before'))
    if before:
        return render_template('worktime/earlier.html', found=rules.days_of(g.actor, before), most=PAGE_ROWS)
    return _page()


def _date(text):
    """ISO text of a date, or None for the newest page. Invalid for anything else."""
    try:
        return text and date.fromisoformat(text).isoformat()
    except ValueError:
        raise Invalid(_('A date looks like 2026-11-23.'), field='before') from None


def _page(refusal='', correction=None):
    values = _content(correction)
    status = 409 if refusal else correction.status if correction else 200
    return render_template('worktime/index.html', refusal=refusal, **values), status


def _content(correction=None):
    """What the page shows; the top bar then takes the day from here."""
    found = rules.today(g.actor) or {'day': None, 'steps': [], 'corrections': []}
    g.worktime_day = day = found['day']
    if day and day['state'] == 'expired':
        bounds = rules.correction_bounds(day)
        found |= {'correction': correction or CorrectionForm(data=_suggested_end(day)), 'latest': bounds[1],
                  'bounds': [moment.astimezone(ZoneInfo(day['zone'])).strftime(MINUTES) for moment in bounds]}
    days = rules.days_of(g.actor, most=DAYS_DRAWN)['days']
    return {**found, 'leads': rules.leads(g.actor), 'band': day and picture.band(day, found['steps'], found['corrections']),
            'weeks': picture.two_weeks(days, local_date(clock.now(), g.actor.zone)),
            'found': {'days': days[:DAYS_LISTED], 'before': days[DAYS_LISTED - 1]['on_date'].isoformat() if len(days) > DAYS_LISTED else None}}


def _suggested_end(day):
    """Who went into a pause and did not come back most likely left then."""
    return {'ended_at': day['latest_at'].astimezone(ZoneInfo(day['zone'])).replace(tzinfo=None)} if day['pause_id'] else {}


@blueprint.get('/team')
@allowed('employee')
def team():
    """The days of the people whom one heads; none for who heads nobody."""
    return render_template('worktime/team.html', leads=True, **rules.team_days(g.actor, request.args.get('before', '')))


@blueprint.get('/days/<int:day_id>')
@allowed('employee')
def show_day(day_id):
    """One day, for its person and for who heads him."""
    found = rules.timeline(g.actor, day_id)
    is_own = found['day']['person_id'] == g.actor.person_id
    if is_own and found['day']['state'] != 'closed':
        g.worktime_day = found['day']       # there is one at most, and it is the one of the top bar
    may = refs.verbs_at('worktime.day', 'clock' if is_own else 'view')
    return render_template('worktime/day.html', token=live_pages.make_token(g.actor, f'worktime.day:{day_id}'), **found,
                           band=picture.band(found['day'], found['steps'], found['corrections']),
                           files=card(g.actor, 'worktime.day', day_id, may),
                           talk=comments.card(g.actor, 'worktime.day', day_id, may, is_own))


@blueprint.get('/now/<known>')
@allowed('employee')
def now(known):
    """What the page `next` shows of the day, for a tab that heard of a change; 204 when it shows this version already."""
    target = own_target(request.args.get('next'))
    g.worktime_day = rules.day_of(g.actor)
    return ('', 204) if version(g.worktime_day) == known else _swaps(target, '')


@blueprint.post('/days')
@allowed('employee')
def start():
    """Start today's day, or go on with it."""
    return _click(lambda key: rules.start_day(g.actor, address=request.remote_addr or '', request_key=key))


@blueprint.post('/days/<int:day_id>/pauses')
@allowed('employee')
def pause(day_id):
    """Begin a pause."""
    return _click(lambda key: rules.pause(g.actor, day_id, request_key=key))


@blueprint.post('/pauses/<int:pause_id>/closing')
@allowed('employee')
def continue_(pause_id):
    """End a pause."""
    return _click(lambda key: rules.continue_(g.actor, pause_id, request_key=key))


@blueprint.post('/days/<int:day_id>/closing')
@allowed('employee')
def finish(day_id):
    """Finish the day."""
    return _click(lambda key: rules.finish(g.actor, day_id, request_key=key))


def _click(act):
    """Do what a button says. A Conflict shows the day as it is by now, with the words of the refusal."""
    form = read_form(NextForm)
    if not form.validate():
        raise Invalid(' '.join(form.request_key.errors + form.next.errors))
    target, refusal = own_target(form.next.data), ''
    try:
        act(form.request_key.data or None)
    except Conflict as conflict:
        refusal = str(conflict.message)
    if is_fragment():
        return _swaps(target, refusal), 409 if refusal else 200
    return _page(refusal) if refusal else redirect(target, 303)


def _swaps(target, refusal):
    """The parts of the page at `target` that show the day; htmx puts each into its place."""
    path = urlsplit(target).path
    is_here = path == url_for('worktime.index') and not urlsplit(target).query
    content = _content() if is_here else {'day': rules.day_of(g.actor)}
    return render_template('worktime/swaps.html', is_here=is_here, is_home=path == url_for('home.index'), next=target, refusal=refusal,
                           **content)


@blueprint.post('/days/<int:day_id>/correction')
@allowed('employee')
def correct(day_id):
    """Enter the end of an expired day."""
    day = rules.access_day(g.actor, day_id, to='clock')
    form = read_form(CorrectionForm)
    if form.validate():
        try:
            rules.correct(g.actor, day_id, rules.read_end(day, form.ended_at.data), form.reason.data, request_key=form.request_key.data or None)
        except Invalid as error:
            form.refuse(error)
        except Conflict as conflict:
            return _page(str(conflict.message))
        else:
            say(_('The end of your working day is entered.'))
            return redirect(url_for('worktime.index'), 303)
    return _page(correction=form)
