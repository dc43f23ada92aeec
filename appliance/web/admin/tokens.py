"""/admin/tokens: everybody's tokens, and the service accounts, which only programs act as."""

from flask import g, redirect, render_template, url_for
from wtforms import StringField
from wtforms.validators import Length

from appliance.core.errors import Conflict, Invalid, NotFound
from appliance.core.i18n import texts
from appliance.core.limits import LOGIN_LENGTH, NAME_LENGTH, PAGE_ROWS
from appliance.identity import services, tokens
from appliance.web.admin.blueprint import blueprint
from appliance.web.asked import number
from appliance.web.flashes import say
from appliance.web.forms import ButtonForm, Form, read_form
from appliance.web.rights import permitted
from appliance.web.settings.tokens import TokenForm, made_page, titled

_ = texts(__name__)


class ServiceForm(Form):
    """A new service account."""

    name = StringField(_.lazy('Name'), [Length(max=NAME_LENGTH)])
    login = StringField(_.lazy('Login'), [Length(max=LOGIN_LENGTH)])
    owner = StringField(_.lazy('Login of the employee who answers for it'), [Length(max=LOGIN_LENGTH)])


class OwnerForm(Form):
    """Somebody else who answers for it."""

    owner = StringField(_.lazy('Login of the employee who answers for it'), [Length(max=LOGIN_LENGTH)])


@blueprint.route('/tokens', methods=['GET', 'POST'])
@permitted('core.programs.manage')
def list_tokens():
    """Service accounts, a form for another, and a page of tokens."""
    form = read_form(ServiceForm)
    if form.is_posted and form.validate():
        try:
            service_id = services.add_service(g.actor, form.login.data or '', form.name.data or '', form.owner.data or '',
                                              request_key=form.request_key.data or None)
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            say(_('The service account is there. Now make its address.'))
            return redirect(url_for('admin.show_service', service_id=service_id), 303)
    found = tokens.all_tokens(g.actor, number('older'), PAGE_ROWS + 1)
    older = found[PAGE_ROWS - 1]['id'] if len(found) > PAGE_ROWS else None
    return render_template('admin/tokens.html', form=form, services=services.services(g.actor), tokens=titled(found[:PAGE_ROWS]),
                           older=older), form.status


@blueprint.post('/tokens/<int:token_id>/revocation')
@permitted('core.programs.manage')
def revoke_token(token_id):
    """Make anybody's worthless."""
    form = read_form(ButtonForm)
    tokens.revoke_token(g.actor, token_id, request_key=form.request_key.data or None)
    say(_('The address is revoked. Whoever uses it is refused from now on.'))
    return redirect(url_for('admin.list_tokens'), 303)


@blueprint.post('/tokens/<int:token_id>/release')
@permitted('core.programs.manage')
def release_token(token_id):
    """Let one count again that a restored backup held."""
    form = read_form(ButtonForm)
    tokens.release_token(g.actor, token_id, request_key=form.request_key.data or None)
    say(_('The address counts again.'))
    return redirect(url_for('admin.list_tokens'), 303)


@blueprint.route('/tokens/services/<int:service_id>', methods=['GET', 'POST'])
@permitted('core.programs.manage')
def show_service(service_id):
    """One service account; its form makes a token for it."""
    service, form = _service(service_id), read_form(TokenForm, lives='365')
    if form.is_posted and form.validate():
        try:
            token, _row_id = tokens.make_token(g.actor, **form.values(), person_id=service_id)
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            back = url_for('admin.show_service', service_id=service_id)
            return made_page(token, service_id, service['name'], form.name.data, back, is_administration=True)
    return _service_page(service, form, OwnerForm(data={'owner': service['owner_login']})), form.status


@blueprint.post('/tokens/services/<int:service_id>/owner')
@permitted('core.programs.manage')
def hand_over_service(service_id):
    """Let another employee answer for it."""
    form = read_form(OwnerForm)
    if form.validate():
        try:
            services.hand_over(g.actor, service_id, form.owner.data or '', request_key=form.request_key.data or None)
        except Invalid as error:
            form.refuse(error)
        else:
            say(_('The service account is handed over.'))
            return redirect(url_for('admin.show_service', service_id=service_id), 303)
    return _service_page(_service(service_id), TokenForm(data={'lives': '365'}), form), form.status


def _service(service_id):
    found = next((one for one in services.services(g.actor) if one['id'] == service_id), None)
    if found is None:
        raise NotFound()
    return found


def _service_page(service, form, owner_form):
    return render_template('admin/service.html', service=service, form=form, owner_form=owner_form,
                           tokens=titled(tokens.of_person(g.actor, service['id'])))
