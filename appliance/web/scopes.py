"""/settings/values: what a person decides for himself, a head for his department, an administrator for the company; each value with where
it comes from."""

from flask import Blueprint, g, redirect, render_template, url_for
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length

from appliance.core import scopes
from appliance.core.errors import Invalid, NotFound
from appliance.core.i18n import texts
from appliance.core.settings import COMPANY
from appliance.web.flashes import say
from appliance.web.forms import Form, read_form
from appliance.web.rights import EVERYBODY, allowed, permitted

_ = texts(__name__)
blueprint = Blueprint('scopes', __name__, url_prefix='/settings/values')


class ValueForm(Form):
    """One setting's value as text."""

    name = HiddenField(validators=[InputRequired(), Length(max=200)])
    value = StringField(_.lazy('Value'), validators=[Length(max=1000)])


class ClearForm(Form):
    """One setting that shall not be decided here."""

    name = HiddenField(validators=[InputRequired(), Length(max=200)])


@blueprint.get('')
@allowed(*EVERYBODY)
def mine():
    """What one decides for oneself."""
    return _page(f'person:{g.actor.person_id}')


@blueprint.get('/company')
@permitted('core.settings.manage')
def company():
    """What the company decides."""
    return _page(COMPANY)


@blueprint.get('/<scope>')
@allowed(*EVERYBODY)
def department(scope):
    """What a department decides."""
    if not scope.startswith('department:'):
        raise NotFound()
    return _page(scope)


def _page(scope, refused=None, typed='', message=''):
    found = scopes.listing(g.actor, scope)
    title = _('Preferences') if scope.startswith('person:') else _('Settings of %(place)s', place=scopes.words_of(scope))
    return render_template('scopes/index.html', settings=found, scope=scope, path=_path(scope), title=title, refused=refused, typed=typed, message=message,
                           departments=scopes.led_by(g.actor)), 422 if refused else 200


def _path(scope):
    return 'company' if scope == COMPANY else 'mine' if scope.startswith('person:') else scope


def _scope(path):
    if path == 'mine':
        return f'person:{g.actor.person_id}'
    if path != 'company' and not path.startswith('department:'):
        raise NotFound()
    return COMPANY if path == 'company' else path


def _back(path):
    return redirect({'company': url_for('scopes.company'), 'mine': url_for('scopes.mine')}.get(path) or url_for('scopes.department', scope=path), 303)


@blueprint.post('/<path>')
@allowed(*EVERYBODY)
def decide(path):
    """Decide one."""
    form, scope = read_form(ValueForm), _scope(path)
    scopes.require_scope(g.actor, scope)
    if not form.validate():
        raise Invalid(' '.join(str(error) for errors in form.errors.values() for error in errors))
    try:
        scopes.set_in(g.actor, scope, form.name.data, form.value.data or '', request_key=form.request_key.data or None)
    except Invalid as error:
        return _page(scope, form.name.data, form.value.data, str(error.message))
    say(_('Saved.'))
    return _back(path)


@blueprint.post('/<path>/clearing')
@allowed(*EVERYBODY)
def clear(path):
    """Let the next outwards decide."""
    form, scope = read_form(ClearForm), _scope(path)
    scopes.clear_in(g.actor, scope, form.name.data or '', request_key=form.request_key.data or None)
    say(_('Saved.'))
    return _back(path)
