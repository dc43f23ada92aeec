"""Addresses: /login, /login/password, /logout. Statuses are fixed: 303 well, 401 wrong pair, 429 throttled, 503 directory or busy.

`/login?local=1` is the form, whatever else there is to log in by; kerberos.py has the other way.
"""

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for

from appliance.core.errors import Busy, Invalid, NotFound, TooMany, Unavailable
from appliance.core.i18n import texts
from appliance.core.settings import get_setting
from appliance.identity import accounts, owed_steps, password_changes, sessions
from appliance.identity.directory.errors import WrongPair
from appliance.web import cookies
from appliance.web.forms import read_form
from appliance.web.login import networks
from appliance.web.login.forms import EndForm, LoginForm, PasswordForm
from appliance.web.rights import EVERYBODY, allowed, public
from appliance.web.targets import own_target

_ = texts(__name__)
blueprint = Blueprint('login', __name__)


@blueprint.get('/login')
@public('the door itself')
def form():
    """The login page; whoever is logged in goes on, and who comes from a network of the domain is asked for his ticket first."""
    target = own_target(request.args.get('next'))
    if g.session is not None:
        return redirect(target, 303)
    if has_kerberos() and 'local' not in request.args and networks.is_within(request.remote_addr, get_setting('login.ticket_networks')):
        return redirect(url_for('login.by_ticket', next=request.args.get('next')), 303)
    return again(read_form(LoginForm, next=target), '', 200)


def has_kerberos():
    """Whether this portal has a keytab."""
    return bool(current_app.portal.sso.keytab)


@blueprint.post('/login')
@public('the door itself')
def log_in():
    """Check the pair; on success a new session and a new cookie, whatever the browser had before."""
    form = read_form(LoginForm)
    form.next.data = own_target(form.next.data)
    try:
        token, _person_id, _language = accounts.log_in(
            form.login.data or '', form.password.data or '', request.remote_addr or '', request.user_agent.string, form.remember.data)
    except owed_steps.StepOwed as owed:
        return _to_step(owed.token, form.next.data)
    except WrongPair as error:
        # A directory that wants a new password first says so only after the right one.
        words = error.message if error.may_tell else _('Login and password do not belong together. Check both and try again.')
        return again(form, str(words), 401)
    except TooMany as error:
        return again(form, wait(error.retry_after_s), 429, {'Retry-After': str(error.retry_after_s)}, kind='wait')
    except Busy as error:
        return again(form, str(error.message), 503, {'Retry-After': str(error.retry_after_s)}, kind='wait')
    except Unavailable as error:
        current_app.logger.warning('login: the directory cannot be asked: %s', error.message)
        return render_template('login/directory.html', target=form.next.data), 503
    return let_in(token, form.next.data, form.remember.data)


def _to_step(token, target, words=''):
    """Nobody is in yet: another cookie, good for the new password and nothing else. The form comes at once: a redirect means «in» to the page's script."""
    response = current_app.make_response((render_template('login/password.html', form=PasswordForm(data={'next': target}), refusal=words), 401))
    cookies.keep(response, 'step', token)
    return response


@blueprint.get('/login/password')
@public('a step of the login: its cookie opens nothing else')
def new_password():
    """Where the directory wants a new password before it lets somebody in. Who owes no such step starts at the login."""
    try:
        owed_steps.find_step(owed_steps.DIRECTORY_PASSWORD, request.cookies.get(cookies.name('step')))
    except NotFound:
        return redirect(url_for('login.form'), 303)
    return render_template('login/password.html', form=read_form(PasswordForm, next=own_target(request.args.get('next'))))


@blueprint.post('/login/password')
@public('a step of the login: its cookie opens nothing else')
def change_password():
    """Change it in the directory, and in."""
    form = read_form(PasswordForm)
    form.next.data = own_target(form.next.data)
    if not form.validate():
        return _step_again(form, '', 422)
    try:
        opened = password_changes.change_owed(request.cookies.get(cookies.name('step')), form.old.data or '', form.new.data or '', request.remote_addr or '',
                                              request.user_agent.string)
    except owed_steps.StepOwed as owed:
        return _to_step(owed.token, form.next.data, _('The new password is set. The directory takes it for one that somebody else gave you, so it wants you to choose '
                                                      'another one once: the current one is the one that you have just chosen.'))
    except Invalid as error:
        form.refuse(error)
        return _step_again(form, '', 422)
    except TooMany as error:
        return _step_again(form, wait(error.retry_after_s), 429, {'Retry-After': str(error.retry_after_s)})
    except Busy as error:
        return _step_again(form, str(error.message), 503, {'Retry-After': str(error.retry_after_s)})
    except Unavailable as error:
        current_app.logger.warning('login: the directory cannot be asked: %s', error.message)
        return render_template('login/directory.html', target=form.next.data), 503
    except (WrongPair, NotFound) as error:
        words = str(error.message) if isinstance(error, NotFound) or error.may_tell else _('The directory does not let you in. Ask your administrator.')
        return _without_step(again(_login_form(form.next.data), words, 401))
    if opened is None:
        return _without_step(again(_login_form(form.next.data), _('Your password is changed. Log in with the new one.'), 200, kind='good'))
    return _without_step(let_in(opened[0], form.next.data, opened[1]))


def _login_form(target):
    """The login's form, empty but for where to go then."""
    return LoginForm(data={'next': target})


def _step_again(form, refusal, status, headers=None):
    return render_template('login/password.html', form=form, refusal=refusal), status, headers or {}


def _without_step(answer):
    response = current_app.make_response(answer)
    cookies.drop(response, 'step')
    return response


def wait(seconds):
    """The words for who tried too often."""
    if seconds < 120:
        return _('Too many tries. Wait %(seconds)s seconds, then try again.', seconds=seconds)
    return _('Too many tries. Wait %(minutes)s minutes, then try again.', minutes=-(-seconds // 60))


def let_in(token, target, is_remembered=False):
    """The answer that brings somebody in: the session's cookie, and away from the form."""
    response = redirect(target, 303)
    cookies.keep(response, 'session', token, days=sessions.remembered_days() if is_remembered else None)
    cookies.drop(response, 'visit')
    return response


def again(form, refusal, status, headers=None, kind='bad'):
    """The form, with the login but never with the password. `refusal` are words above it; kind is their weight: bad, wait, plain, good."""
    return render_template('login/form.html', form=form, refusal=refusal, kind=kind, days=sessions.remembered_days(),
                           has_kerberos=has_kerberos()), status, headers or {}


@blueprint.post('/logout')
@allowed(*EVERYBODY)
def logout():
    """End this session; the browser forgets what it kept of us, except the language and colours of the computer."""
    read_form(EndForm)
    sessions.end_session(g.actor, g.session.id)
    g.session = None
    # The form, not the ticket: who logs out must stay out.
    response = redirect(url_for('login.form', local=1 if has_kerberos() else None), 303)
    cookies.drop(response, 'session')
    response.headers['Clear-Site-Data'] = '"cache", "storage"'
    return response
