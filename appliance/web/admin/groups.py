"""/admin/directories/<id>/groups: which groups of a directory give roles and departments; a group is looked for in the directory itself."""

from flask import g, redirect, render_template, request, url_for

from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.i18n import texts
from appliance.core.limits import NAME_LENGTH
from appliance.identity.directory import directories, group_rules
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured
from appliance.web.admin.blueprint import blueprint
from appliance.web.admin.forms import GroupForm
from appliance.web.flashes import say
from appliance.web.forms import ButtonForm, read_form
from appliance.web.rights import permitted

_ = texts(__name__)
KINDS = {'role': _.lazy('Roles'), 'department': _.lazy('Departments')}


@blueprint.get('/directories/<int:directory_id>/groups')
@permitted('identity.directories.manage')
def find_groups(directory_id):
    """Look for a group by name, choose what it gives."""
    return _page(directories.one(g.actor, directory_id), GroupForm(), request.args.get('q', '')[:NAME_LENGTH].replace('\0', '') if 'q' in request.args else None)


@blueprint.post('/directories/<int:directory_id>/groups')
@permitted('identity.directories.manage')
def add_rule(directory_id):
    """A rule about one of the groups that were found."""
    directory, form = directories.one(g.actor, directory_id), read_form(GroupForm)
    if form.validate():
        kind, _colon, what = form.gives.data.partition(':')
        try:
            group = group_rules.find_group(g.actor, directory_id, form.group.data)
            group_rules.add_rule(g.actor, directory_id, group, kind, what, request_key=form.request_key.data or None)
        except (Invalid, Conflict, NotAllowed, NotFound, DirectoryDown, DirectoryMisconfigured) as error:
            form.refuse(error)
        else:
            say(_('The rule counts from the next look at the directory on.'))
            return redirect(url_for('admin.edit_directory', directory_id=directory_id, _anchor='groups'), 303)
    return _page(directory, form, form.q.data or '')


@blueprint.post('/directories/<int:directory_id>/groups/<int:rule_id>/removal')
@permitted('identity.directories.manage')
def remove_rule(directory_id, rule_id):
    """Let a rule go."""
    form = read_form(ButtonForm)
    directories.one(g.actor, directory_id)
    group_rules.remove_rule(g.actor, directory_id, rule_id, request_key=form.request_key.data or None)
    say(_('The rule is gone. What it alone gave is taken back by the next look at the directory.'))
    return redirect(url_for('admin.edit_directory', directory_id=directory_id, _anchor='groups'), 303)


def _page(directory, form, q):
    """q None: nothing was asked yet, and the directory is not."""
    found, failure = [], ''
    if q is not None:
        try:
            found = group_rules.find_groups(g.actor, directory['id'], q)
        except (DirectoryDown, DirectoryMisconfigured) as error:
            failure = str(error.message)
    # Nothing is chosen at first: the first of the roles may do everything.
    form.gives.choices = {str(form.gives.label.text): [('', _('Choose'))]} | {
        str(KINDS[kind]): [(f'{kind}:{what}', words) for what, words in choices] for kind, choices in group_rules.may_give(g.actor).items()}
    return render_template('admin/groups.html', directory=directory, form=form, q=q or '', found=found, failure=failure, most=NAME_LENGTH), form.status
