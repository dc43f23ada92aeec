"""/settings/password: a person changes his password, in the directory that he comes in by or here."""

from flask import g, redirect, render_template, request, url_for

from appliance.core.errors import Busy, Invalid, TooMany, Unavailable
from appliance.core.i18n import texts
from appliance.identity import password_changes, sessions
from appliance.identity.directory.errors import WrongPair
from appliance.web import cookies
from appliance.web.forms import read_form
from appliance.web.rights import EVERYBODY, allowed
from appliance.web.settings.forms import PasswordForm
from appliance.web.settings.routes import blueprint

_ = texts(__name__)


@blueprint.get('/password')
@allowed(*EVERYBODY)
def password():
    """The form, for a local account and where his directory takes a new password from here; else where it is changed."""
    return _page(read_form(PasswordForm))


def _page(form):
    return render_template('settings/password.html', form=form, where=password_changes.kept_where(g.actor))


@blueprint.post('/password')
@allowed(*EVERYBODY)
def change_password():
    """Change it. All his sessions end; this browser gets a new one."""
    form = read_form(PasswordForm)
    try:
        if form.validate():
            token, session_id = password_changes.change_own(g.actor, form.old.data or '', form.new.data or '', request.remote_addr or '', request.user_agent.string,
                                                g.session.is_remembered)
            return _changed(token, session_id)
    except Invalid as error:
        form.refuse(error)
    except (TooMany, Busy, Unavailable, WrongPair) as error:
        form.form_errors.append(str(error.message))
        return _page(form), error.status
    return _page(form), 422


def _changed(token, session_id):
    days = sessions.remembered_days() if g.session.is_remembered else None
    sessions.keep_flashes(session_id, [_('Your password is changed. Everywhere else you are logged out.')])
    g.session = None        # the one that asked has ended
    response = redirect(url_for('settings.password'), 303)
    cookies.keep(response, 'session', token, days=days)
    return response
