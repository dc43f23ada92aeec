"""/admin/directories: which LDAP directories people log in with; add, edit, and test one step by step."""

from flask import g, redirect, render_template, url_for

from appliance.core.errors import Conflict, Invalid, NotFound
from appliance.core.i18n import texts
from appliance.identity.directory import directories, probe
from appliance.identity.directory.adoption import proposals
from appliance.identity.directory.sync import runs, words
from appliance.web.admin.blueprint import blueprint
from appliance.web.admin.forms import DirectoryForm, TestForm, as_typed
from appliance.web.admin.sync import KINDS_OF_STATE, AskForm
from appliance.web.flashes import say
from appliance.web.forms import read_form
from appliance.web.rights import permitted

_ = texts(__name__)
STEPS = {'reach': _.lazy('Reach the server'), 'encryption': _.lazy('Encrypt the connection'), 'bind': _.lazy("Log in with the portal's account"),
         'base': _.lazy('Read the base'), 'people': _.lazy('Find the people'), 'login': _.lazy('Log in as a person')}
NEWEST_RUNS = 5
STATES = {'ok': (_.lazy('Well'), 'good'), 'failed': (_.lazy('Failed'), 'bad'), 'skipped': (_.lazy('Not tried'), 'plain')}


@blueprint.get('/directories')
@permitted('identity.directories.manage')
def list_directories():
    """All of them, with what is remembered of a failure."""
    return render_template('admin/directories.html', directories=directories.list_directories(g.actor))


@blueprint.route('/directories/new', methods=['GET', 'POST'])
@permitted('identity.directories.manage')
def add_directory():
    """A new one; tested on the page that follows."""
    form = read_form(DirectoryForm, tls='ldaps', is_active=True, sync=directories.KNOWN)
    if form.is_posted and form.validate():
        try:
            directory_id = directories.add_directory(g.actor, **form.values(), secret=form.secret.data or '',
                                                     request_key=form.request_key.data or None)
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            say(_('Saved. Now test it.'))
            return redirect(url_for('admin.edit_directory', directory_id=directory_id, _anchor='test'), 303)
    return render_template('admin/directory.html', form=form, directory=None), form.status


@blueprint.route('/directories/<int:directory_id>', methods=['GET', 'POST'])
@permitted('identity.directories.manage')
def edit_directory(directory_id):
    """Its fields; the secret is never shown, and stays when its field is left empty."""
    directory = _directory(directory_id)
    form = read_form(DirectoryForm, **as_typed(directory))
    if form.is_posted and form.validate():
        try:
            directories.edit_directory(g.actor, directory_id, secret=form.secret.data or None, **form.values(directory),
                                       request_key=form.request_key.data or None)
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            say(_('Saved. Now test it.'))
            return redirect(url_for('admin.edit_directory', directory_id=directory_id, _anchor='test'), 303)
    return _page(directory, form)


@blueprint.post('/directories/<int:directory_id>/test')
@permitted('identity.directories.manage')
def test_directory(directory_id):
    """Try it now, with a login when one was typed. Writes nothing, so that a repeat is another try."""
    directory, form = _directory(directory_id), read_form(TestForm)
    report = probe.test_directory(g.actor, directory_id, form.name.data or '', form.password.data or '') if form.validate() else None
    return _page(directory, DirectoryForm(data=as_typed(directory)), form, report)


def _directory(directory_id):
    for found in directories.list_directories(g.actor):
        if found['id'] == directory_id:
            return found
    raise NotFound()


def _page(directory, form, test=None, report=None):
    test = test or TestForm()
    return render_template('admin/directory.html', form=form, directory=directory, test=test, report=report, steps=STEPS, states=STATES,
                           runs=runs.list_runs(g.actor, directory['id'])[:NEWEST_RUNS], words=words, badges=KINDS_OF_STATE, adoption=proposals.counts(g.actor, directory['id']),
                           ask=AskForm(data={'creates': directory['sync'] == directories.ALL})), max(form.status, test.status)
