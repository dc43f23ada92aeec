"""/admin/directories/<id>/runs: what the comparison with a directory found, carrying it out, and taking it back."""

import functools

from flask import g, redirect, render_template, request, url_for
from wtforms import BooleanField

from appliance.core import people, refs
from appliance.core.errors import Conflict, Invalid, NotFound
from appliance.core.i18n import texts
from appliance.core.limits import NAME_LENGTH, PAGE_ROWS
from appliance.identity.directory import directories
from appliance.identity.directory.adoption import proposals
from appliance.identity.directory.sync import due, models, planning, runs, words
from appliance.web.admin import adoption
from appliance.web.admin.blueprint import blueprint
from appliance.web.asked import number
from appliance.web.flashes import say
from appliance.web.forms import ButtonForm, read_form
from appliance.web.rights import permitted

_ = texts(__name__)

FIRST = 10      # of who may be here already, shown above what else a run found
KINDS_OF_STATE = {models.DONE: 'good', models.HELD: 'warn', models.FAILED: 'bad', models.APPLIED: 'good', models.REFUSED: 'bad'}


class AskForm(ButtonForm):
    """What a plan is to be about."""

    creates = BooleanField(_.lazy('With people who are not here yet'))


@blueprint.post('/directories/<int:directory_id>/runs')
@permitted('identity.directories.manage')
def ask_run(directory_id):
    """Have the directory read and a plan made; the page of the plan follows."""
    form = read_form(AskForm)
    run_id = runs.ask(g.actor, directory_id, form.creates.data, request_key=form.request_key.data or None)
    return redirect(url_for('admin.show_run', directory_id=directory_id, run_id=run_id), 303)


@blueprint.get('/directories/<int:directory_id>/runs')
@permitted('identity.directories.manage')
def list_runs(directory_id):
    """All runs that found something, the newest first."""
    found = runs.list_runs(g.actor, directory_id, number('older'))
    older = found[PAGE_ROWS - 1]['id'] if len(found) > PAGE_ROWS else None
    return render_template('admin/runs.html', directory=directories.one(g.actor, directory_id), runs=found[:PAGE_ROWS], older=older, words=words, badges=KINDS_OF_STATE)


@blueprint.get('/directories/<int:directory_id>/runs/<int:run_id>')
@permitted('identity.directories.manage')
def show_run(directory_id, run_id):
    """A run with its steps; of one kind or with some words, where that is asked for. The first of who may be here already are ticked right here."""
    run, kind, q = _run(directory_id, run_id), request.args.get('kind', ''), request.args.get('q', '')[:NAME_LENGTH].replace('\0', '')
    if kind and kind not in (*planning.KINDS, models.HELD):
        raise NotFound()
    steps = runs.steps_of(g.actor, run_id, kind or None, number('after') or 0, PAGE_ROWS + 1, q, with_proposals=False)
    after = steps[PAGE_ROWS - 1]['id'] if len(steps) > PAGE_ROWS else None
    return render_template('admin/run.html', directory=directories.one(g.actor, directory_id), run=run, steps=steps[:PAGE_ROWS], after=after, kind=kind, q=q, most=NAME_LENGTH, words=words,
                           badges=KINDS_OF_STATE, is_busy=run['state'] in due.OPEN, asked_by=people.names_of([run['by']]).get(run['by']) if run['by'] else '',
                           adoption=_adoption(run, kind, q), at={'run': run_id, 'kind': kind or None}, person_url=functools.partial(refs.url_of, 'core.person'))


def _adoption(run, kind, q):
    """The first of who may be here already by this run, and how many are by any; None where it found none, or something else is asked for."""
    if not run['counts'].get(planning.ADOPT) or kind not in ('', planning.ADOPT) or number('after') or q:
        return None
    is_here = run['states'].get(models.PROPOSED)
    return adoption.shown(g.actor, run['directory_id'], proposals.listed(g.actor, run['directory_id'], limit=PAGE_ROWS if kind else FIRST, run_id=run['id']) if is_here else [])


@blueprint.post('/directories/<int:directory_id>/runs/<int:run_id>/start')
@permitted('identity.directories.manage')
def start_run(directory_id, run_id):
    """Carry a plan out, without what the brake holds."""
    return _act(directory_id, run_id, runs.start)


@blueprint.post('/directories/<int:directory_id>/runs/<int:run_id>/release')
@permitted('identity.directories.manage')
def release_run(directory_id, run_id):
    """Carry out what the brake holds, too."""
    return _act(directory_id, run_id, runs.start, with_held=True)


@blueprint.post('/directories/<int:directory_id>/runs/<int:run_id>/discarding')
@permitted('identity.directories.manage')
def discard_run(directory_id, run_id):
    """Do nothing of it that was not done yet."""
    return _act(directory_id, run_id, runs.discard)


@blueprint.post('/directories/<int:directory_id>/runs/<int:run_id>/undoing')
@permitted('identity.directories.manage')
def undo_run(directory_id, run_id):
    """Take back what it did."""
    return _act(directory_id, run_id, runs.undo)


def _act(directory_id, run_id, rule, **values):
    form = read_form(ButtonForm)
    _run(directory_id, run_id)
    try:
        rule(g.actor, run_id, **values, request_key=form.request_key.data or None)
    except (Conflict, Invalid) as error:
        say(error.message, is_refusal=True)
    return redirect(url_for('admin.show_run', directory_id=directory_id, run_id=run_id), 303)


def _run(directory_id, run_id):
    run = runs.one_run(g.actor, run_id)
    if run['directory_id'] != directory_id:
        raise NotFound()
    return run
