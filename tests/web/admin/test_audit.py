"""/admin/audit: everything is written down, also what was refused; the page finds it, and nobody else sees it."""
from datetime import timedelta

import pytest

from appliance.core import audit, clock
from appliance.core.db import write
from tests.loaded import PASSWORD


def seal_later(monkeypatch):
    """Write down what was counted, as jobs would a minute later."""
    later = clock.now() + timedelta(minutes=2)
    monkeypatch.setattr(clock, 'now', lambda: later)
    with write('test'):
        audit.seal()


def test_logins_and_refusals_are_written_down(lumbreras, monkeypatch):
    stranger = lumbreras.browser('employee')
    stranger._client.delete_cookie('appliance_session', domain='127.0.0.1')
    for login, password in (('administrator', 'wrong one'), ('my secret password', 'x'), ('administrator', PASSWORD)):
        stranger._client.delete_cookie('appliance_session', domain='127.0.0.1')
        stranger.post('/login', {'login': login, 'password': password, 'request_key': ''}, page='/login')
    employee = lumbreras.browser('employee')
    for _time in range(3):
        assert employee.get('/admin/jobs').status_code == 403
    seal_later(monkeypatch)
    found = {(one['what'], one['object']): one for one in audit.listing()['rows']}
    who = f'core.person:{lumbreras.ids["administrator"]}'
    assert found['identity.login.refused', who]['address'] == '127.0.0.1' and ('identity.login.refused', '') in found
    assert found['web.request.refused', '']['data'] == {'method': 'GET', 'path': '/admin/jobs', 'times': 3}
    assert found['web.request.refused', '']['person_id'] == lumbreras.ids['employee']
    assert 'my secret password' not in str(found)


def test_the_page_shows_who_and_finds(lumbreras, administrator):
    administrator.post('/admin/tools/worktime', {'to': 'off'}, page='/admin/tools')
    text = administrator.get('/admin/audit').text
    assert 'core.tool.switched' in text and 'core.tool:worktime' in text and 'Inés Navarro' in text and 'to: off' in text
    assert 'core.tool.switched</code><code' in administrator.get('/admin/audit?q=worktime&who=ines').text
    assert 'Nothing is found' in administrator.get('/admin/audit?q=worktime&who=tomas').text
    rows = administrator.get('/admin/audit?what=core.tool', headers={'HX-Request': 'true'}).text
    assert '<html' not in rows and 'core.tool.switched' in rows


@pytest.mark.parametrize('query', ['older=x', 'older=-1', 'older=99999999999999999999', 'q=' + 'x' * 101, 'what=' + 'x' * 201])
def test_wrong_queries_are_refused(administrator, query):
    assert administrator.get(f'/admin/audit?{query}').status_code == 422


@pytest.mark.parametrize('query', ['q=%00', 'who=%25', 'what=%27%3B--', 'older=0', 'older=999999999999999999'])
def test_odd_queries_find_nothing_and_break_nothing(administrator, query):
    assert administrator.get(f'/admin/audit?{query}').status_code == 200


@pytest.mark.parametrize('login', ['employee', 'head', 'outsider', 'guest'])
def test_nobody_else_reads_it(lumbreras, login):
    assert lumbreras.browser(login).get('/admin/audit').status_code == 403
