"""The guide: what a person sees once with the first login, and again under Help. Addresses: /help."""

from flask import Blueprint, g, render_template

from appliance.web.errors import is_fragment
from appliance.web.help.guide import guide
from appliance.web.rights import EVERYBODY, allowed

blueprint = Blueprint('help', __name__)


@blueprint.get('/help')
@allowed(*EVERYBODY)
def index():
    """The guide as a page, and for htmx as the window."""
    return render_template('help/window.html' if is_fragment() else 'help/index.html', guide=guide(g.actor))
