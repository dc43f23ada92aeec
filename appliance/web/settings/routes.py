"""Addresses: /settings, /settings/sessions, and the footer's choices of language and colours."""

from flask import Blueprint, g, redirect, render_template, url_for

from appliance.core import people
from appliance.core.errors import Invalid
from appliance.core.i18n import speak, texts
from appliance.identity import sessions
from appliance.web import cookies
from appliance.web.flashes import say
from appliance.web.forms import read_form
from appliance.web.rights import EVERYBODY, allowed, public
from appliance.web.settings.agents import describe
from appliance.web.settings.forms import EndForm, LanguageForm, PlaceForm, ThemeForm
from appliance.web.targets import own_target

_ = texts(__name__)
blueprint = Blueprint('settings', __name__, url_prefix='/settings')
YEAR_DAYS = 365


@blueprint.route('', methods=['GET', 'POST'])
@allowed(*EVERYBODY)
def index():
    """Language and time zone: his pages and mails speak it at once."""
    form = read_form(PlaceForm, language=g.actor.language, zone=g.actor.zone)
    if form.is_posted and form.validate():
        people.set_language(g.actor, g.actor.person_id, form.language.data)
        people.set_zone(g.actor, g.actor.person_id, form.zone.data)
        speak(form.language.data, form.zone.data)
        say(_('Saved.'))
        return redirect(url_for('settings.index'), 303)
    return render_template('settings/index.html', form=form), form.status


@blueprint.get('/sessions')
@allowed(*EVERYBODY)
def list_sessions():
    """Where he is logged in."""
    found = [{**one, 'browser': describe(one['agent'])} for one in sessions.sessions_of(g.actor)]
    return render_template('settings/sessions.html', sessions=found)


@blueprint.post('/sessions/<int:session_id>/ending')
@allowed(*EVERYBODY)
def end_session(session_id):
    """End one of his own."""
    form = read_form(EndForm)
    sessions.end_session(g.actor, session_id, request_key=form.request_key.data or None)
    say(_('That computer is logged out.'))
    return redirect(url_for('settings.list_sessions'), 303)


@blueprint.post('/sessions/ending')
@allowed(*EVERYBODY)
def end_others():
    """End all but this one."""
    form = read_form(EndForm)
    sessions.end_other_sessions(g.actor, request_key=form.request_key.data or None)
    say(_('All other computers are logged out.'))
    return redirect(url_for('settings.list_sessions'), 303)


@blueprint.post('/language')
@public('the footer of every page, before the login too; a choice for this browser or the person himself')
def choose_language():
    """The footer's language: saved with the person when there is one, in a cookie otherwise."""
    form = _choice(LanguageForm)
    response = redirect(own_target(form.next.data), 303)
    if g.session is None:
        cookies.keep(response, 'language', form.language.data, days=YEAR_DAYS)
    else:
        people.set_language(g.actor, g.actor.person_id, form.language.data)
    return response


@blueprint.post('/theme')
@public('the footer of every page; colours of this browser')
def choose_theme():
    """The footer's colours, in a cookie: a screen at night and one in the sun are two browsers of one person."""
    form = _choice(ThemeForm)
    response = redirect(own_target(form.next.data), 303)
    if form.theme.data == 'automatic':
        cookies.drop(response, 'theme')
    else:
        cookies.keep(response, 'theme', form.theme.data, days=YEAR_DAYS)
    return response


def _choice(kind):
    form = read_form(kind)
    if not form.validate():
        name, errors = next(iter(form.errors.items()))
        raise Invalid(errors[0], field=name)
    return form
