"""/settings/my-data: what the portal keeps of oneself, as a file. /settings/insight: who read what is one's own alone, and why."""

import tempfile
import threading

from flask import g, redirect, render_template, send_file, url_for

from appliance.core import clock, insight
from appliance.core.errors import Busy, Conflict
from appliance.core.i18n import texts
from appliance.core.people import Person
from appliance.core.personal import export
from appliance.core.storage import data_folder, plainly
from appliance.web.flashes import say
from appliance.web.forms import read_form
from appliance.web.rights import EVERYBODY, allowed
from appliance.web.settings.forms import EndForm
from appliance.web.settings.routes import blueprint

_ = texts(__name__)
# One at a time in a worker: files may be large, and the others want their pages.
_writing = threading.Lock()


@blueprint.get('/my-data')
@allowed(*EVERYBODY)
def my_data():
    """What the file holds, and the button."""
    return render_template('settings/my_data.html')


@blueprint.post('/my-data')
@allowed(*EVERYBODY)
def export_data():
    """The file. Not kept here: it is gone with the answer."""
    read_form(EndForm)
    if not _writing.acquire(blocking=False):
        raise Busy()
    # No name: whatever happens, nothing of it stays.
    file = tempfile.TemporaryFile(dir=data_folder())
    try:
        export.begin(g.actor, g.actor.person_id)
        with plainly():
            export.write(g.actor.person_id, file)
    except BaseException:
        file.close()
        raise
    finally:
        _writing.release()
    file.seek(0)
    login = Person.get_by_id(g.actor.person_id).login
    answer = send_file(file, 'application/zip', as_attachment=True, download_name=f'{login}-{clock.now():%Y-%m-%d}.zip')
    answer.headers['Cache-Control'] = 'no-store'
    return answer


@blueprint.get('/insight')
@allowed(*EVERYBODY)
def who_read():
    """Who was let to read, why, by whom, and what was looked at."""
    return render_template('settings/insight.html', found=insight.of_person(g.actor))


@blueprint.post('/insight/<int:insight_id>/ending')
@allowed(*EVERYBODY)
def end_insight(insight_id):
    """The person ends it himself."""
    form = read_form(EndForm)
    try:
        insight.end(g.actor, insight_id, request_key=form.request_key.data or None)
    except Conflict as conflict:
        say(str(conflict.message))
    else:
        say(_('Ended.'))
    return redirect(url_for('settings.who_read'), 303)
