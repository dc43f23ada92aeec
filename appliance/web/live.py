"""`/live/poll`: what a browser asks now and then that cannot have a stream (core/live.py), with the same channels and the same memory.

The stream itself is the process live's; pages learn from here where it is.
"""

import logging
import re
from datetime import timedelta

from flask import Blueprint, current_app, g, jsonify, request

from appliance.core import clock, db, live, live_pages, presence
from appliance.core.errors import Conflict
from appliance.core.i18n import texts
from appliance.core.limits import LIVE_PAGES
from appliance.identity import sessions
from appliance.web.rights import EVERYBODY, allowed

_ = texts(__name__)
blueprint = Blueprint('live', __name__, url_prefix='/live')
NUMBER = re.compile(r'[0-9]{1,18}', re.ASCII)
OLDEST_PAGE_MS = 600_000
SLACK_MS = 2000         # a clock of another host, and the way from the database to the page
log = logging.getLogger('appliance.web')


@blueprint.get('/poll')
@allowed(*EVERYBODY)
def poll():
    """204, or {events: [{type, ref, data}]}; the header `Live-After` says what to ask `after` next time.

    Without `after`: since the page was opened, `age` milliseconds ago. `tag` and `page` as for the stream.
    """
    if request.args.get('tag', tag()) != tag():
        raise Conflict(_('This page belongs to another login.'))
    pages = live_pages.opened(request.args.getlist('page')[:LIVE_PAGES], g.actor.person_id)
    after = _after()
    found = live.since(after, g.actor.subjects | {live.PAGE + ref for ref in pages}) if after is not None else None
    if found is None:       # what was missed is not known
        events, after = [{'type': live.RESET, 'ref': '', 'data': None}], live.bounds()[1]
    else:
        events, after = [{'type': note.type, 'ref': note.ref, 'data': live.data_of(note)} for note in found[0]], found[1]
    answer = jsonify(events=events) if events else current_app.response_class(status=204)
    answer.headers['Live-After'] = str(after)
    person_id = g.actor.person_id
    answer.call_on_close(lambda: _note_presence(person_id))
    return answer


def _after():
    """The id after which this browser asks; None when that is no number, or too long ago."""
    text = request.args.get('after')
    if text is not None:
        return int(text) if NUMBER.fullmatch(text) else None
    age = request.args.get('age', '0')
    if not NUMBER.fullmatch(age) or int(age) > OLDEST_PAGE_MS:
        return None
    return live.last_before(clock.now() - timedelta(milliseconds=int(age) + SLACK_MS))


def _note_presence(person_id):
    """Who polls is here, too."""
    try:
        with db.connected():
            presence.note_if_due(person_id)
    except Exception:       # the answer was given already
        log.exception('the presence of person %s was not noted', person_id)


def tag():
    """What ties this page to its session: no stream of another one's answers it."""
    return sessions.tag(g.session.id)
