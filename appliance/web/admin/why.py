"""/why/<object>: who sees something, for those who see it. /admin/why: why a person sees something, or does not."""

from flask import Blueprint, g, render_template, request

from appliance.core import explain
from appliance.core.errors import NotAllowed, NotFound
from appliance.core.i18n import texts
from appliance.core.limits import LOGIN_LENGTH
from appliance.identity import accounts
from appliance.web.admin.blueprint import blueprint
from appliance.web.rights import EVERYBODY, allowed, permitted

_ = texts(__name__)
everybody = Blueprint('why', __name__)


@everybody.get('/why/<ref>')
@allowed(*EVERYBODY)
def who_sees(ref):
    """Who sees this, and what gives him the right."""
    return render_template('why/object.html', ref=ref, **explain.who_sees(g.actor, ref))


@blueprint.get('/why')
@permitted('core.audit.read')
def why():
    """Ask for a person and an object."""
    login, ref = request.args.get('login', '')[:LOGIN_LENGTH], request.args.get('object', '')[:100]
    found, refusal = None, ''
    if login.strip() and ref.strip():
        try:
            found = explain.why(g.actor, accounts.person_by_login(login).id, ref)
        except NotFound as error:
            refusal = str(error.message)
        except NotAllowed:
            refusal = _('This person is blocked, and sees nothing.')
    return render_template('why/person.html', login=login, ref=ref, found=found, refusal=refusal), 404 if refusal else 200
