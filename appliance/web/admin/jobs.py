"""/admin/jobs: what runs by itself, when it was promised and when it came; and asking for a run now."""

from flask import g, redirect, render_template, url_for

from appliance.core import jobs, listeners
from appliance.core.errors import NotFound
from appliance.core.i18n import texts
from appliance.jobs import own
from appliance.web.admin.blueprint import blueprint
from appliance.web.flashes import say
from appliance.web.forms import Form, read_form
from appliance.web.rights import permitted

_ = texts(__name__)
LATE_S = 60     # a lane may be taken for a while; a minute is nothing to worry about
STATES = {'done': (_.lazy('Done'), 'good'), 'failed': (_.lazy('Failed'), 'bad'), 'missed': (_.lazy('Missed'), 'warn'),
          'running': (_.lazy('Running'), ''), 'waiting': (_.lazy('Waiting'), 'plain')}


class RunForm(Form):
    """A button that asks for a run."""


def listing():
    """What core.jobs tells of every job; their declarations are loaded when the first page asks, not with the web process."""
    own.load()
    return jobs.listing()


@blueprint.get('/jobs')
@permitted('core.jobs.manage')
def list_jobs():
    """Every job with its last and its next run."""
    return render_template('admin/jobs.html', jobs=listing(), states=STATES, late_s=LATE_S, deliveries=listeners.troubled())


@blueprint.get('/jobs/<name>')
@permitted('core.jobs.manage')
def job(name):
    """One job with its newest runs."""
    found = [one for one in listing() if one['name'] == name]
    if not found:
        raise NotFound()
    return render_template('admin/job.html', job=found[0], runs=jobs.runs_of(name), states=STATES, late_s=LATE_S)


@blueprint.post('/jobs/<name>/runs')
@permitted('core.jobs.manage')
def run_job(name):
    """Ask for a run now."""
    form = read_form(RunForm)
    own.load()
    jobs.request(g.actor, name, request_key=form.request_key.data or None)
    say(_('The job will run at once. Reload this page to see how it went.'))
    return redirect(url_for('admin.job', name=name), 303)


@blueprint.post('/deliveries/<int:event_id>/<listener>')
@permitted('core.jobs.manage')
def retry_delivery(event_id, listener):
    """Let a listener hear an event once more."""
    form = read_form(RunForm)
    listeners.retry(g.actor, event_id, listener, request_key=form.request_key.data or None)
    say(_('It is tried again at once.'))
    return redirect(url_for('admin.list_jobs'), 303)
