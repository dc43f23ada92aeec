"""Every page with an address of its own: it opens for whom its right names, and asks the database at most eight times."""
import pytest

from appliance.core import config as configuration
from appliance.web.app import create_app
from tests.counting import queries
from tests.switches import every_tool, off_at_first, switch_on
from tests.visitors import Company

MOST_QUERIES = 8
NOT_PAGES = {'health.healthz', 'setup.authority', 'static', 'login.form', 'live.poll', 'rest.unknown', 'comments.people'}
LOOKERS = ('employee', 'guest', 'administrator')


def pages():
    """[(login, path)] of every address without a parameter that answers GET, for each role that may look."""
    with every_tool():
        app = create_app(configuration.Config(path='no-such-config.ini'))
    return [(role, str(rule)) for rule in sorted(app.url_map.iter_rules(), key=str)
            if 'GET' in rule.methods and not rule.arguments and rule.endpoint not in NOT_PAGES
            for role in LOOKERS if role in getattr(app.view_functions[rule.endpoint].right, 'roles', ())]


@pytest.fixture
def company(box):
    """The demo company with all tools on, also those that are off at first."""
    switch_on(*off_at_first())
    return Company(box)


@pytest.mark.parametrize(('login', 'path'), pages(), ids=str)
def test_page_asks_little(company, login, path):
    browser = company.browser(login)
    browser.get(path)      # the first one also reads what is kept afterwards
    with queries() as asked:
        assert browser.get(path).status_code == 200
    assert len(asked) <= MOST_QUERIES, '\n'.join(asked)


def test_a_stroke_at_the_end_is_no_other_page(company):
    for path in ('/people/', '/worktime/', '/admin/', '/admin/directories/'):
        assert company.browser('administrator').get(path).status_code == 200, path
