"""/admin/search: how much the index holds, and making it anew."""

from flask import g, redirect, render_template, url_for

from appliance.core import derived, operations, search
from appliance.core.i18n import texts
from appliance.web.admin.blueprint import blueprint
from appliance.web.flashes import say
from appliance.web.forms import Form, read_form
from appliance.web.rights import permitted

_ = texts(__name__)


class AskForm(Form):
    """A button."""


@blueprint.get('/search')
@permitted('core.jobs.manage')
def show_search():
    """What is indexed, and how far a rebuilding has come."""
    counts = search.counts()
    kinds = [(str(one.title), name, counts.get(name, 0)) for name, one in search.kinds().items()]
    return render_template('admin/search.html', kinds=kinds, **_progress())


@blueprint.get('/search/progress')
@permitted('core.jobs.manage')
def search_progress():
    """The progress alone; it asks again until all is done."""
    return render_template('admin/search_progress.html', **_progress())


def _progress():
    return {'operation': operations.newest('core.derive'), 'is_waiting': bool(derived.outdated())}


@blueprint.post('/search')
@permitted('core.jobs.manage')
def ask_search():
    """Have it made anew."""
    form = read_form(AskForm)
    derived.ask(g.actor, request_key=form.request_key.data or None)
    say(_('The search is made anew. Meanwhile it finds what it has.'))
    return redirect(url_for('admin.show_search'), 303)
