"""/admin/directories: which LDAP directories people log in with; add, edit and remove one, tried part by part as its form is filled in."""

import functools

from flask import current_app, g, redirect, render_template, url_for

from appliance.core.errors import Conflict, Invalid
from appliance.core.i18n import texts
from appliance.identity.directory import directories, gaps, group_rules, removing
from appliance.identity.directory.adoption import proposals
from appliance.identity.directory.sync import runs, words
from appliance.identity.kerberos import health as kerberos
from appliance.web.admin import directory_checks
from appliance.web.admin.blueprint import blueprint
from appliance.web.admin.forms import DirectoryForm, as_typed
from appliance.web.admin.sync import KINDS_OF_STATE, AskForm
from appliance.web.flashes import say
from appliance.web.forms import ButtonForm, read_form
from appliance.web.rights import permitted

_ = texts(__name__)
NEWEST_RUNS = 5
BADGES = {'off': 'plain', 'down': 'bad', 'lost': 'warn', 'part': 'warn', 'used': 'good'}


@blueprint.get('/directories')
@permitted('identity.directories.manage')
def list_directories():
    """All of them, with what is remembered of a failure."""
    return render_template('admin/directories.html', directories=directories.list_directories(g.actor), gaps=_gaps(), people=directories.people_of(g.actor),
                           states=directories.STATES, state_of=directories.state_of, badges=BADGES, kerberos=kerberos.look(current_app.portal))


@blueprint.route('/directories/new', methods=['GET', 'POST'])
@permitted('identity.directories.manage')
def add_directory():
    """A new one: tried part by part, then saved."""
    form = read_form(DirectoryForm, tls='ldaps', is_active=True, sync=directories.KNOWN, changes_passwords=True)
    if directory_checks.is_check(form):
        return directory_checks.answer_check(form, None, functools.partial(_page, None, form))
    if form.is_posted and form.validate() and directory_checks.require_foreign(form):
        try:
            directory_id = directories.add_directory(g.actor, **form.values(), secret=form.secret.data or '',
                                                     request_key=form.request_key.data or None)
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            say(_('Saved. A plan shows who would come in by it.'))
            return redirect(url_for('admin.edit_directory', directory_id=directory_id, _anchor='comparison'), 303)
    return _page(None, form)


@blueprint.route('/directories/<int:directory_id>', methods=['GET', 'POST'])
@permitted('identity.directories.manage')
def edit_directory(directory_id):
    """Its fields; the secret is never shown, and stays when its field is left empty."""
    directory = directories.one(g.actor, directory_id)
    form = read_form(DirectoryForm, **as_typed(directory))
    if directory_checks.is_check(form):
        return directory_checks.answer_check(form, directory, functools.partial(_page, directory, form))
    if form.is_posted and form.validate() and directory_checks.require_foreign(form):
        try:
            directories.edit_directory(g.actor, directory_id, secret=form.secret.data or None, **form.values(directory),
                                       request_key=form.request_key.data or None)
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            say(_('Saved.'))
            return redirect(url_for('admin.edit_directory', directory_id=directory_id), 303)
    return _page(directory, form)


@blueprint.post('/directories/<int:directory_id>/removal')
@permitted('identity.directories.manage')
def remove_directory(directory_id):
    """Remove one by which nobody has come."""
    form = read_form(ButtonForm)
    name = directories.one(g.actor, directory_id)['name']
    try:
        removing.remove_directory(g.actor, directory_id, request_key=form.request_key.data or None)
    except Conflict as error:
        say(error.message, is_refusal=True)
        return redirect(url_for('admin.edit_directory', directory_id=directory_id), 303)
    say(_('%(name)s is removed.', name=name))
    return redirect(url_for('admin.list_directories'), 303)


def _gaps():
    """{directory id: (since when it cannot be followed, why)}."""
    return {directory_id: (since, why) for directory_id, _name, since, why in gaps.open_gaps()}


def _page(directory, form, **checked):
    """The form, with what a try found; beside the form of one that is kept stands its comparison."""
    values = directory_checks.NOTHING | checked
    if directory:
        values['may_go'] = not directory['is_active'] and removing.is_unused(directory['id'])
        values |= {'adoption': proposals.counts(g.actor, directory['id']), 'rules': group_rules.list_rules(g.actor, directory['id']), 'gap': _gaps().get(directory['id']), 'runs': runs.list_runs(g.actor, directory['id'])[:NEWEST_RUNS], 'words': words, 'badges': KINDS_OF_STATE,
                   'ask': AskForm(data={'creates': directory['sync'] == directories.ALL})}
    return render_template('admin/directory.html', form=form, directory=directory, **values), form.status
