"""/search, the palette and the page of the index, as each role meets them."""
import pytest

from appliance.core import derived, operations, search
from appliance.core.jobs.runs import JobRun
from tests.visitors import Company


@pytest.fixture
def lumbreras(box):
    return Company(box)


def test_it_finds_and_escapes(lumbreras):
    browser = lumbreras.browser('employee')
    text = browser.get('/search?q=jime').text
    assert 'Marta Jiménez' in text and f'href="/people/{lumbreras.ids["head"]}"' in text
    text = browser.get('/search?q=%3Cscript%3Ealert').text
    assert '<script>alert' not in text and 'Nothing is found' in text
    assert 'What are you looking for?' in browser.get('/search').text
    rows = browser.get('/search?q=jime', headers={'HX-Request': 'true'}).text
    assert '<html' not in rows and 'Marta Jiménez' in rows


def test_a_guest_finds_his_contact_only(lumbreras):
    text = lumbreras.browser('guest').get('/search?q=a').text
    assert 'Tomás Herrera' in lumbreras.browser('guest').get('/search?q=tomas').text
    assert 'Marta' not in text and 'Marta' not in lumbreras.browser('guest').get('/search/palette?q=marta').text.replace('«marta»', '')


def test_the_palette_goes_to_pages_that_are_ones_own(lumbreras):
    assert 'href="/worktime"' in lumbreras.browser('employee').get('/search/palette?q=work').text
    assert 'href="/worktime"' not in lumbreras.browser('guest').get('/search/palette?q=work').text
    assert 'href="/admin/jobs"' in lumbreras.browser('administrator').get('/search/palette?q=jobs').text
    assert 'href="/admin/jobs"' not in lumbreras.browser('employee').get('/search/palette?q=jobs').text
    assert 'href="/people"' in lumbreras.browser('employee').get('/search/palette').text


@pytest.mark.parametrize('query', ['older=x', 'q=' + 'x' * 101, 'older=-5'])
def test_wrong_queries_are_refused(lumbreras, query):
    assert lumbreras.browser('employee').get(f'/search?{query}').status_code == 422


@pytest.mark.parametrize('query', ['q=%00', 'q=%22%2A', 'kind=nothing.here&q=a', 'order=x&q=a', 'q=a&older=1', 'q=' + '+'.join('abcdefghijklm')])
def test_odd_queries_break_nothing(lumbreras, query):
    assert lumbreras.browser('employee').get(f'/search?{query}').status_code == 200


def test_the_index_is_made_anew_by_jobs(lumbreras, run_due):
    administrator = lumbreras.browser('administrator')
    run_due('core.derive')
    assert derived.outdated() == [] and operations.newest('core.derive')['state'] == 'done'
    assert administrator.post('/admin/search', page='/admin/search').status_code == 303
    assert all(name.startswith('search:') for name in derived.outdated()) and derived.outdated()
    assert 'as soon as jobs gets to it' in administrator.get('/admin/search').text
    assert run_due('core.derive') == ['core.derive']
    text = administrator.get('/admin/search').text
    assert 'Made anew' in text and f'>{search.counts()["core.person"]}<' in text
    assert not JobRun.select().where((JobRun.job == 'core.derive') & (JobRun.state != 'done')).exists()


def test_who_may_not_run_jobs_does_not_make_it_anew(lumbreras):
    assert lumbreras.browser('employee').post('/admin/search', page='/people').status_code == 403
