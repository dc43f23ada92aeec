"""`/`: the person's day, drawn from the cards that the tools bring."""

from flask import Blueprint, g, render_template

from appliance.core import clock, notices
from appliance.web.help.guide import first_time
from appliance.web.rights import EVERYBODY, allowed
from appliance.web.shell import parts

blueprint = Blueprint('home', __name__)
NOTICES_SHOWN = 5


@blueprint.get('/')
@allowed(*EVERYBODY)
def index():
    """The day: the cards of the tools, and the notices to come."""
    cards = parts('card', g.actor)
    today = clock.local_date(clock.now(), g.actor.zone)
    unread = notices.listing(g.actor, NOTICES_SHOWN, is_unread=True)['notices'] if g.session.unread else []
    return render_template('home/index.html', cards=cards, notices=unread, today=today, first_name=g.session.person_name.split()[0],
                           guide=first_time(g.actor))
