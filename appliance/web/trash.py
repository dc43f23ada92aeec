"""/trash: what one has deleted, to take back or to erase; /history: what has changed of an object."""

from flask import Blueprint, g, redirect, render_template, url_for

from appliance.core import history, refs, trash
from appliance.core.i18n import texts
from appliance.web.asked import place
from appliance.web.flashes import say
from appliance.web.forms import ButtonForm, read_form
from appliance.web.rights import EVERYBODY, allowed

_ = texts(__name__)
blueprint = Blueprint('trash', __name__)


@blueprint.get('/trash')
@allowed(*EVERYBODY)
def index():
    """What one has deleted, the newest first."""
    return render_template('trash/index.html', **trash.listing(g.actor, place()))


@blueprint.post('/trash/<int:trash_id>/restoring')
@allowed(*EVERYBODY)
def restore(trash_id):
    """Take it back, with everything."""
    read_form(ButtonForm)
    trash.restore(g.actor, trash_id)
    say(_('It is back.'))
    return redirect(url_for('trash.index'), 303)


@blueprint.post('/trash/<int:trash_id>/erasing')
@allowed(*EVERYBODY)
def erase(trash_id):
    """Erase it for good, now."""
    read_form(ButtonForm)
    trash.erase(g.actor, trash_id)
    say(_('Erased for good.'))
    return redirect(url_for('trash.index'), 303)


@blueprint.get('/history/<kind>/<int:object_id>')
@allowed(*EVERYBODY)
def changes(kind, object_id):
    """Which fields of an object changed, from what to what, when and by whom."""
    found = history.of(g.actor, kind, object_id, place())
    return render_template('history/index.html', object=refs.described(kind, object_id), kind=kind, object_id=object_id, **found)
