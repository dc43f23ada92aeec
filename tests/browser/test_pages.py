"""Every page that has an address of its own, at 1440 and 360 px, light and dark: axe finds nothing serious, nothing runs over, the
browser complains of nothing. A new page is found by walking the routes; its screenshot lies in artefacts/pages."""
import pytest

from appliance.core import config as configuration
from appliance.web.app import create_app
from tests.browser.conftest import ROOT

AXE = ROOT / 'assets' / 'node_modules' / 'axe-core' / 'axe.min.js'
SCREENSHOTS = ROOT / 'artefacts' / 'pages'
RUN = 'axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations)'
SIZES = [(1440, 'light'), (1440, 'dark'), (360, 'light'), (360, 'dark')]
# The last ones are fragments of a page.
NOT_PAGES = {'health.healthz', 'setup.authority', 'static', 'search.palette', 'search_admin.progress', 'notices.panel', 'notices.bell',
             'rest_docs.openapi', 'live.poll', 'comments.people'}
# Who looks at a page: the first of these that its right allows.
LOOKERS = ('employee', 'guest', 'administrator')


def pages():
    """[(login or None, path)] of every address without a parameter that answers GET with a page."""
    app = create_app(configuration.Config(path=ROOT / 'no-such-config.ini'))
    found = []
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if 'GET' in rule.methods and not rule.arguments and rule.endpoint not in NOT_PAGES:
            right = app.view_functions[rule.endpoint].right
            found.append((None if right.is_public else next(role for role in LOOKERS if role in right.roles), str(rule)))
    return [*found, (None, '/no-such-page'), ('employee', '/no-such-page'), ('administrator', '/'), ('guest', '/')]


@pytest.mark.parametrize(('width', 'scheme'), SIZES, ids=lambda value: str(value))
@pytest.mark.parametrize(('login', 'path'), pages(), ids=lambda value: str(value))
def test_page(visit, login, path, width, scheme):
    page = visit(login, width, scheme)
    answer = page.goto(path)
    assert answer.status == (404 if path == '/no-such-page' else 200)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    name = f'{login or "stranger"}{path.replace("/", "_").rstrip("_")}-{width}-{scheme}.png'
    page.screenshot(path=SCREENSHOTS / name, full_page=True)
    assert page.evaluate('document.documentElement.scrollWidth - window.innerWidth') <= 0, 'the page runs over its width'
    expected = 'status of 404' if path == '/no-such-page' else None
    assert [text for text in page.complaints if not (expected and expected in text)] == []
    page.evaluate(AXE.read_text())
    serious = [violation for violation in page.evaluate(RUN) if violation['impact'] in ('serious', 'critical')]
    assert [(one['id'], [node['html'] for node in one['nodes']]) for one in serious] == []


def test_pages_are_found():
    assert ('employee', '/settings/sessions') in pages()
    assert (None, '/login') in pages()
