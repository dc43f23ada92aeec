"""The bell, its panel, the page and the choices."""
import pytest

from appliance.core import db, notices
from appliance.core.notices import Notice
from tests.visitors import Company


@pytest.fixture
def lumbreras(box):
    return Company(box)


def put(lumbreras, login, role='portal_admin'):
    with db.write('test'):
        notices.put('core.person.promoted', lumbreras.ids[login], {'role': role})
    return Notice.select().order_by(Notice.id.desc()).get().id


def test_the_bell_counts_and_the_day_shows(lumbreras):
    browser = lumbreras.browser('employee')
    assert 'bell-count' not in browser.get('/').text
    put(lumbreras, 'employee', '<b>x')
    text = browser.get('/').text
    assert '<span class="bell-count" aria-hidden="true">1</span>' in text and '&lt;b&gt;x' in text and '1 unread notice' in text
    assert 'bell-count' not in lumbreras.browser('head').get('/').text
    assert browser.get('/notices/bell').text.startswith('<span class="bell-count" aria-hidden="true">1')


def test_opening_leads_there_and_reads_it(lumbreras):
    notice, browser = put(lumbreras, 'employee'), lumbreras.browser('employee')
    assert 'is-unread' in browser.get('/notices/panel').text
    answer = browser.get(f'/notices/{notice}')
    assert (answer.status_code, answer.headers['Location']) == (303, '/admin')
    assert 'is-unread' not in browser.get('/notices').text and 'bell-count' not in browser.get('/').text


def test_others_notices_do_not_exist(lumbreras):
    notice = put(lumbreras, 'employee')
    for login in ('head', 'outsider', 'guest', 'administrator'):
        assert lumbreras.browser(login).get(f'/notices/{notice}').status_code == 404
    assert Notice.get_by_id(notice).read_at is None


def test_all_are_read_by_a_button(lumbreras):
    for _time in range(3):
        put(lumbreras, 'employee')
    browser = lumbreras.browser('employee')
    assert browser.post('/notices/reading', page='/notices').status_code == 303
    assert notices.unread_count(lumbreras.actor('employee')) == 0
    assert browser.post('/notices/reading', {'more': '1'}, page='/settings').status_code == 422


def test_choosing(lumbreras):
    browser = lumbreras.browser('employee')
    assert 'name="core-person-promoted-mail"' in browser.get('/settings/notices').text
    assert browser.post('/settings/notices', {'core-person-promoted-mail': 'y'}, page='/settings/notices').status_code == 303
    held = {one['kind']: (one['is_shown'], one['is_mailed']) for one in notices.choices(lumbreras.actor('employee'))}
    assert held['core.person.promoted'] == (False, True) and set(held.values()) == {(False, True), (False, False)}
    assert browser.post('/settings/notices', {'core-nothing-mail': 'y'}, page='/settings/notices').status_code == 422


@pytest.mark.parametrize('query', ['older=x', 'older=-1'])
def test_wrong_pages_are_refused(lumbreras, query):
    assert lumbreras.browser('employee').get(f'/notices?{query}').status_code == 422
