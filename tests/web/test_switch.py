"""A tool that is off is gone: no module, no address, no menu entry, no card, no job; on again it is as it was."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.core import switch
from appliance.core.actor import SYSTEM
from tests.visitors import Company

ROOT = Path(__file__).resolve().parents[2]
# Everything that each process imports at its start, on a box of which worktime is off.
STARTED = '''
import json, sys
from appliance.core import checks, db, jobs
from appliance.jobs import own
from appliance.web.wsgi import start
app = start()
with db.connected():
    own.load()
    app.test_client().get('/login', base_url=app.portal.server.public_address)
    checks.run(app.portal)
print(json.dumps({'modules': [name for name in sys.modules if name.startswith('appliance.tools.')],
                  'addresses': [str(rule) for rule in app.url_map.iter_rules()], 'jobs': list(jobs.declared())}))
'''


def turn(name, to_on):
    switch.turn(SYSTEM, name, to_on)
    switch.load()
    switch.settle(SYSTEM, lambda text: None)
    switch.load()


@pytest.fixture
def lumbreras(box):
    return Company(box)


def test_nothing_of_a_tool_that_is_off_is_imported(box):
    turn('worktime', False)
    answer = subprocess.run([sys.executable, '-c', STARTED], stdout=subprocess.PIPE, text=True, cwd=ROOT, check=True,
                            env=os.environ | {'APPLIANCE_CONFIG': str(box.config.path)})
    found = json.loads(answer.stdout)
    assert 'appliance.tools.people.routes' in found['modules'] and 'core.switch' in found['jobs']
    assert not [name for name in found['modules'] if name.startswith(('appliance.tools.worktime.', 'appliance.tools.planted.'))]
    assert not [name for name in found['addresses'] + found['jobs'] if 'worktime' in name or 'planted' in name]


def test_off_has_no_page_no_menu_no_card_and_on_has_all_again(lumbreras):
    browser = lumbreras.browser('employee')
    paths = ['/', '/worktime', '/people', '/settings']
    before = {path: browser.get(path).text for path in paths}
    turn('worktime', False)
    lumbreras._app = None
    browser = lumbreras.browser('employee')
    assert browser.get('/worktime').status_code == browser.get('/worktime/days/1').status_code == 404
    assert browser.post('/worktime/days', page='/people').status_code == 404
    for path in ('/', '/people'):
        assert '/worktime' not in browser.get(path).text
    turn('worktime', True)
    lumbreras._app = None
    browser = lumbreras.browser('employee')
    assert {path: browser.get(path).status_code for path in paths} == dict.fromkeys(paths, 200)
    assert '/worktime' in before['/'] and '/worktime' in browser.get('/').text


def test_while_it_is_being_switched_on_it_says_so(lumbreras):
    turn('planted', False)
    switch.turn(SYSTEM, 'planted', True)
    switch.load()
    browser = lumbreras.browser('employee')
    answer = browser.get('/planted')
    assert (answer.status_code, answer.headers['Retry-After']) == (503, '2') and 'is being switched on' in answer.text
    assert browser.get('/people').status_code == 200
    switch.settle(SYSTEM, lambda text: None)
    assert not switch.is_outdated()         # what the worker's thread asks each second: it opens without a new worker
    assert browser.get('/planted').status_code == 200


def test_the_page_switches_and_shows_who_did(lumbreras):
    administrator = lumbreras.browser('administrator')
    text = administrator.get('/admin/tools').text
    assert 'Work time' in text and 'Always on' in text
    answer = administrator.post('/admin/tools/worktime', {'to': 'off'}, page='/admin/tools')
    assert answer.status_code == 303
    switch.load()
    lumbreras._app = None
    text = lumbreras.browser('administrator').get('/admin/tools').text
    assert 'Switched off' in text and lumbreras.actor('administrator').person_id and 'Never' in text


@pytest.mark.parametrize(('path', 'data', 'status'), [
    ('/admin/tools/people', {'to': 'off'}, 409), ('/admin/tools/nothing', {'to': 'on'}, 404), ('/admin/tools/worktime', {'to': 'up'}, 422),
    ('/admin/tools/worktime', {}, 422), ('/admin/tools/worktime', {'to': 'off', 'more': '1'}, 422)])
def test_wrong_wishes_change_nothing(lumbreras, path, data, status):
    assert lumbreras.browser('administrator').post(path, data, page='/admin/tools').status_code == status
    assert switch.newest_version() == 0


@pytest.mark.parametrize('login', ['employee', 'head', 'guest'])
def test_nobody_else_switches(lumbreras, login):
    browser = lumbreras.browser(login)
    assert browser.get('/admin/tools').status_code == 403
    assert browser.post('/admin/tools/worktime', {'to': 'off'}).status_code == 403
    assert switch.newest_version() == 0
