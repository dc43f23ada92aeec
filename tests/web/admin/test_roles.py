"""/admin/roles, and what each kind of administrator finds in the administration."""
import pytest

from appliance.core import people, permissions
from appliance.core.actor import SYSTEM

PAGES = {'/admin/setup', '/admin/roles', '/admin/tools', '/admin/directories', '/admin/jobs', '/admin/mail', '/admin/backups', '/admin/audit', '/admin/why'}
MINE = {'portal_admin': {'/admin/setup', '/admin/roles', '/admin/tools', '/admin/audit', '/admin/why'},
        'system_admin': {'/admin/setup', '/admin/tools', '/admin/directories', '/admin/jobs', '/admin/mail', '/admin/backups', '/admin/audit', '/admin/why'}}


@pytest.mark.parametrize('role', MINE)
def test_each_sees_the_pages_of_his_work_and_links_to_no_other(lumbreras, role):
    people.give_role(SYSTEM, lumbreras.ids['employee'], role)
    browser = lumbreras.browser('employee')
    answer = browser.get('/admin')
    text = answer.text
    assert answer.status_code == 200
    for path in PAGES:
        assert browser.get(path).status_code == (200 if path in MINE[role] else 403), path
        assert (f'href="{path}"' in text) == (path in MINE[role]), path
    setup = browser.get('/admin/setup').text
    assert ('Mail server' in setup) == (role == 'system_admin') and ('name="company_name"' in setup) == (role == 'portal_admin')
    assert browser.post('/admin/setup', {'company_name': 'x', 'company_language': 'en', 'company_zone': 'UTC'}, page='/admin/setup').status_code == (
        303 if role == 'portal_admin' else 403)


def test_giving_and_taking_a_role(lumbreras, administrator):
    answer = administrator.post('/admin/roles/people', {'login': 'head', 'role': 'system_admin'}, page='/admin/roles')
    assert answer.status_code == 303 and 'Marta Jiménez' in administrator.get('/admin/roles').text
    head = lumbreras.ids['head']
    assert lumbreras.browser('head').get('/admin/jobs').status_code == 200
    assert administrator.post(f'/admin/roles/people/{head}/system_admin', page='/admin/roles').status_code == 303
    assert lumbreras.browser('head').get('/admin/jobs').status_code == 403


@pytest.mark.parametrize(('login', 'role', 'words'), [
    ('nobody', 'system_admin', 'no person with the login'), ('head', 'emperor', 'no role emperor'), ('head', 'employee', 'comes with the kind')])
def test_what_cannot_be_given_is_said_at_its_field(administrator, login, role, words):
    answer = administrator.post('/admin/roles/people', {'login': login, 'role': role}, page='/admin/roles')
    assert answer.status_code == 422 and words in answer.text


def test_the_last_administrator_cannot_be_taken_away(lumbreras, administrator):
    path = f'/admin/roles/people/{lumbreras.ids["administrator"]}/administrator'
    answer = administrator.post(path, page='/admin/roles')
    assert answer.status_code == 409 and 'another active administrator' in answer.text


def test_a_role_of_the_companys_own(lumbreras, administrator):
    assert administrator.post('/admin/roles', {'name': 'clerk', 'title': 'Clerk <b>'}, page='/admin/roles').status_code == 303
    assert administrator.post('/admin/roles', {'name': 'Two words', 'title': 'x'}, page='/admin/roles').status_code == 422
    answer = administrator.post('/admin/roles/clerk', {'core-audit-read': 'y'}, page='/admin/roles/clerk')
    assert answer.status_code == 303 and permissions.matrix()['clerk'] == {name: name == 'core.audit.read' for name in permissions.declared()}
    assert 'Clerk &lt;b&gt;' in administrator.get('/admin/roles').text
    assert administrator.get('/admin/roles/nothing').status_code == 404
    assert administrator.post('/admin/roles/clerk', {'core-nothing': 'y'}, page='/admin/roles/clerk').status_code == 422


def test_a_portal_administrator_cannot_raise_himself(lumbreras):
    people.give_role(SYSTEM, lumbreras.ids['employee'], 'portal_admin')
    browser = lumbreras.browser('employee')
    answer = browser.post('/admin/roles/people', {'login': 'employee', 'role': 'administrator'}, page='/admin/roles')
    assert answer.status_code == 422 and 'more than they may' in answer.text
    held = {name.replace('.', '-'): 'y' for name, may in permissions.matrix()['portal_admin'].items() if may}
    answer = browser.post('/admin/roles/portal_admin', held | {'core-backups-read': 'y'}, page='/admin/roles/portal_admin')
    assert answer.status_code == 422 and not permissions.may(lumbreras.actor('employee'), 'core.backups.read')


def test_why_answers_and_who_sees(lumbreras, administrator):
    head = lumbreras.browser('head')
    day = lumbreras.browser('employee').post('/worktime/days', page='/worktime') and 1
    from appliance.core.db import row     # slow: only here
    day = row('SELECT max(id) FROM worktime_day')[0]
    text = administrator.get(f'/admin/why?login=head&object=worktime.day:{day}').text
    assert 'Yes, this person sees it' in text and 'Who heads Engineering' in text
    assert 'No: nothing lets this person see it' in administrator.get(f'/admin/why?login=outsider&object=worktime.day:{day}').text
    assert administrator.get('/admin/why?login=nobody&object=worktime.day:1').status_code == 404
    assert 'Tomás Herrera' in head.get(f'/why/worktime.day:{day}').text
    assert lumbreras.browser('outsider').get(f'/why/worktime.day:{day}').status_code == 404
    assert administrator.get(f'/why/worktime.day:{day}').status_code == 404       # he may ask why, not look
