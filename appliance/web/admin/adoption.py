"""/admin/directories/<id>/adoption: who of the people here is which entry of a directory, by one tick each.

A page of ticks is kept by a button; nothing on it joins anybody but the button that says so.
"""

import functools

from flask import g, redirect, render_template, request, url_for
from wtforms import SelectMultipleField

from appliance.core import permissions, refs
from appliance.core.errors import Conflict, Invalid
from appliance.core.i18n import texts
from appliance.core.limits import GREATEST_ID, PAGE_ROWS
from appliance.identity.directory import directories
from appliance.identity.directory.adoption import matching, proposals, ticking
from appliance.identity.directory.sync import words
from appliance.web.admin.blueprint import blueprint
from appliance.web.asked import number
from appliance.web.flashes import say
from appliance.web.forms import ButtonForm, Form, read_form
from appliance.web.rights import permitted

_ = texts(__name__)
BADGES = {matching.NUMBER: 'good', matching.LOGIN: 'good', matching.MAIL: 'warn', matching.AMBIGUOUS: 'bad'}
SHORT = {matching.NUMBER: _.lazy('Employee number'), matching.LOGIN: _.lazy('Login'), matching.MAIL: _.lazy('Mail only'),
         matching.AMBIGUOUS: _.lazy('Several match')}


def _step_id(text):
    found = int(text)
    if not 0 < found <= GREATEST_ID:
        raise ValueError
    return found


class TicksForm(Form):
    """The steps that a page showed, and which of them are ticked."""

    shown = SelectMultipleField(coerce=_step_id, validate_choice=False)
    ticked = SelectMultipleField(coerce=_step_id, validate_choice=False)


@blueprint.get('/directories/<int:directory_id>/adoption')
@permitted('identity.directories.manage')
def list_adoption(directory_id):
    """The proposals that wait, of one certainty where that is asked for."""
    by = request.args.get('by', '')
    found = proposals.listed(g.actor, directory_id, by or None, number('after') or 0, PAGE_ROWS + 1)
    return render_template('admin/adoption.html', directory=directories.one(g.actor, directory_id), by=by, certainties=matching.CERTAINTIES,
                           after=found[PAGE_ROWS - 1]['id'] if len(found) > PAGE_ROWS else None, at={'by': by or None, 'after': number('after')},
                           adoption=shown(g.actor, directory_id, found[:PAGE_ROWS]), person_url=functools.partial(refs.url_of, 'core.person'))


def shown(actor, directory_id, found):
    """What admin/adoption_form.html needs beside the directory to show proposals, as `proposals.listed` gives them."""
    titles = permissions.roles() if any(one['roles'] for one in found) else {}
    return {'found': [one | {'titles': [titles.get(role, role) for role in one['roles']]} for one in found], 'badges': BADGES, 'short': SHORT,
            'counts': proposals.counts(actor, directory_id), 'fields': [(name, words.FIELDS[name]) for name in matching.COMPARED], 'reasons': words.REASONS}


@blueprint.post('/directories/<int:directory_id>/adoption/ticks')
@permitted('identity.directories.manage')
def keep_ticks(directory_id):
    """Keep the ticks of this page, and show the next where there is one."""
    form = _read()
    _tick(directory_id, form, form.ticked.data)
    return _back(directory_id, number('next') or number('after'))


@blueprint.post('/directories/<int:directory_id>/adoption/page')
@permitted('identity.directories.manage')
def tick_page(directory_id):
    """Tick all that this page showed, but for those of whom several match."""
    form = _read()
    _tick(directory_id, form, sorted({*form.ticked.data, *ticking.sure_ones(directory_id, shown=form.shown.data)}))
    return _back(directory_id, number('after'))


@blueprint.post('/directories/<int:directory_id>/adoption/joining')
@permitted('identity.directories.manage')
def join_people(directory_id):
    """Keep the ticks, and let the job join all whom this administrator ticked."""
    form = _read()
    _tick(directory_id, form, form.ticked.data)
    try:
        run_id = ticking.join(g.actor, directory_id, request_key=form.request_key.data or None)
    except Conflict as error:
        say(error.message, is_refusal=True)
        return _back(directory_id, number('after'))
    return redirect(url_for('admin.show_run', directory_id=directory_id, run_id=run_id), 303)


@blueprint.post('/directories/<int:directory_id>/adoption/declining')
@permitted('identity.directories.manage')
def decline_people(directory_id):
    """Those of this page that are ticked are two people each."""
    form = _read()
    count = ticking.decline(g.actor, directory_id, form.ticked.data, request_key=form.request_key.data or None)
    say(_.plural('%(n)s proposal is put aside: different people.', '%(n)s proposals are put aside: different people.', count))
    return _back(directory_id, number('after'))


@blueprint.post('/directories/<int:directory_id>/adoption/reconsidering')
@permitted('identity.directories.manage')
def reconsider_people(directory_id):
    """Let those who were told to be different people be proposed again."""
    form = read_form(ButtonForm)
    count = ticking.reconsider(g.actor, directory_id, request_key=form.request_key.data or None)
    say(_.plural('%(n)s is proposed again by the next plan, if it is still so.', '%(n)s are proposed again by the next plan, if it is still so.', count))
    return _back(directory_id, None)


def _read():
    form = read_form(TicksForm)
    if not form.validate() or len(form.shown.data) > PAGE_ROWS or len(form.ticked.data) > PAGE_ROWS:
        raise Invalid(_('This is not a page of proposals.'), field='ticked')
    return form


def _tick(directory_id, form, ticked):
    told = ticking.tick(g.actor, directory_id, form.shown.data, ticked)
    if told['not_allowed']:
        say(_.plural('%(n)s person may do more than you: somebody who may do as much has to tick him.',
                     '%(n)s people may do more than you: somebody who may do as much has to tick them.', told['not_allowed']))
    if told['taken']:
        say(_.plural('%(n)s was not ticked: its person or entry is ticked with another.', '%(n)s were not ticked: their person or entry is ticked with another.',
                     told['taken']))
    if told['gone']:
        say(_.plural('About %(n)s something was decided meanwhile.', 'About %(n)s something was decided meanwhile.', told['gone']))


def _back(directory_id, after):
    """To where the ticks were shown: the page of proposals, or of the run that they stand in."""
    run_id = number('run')
    if run_id:
        return redirect(url_for('admin.show_run', directory_id=directory_id, run_id=run_id, kind=request.args.get('kind') or None), 303)
    return redirect(url_for('admin.list_adoption', directory_id=directory_id, by=request.args.get('by') or None, after=after), 303)
