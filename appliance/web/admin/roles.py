"""/admin/roles: who may administer what; what each role may; roles of the company's own."""

from flask import g, redirect, render_template, url_for
from wtforms import BooleanField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from appliance.core import people, permissions
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.i18n import texts
from appliance.core.limits import LOGIN_LENGTH, NAME_LENGTH
from appliance.identity import accounts
from appliance.web.admin.blueprint import blueprint
from appliance.web.flashes import say
from appliance.web.forms import Form, read_form
from appliance.web.rights import permitted

_ = texts(__name__)


class GiveForm(Form):
    """A role for a person."""

    login = StringField(_.lazy('Login of the person'), [InputRequired(_.lazy('A login is needed.')), Length(max=LOGIN_LENGTH)])
    role = SelectField(_.lazy('Role'), validate_choice=False)


class TakeForm(Form):
    """A button that takes a role back."""


class RoleForm(Form):
    """A role of the company's own."""

    name = StringField(_.lazy('Name, one word'), [InputRequired(_.lazy('A name is needed.')), Length(max=40)])
    title = StringField(_.lazy('Title'), [InputRequired(_.lazy('A title is needed.')), Length(max=NAME_LENGTH)])


@blueprint.get('/roles')
@permitted('core.roles.manage')
def list_roles():
    """The roles, what each may, and who has one."""
    return _page()


def _page(give=None, new=None):
    titles, matrix = permissions.roles(), permissions.matrix()
    give = give or GiveForm()
    give.role.choices = [(name, title) for name, title in titles.items() if name not in permissions.KINDS]
    status = max(form.status for form in (give, new or give))
    return render_template('admin/roles.html', give=give, new=new or RoleForm(), titles=titles, holders=people.people_with_roles(),
                           counts={role: sum(may.values()) for role, may in matrix.items()}, given=permissions.KINDS), status


@blueprint.post('/roles/people')
@permitted('core.roles.manage')
def give_role():
    """Give a person a role."""
    form = read_form(GiveForm)
    if form.validate():
        try:
            person = accounts.person_by_login(form.login.data)
            people.give_role(g.actor, person.id, form.role.data, request_key=form.request_key.data or None)
        except (NotFound, NotAllowed, Invalid) as error:
            form.refuse(error)
        else:
            say(_('%(name)s has the role now, and must log in again.', name=person.name))
            return redirect(url_for('admin.list_roles'), 303)
    return _page(give=form)


@blueprint.post('/roles/people/<int:person_id>/<role>')
@permitted('core.roles.manage')
def take_role(person_id, role):
    """Take a role from a person."""
    form = read_form(TakeForm)
    try:
        people.take_role(g.actor, person_id, role, request_key=form.request_key.data or None)
    except Conflict as conflict:
        form = GiveForm()
        form.refuse(conflict)
        return _page(give=form)[0], 409
    say(_('The role was taken back.'))
    return redirect(url_for('admin.list_roles'), 303)


@blueprint.post('/roles')
@permitted('core.roles.manage')
def add_role():
    """A role of the company's own."""
    form = read_form(RoleForm)
    if form.validate():
        try:
            permissions.add_role(g.actor, form.name.data, form.title.data, request_key=form.request_key.data or None)
        except (Conflict, Invalid) as error:
            form.refuse(error)
        else:
            return redirect(url_for('admin.role', role=form.name.data), 303)
    return _page(new=form)


@blueprint.route('/roles/<role>', methods=['GET', 'POST'])
@permitted('core.roles.manage')
def role(role):
    """What a role may: a box for each permission."""
    titles = permissions.roles()
    if role not in titles:
        raise NotFound()
    known, held = permissions.declared(), permissions.matrix()[role]
    boxes = {name.replace('.', '-'): BooleanField(str(one.label)) for name, one in known.items()}
    form = read_form(type('PermissionsForm', (Form,), boxes), **{name.replace('.', '-'): may for name, may in held.items()})
    if form.is_posted:
        try:
            _keep(role, {name: form[name.replace('.', '-')].data for name in known}, held, form.request_key.data)
        except (Conflict, NotAllowed) as error:
            form.refuse(error)
        else:
            say(_('What the role may is saved.'))
            return redirect(url_for('admin.list_roles'), 303)
    return render_template('admin/role.html', role=role, title=titles[role], form=form, names={name.replace('.', '-'): name for name in known},
                           is_fixed=role == 'administrator'), form.status


def _keep(role, wanted, held, key):
    changed = {name: may for name, may in wanted.items() if may != held[name]}
    permissions.set_permissions(g.actor, role, changed, request_key=key or None)
