"""/login/kerberos: logging in by the ticket of the computer (RFC 4559). Without a keytab it is not there.

Asking for a ticket makes browsers outside a domain show a dialog of their own, so it is asked for here alone: after a click, or at
once where the browser comes from a network that an administrator named. Every answer but the redirect that lets in is the form:
401 no ticket, or one that proves nothing; 403 not this account; 409 its login is somebody else's here; 429, 503.
"""

from flask import current_app, g, redirect, request

from appliance.core.errors import Busy, Conflict, NotAllowed, NotFound, TooMany, Unavailable
from appliance.core.i18n import texts
from appliance.identity.kerberos import logins
from appliance.identity.kerberos.errors import AccountRefused, KerberosMisconfigured, TicketRefused
from appliance.web.forms import read_form
from appliance.web.login.forms import LoginForm
from appliance.web.login.routes import again, blueprint, has_kerberos, let_in, wait
from appliance.web.rights import public
from appliance.web.targets import own_target

_ = texts(__name__)
CHALLENGE = {'WWW-Authenticate': 'Negotiate'}


@blueprint.get('/login/kerberos')
@public('the door itself')
def by_ticket():
    """Ask the browser for a ticket, or log in by the one that it shows. No other header says who somebody is."""
    if not has_kerberos():
        raise NotFound()
    target = own_target(request.args.get('next'))
    if g.session is not None:
        return redirect(target, 303)
    _require_page()
    scheme, _blank, ticket = request.headers.get('Authorization', '').partition(' ')
    form = read_form(LoginForm, next=target)
    if scheme.lower() != 'negotiate':
        # What a browser shows that has no ticket, or may not use it here.
        words = _('Your browser showed no ticket of your computer. Log in with your password.') if 'asked' in request.args else ''
        return again(form, words, 401, CHALLENGE, kind='plain')
    try:
        token, answer = logins.log_in(current_app.portal, ticket.strip(), request.remote_addr or '', request.user_agent.string)
    except (TicketRefused, AccountRefused, Conflict) as error:
        # Without the challenge: a browser that is asked again would open a dialog for a name and a password.
        return again(form, str(error.message), error.status)
    except TooMany as error:
        return again(form, wait(error.retry_after_s), 429, {'Retry-After': str(error.retry_after_s)}, kind='wait')
    except Busy as error:
        return again(form, str(error.message), 503, {'Retry-After': str(error.retry_after_s)}, kind='wait')
    except Unavailable as error:
        return again(form, _why_not_now(error), 503)
    response = let_in(token, target)
    if answer:      # by which the browser may know that it was us
        response.headers['WWW-Authenticate'] = f'Negotiate {answer}'
    return response


def _require_page():
    """A ticket is shown by itself to whoever asks, so another site could log its visitors in here again and again, unseen: an answer to
    a picture or a script of another page opens no session.
    """
    if request.headers.get('Sec-Fetch-Dest', 'document') != 'document':
        raise NotAllowed(_('This request came from another site.'))


def _why_not_now(error):
    current_app.logger.warning('login by ticket: %s', error.message)
    if isinstance(error, KerberosMisconfigured):
        return _('Tickets cannot be checked just now. Log in with your password, and tell your administrator.')
    return _('The company’s directory does not answer, so your ticket could not be used. Try again in a minute; local accounts can log in here.')
