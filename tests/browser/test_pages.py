"""Every page, also those with an id in their address, at 1440 and 360 px, light and dark: axe finds nothing serious, nothing runs
over, the browser complains of nothing. A new page is found by walking the routes; its screenshot lies in artefacts/pages."""
import pytest

from tests.addresses import every_page
from tests.browser.conftest import ROOT, file_name

AXE = ROOT / 'assets' / 'node_modules' / 'axe-core' / 'axe.min.js'
SCREENSHOTS = ROOT / 'artefacts' / 'pages'
RUN = 'axe.run(document, {resultTypes: ["violations"]}).then(found => found.violations)'
RESTS = '''async () => {
    const busy = () => document.querySelector('.htmx-request') || document.getAnimations().some((one) => one.playState === 'running');
    for (let calm = 0; calm < 3; calm = busy() ? 0 : calm + 1) await new Promise((done) => setTimeout(done, 50));
}'''
SIZES = [(1440, 'light'), (1440, 'dark'), (360, 'light'), (360, 'dark')]
# What is refused on purpose; the browser says so in its console.
REFUSED = {'/no-such-page': 404, '/setup/no-such-token': 404, '/admin': 403}


def refusal_of(example):
    """The status that an example answers with instead of 200, or None."""
    return None if example.path == '/admin' and example.login == 'administrator' else REFUSED.get(example.path)


def open_example(page, example, stage):
    """Bring a page to an Example's address, and open there what it says."""
    answer = page.goto(example.path.format(**stage))
    assert answer.status == (refusal_of(example) or 200)
    if example.opens:
        page.locator(example.opens).first.click()
        # The stream of what happens is never idle: nothing that htmx asks, and nothing that moves. (The policy forbids wait_for_function its eval.)
        page.evaluate(RESTS)
    return page


@pytest.mark.parametrize(('width', 'scheme'), SIZES, ids=str)
@pytest.mark.parametrize('example', every_page(), ids=str)
def test_page(visit, stage, example, width, scheme):
    page = open_example(visit(example.login, width, scheme), example, stage)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f'{file_name(example)}-{width}-{scheme}.png', full_page=True)
    assert page.evaluate('document.documentElement.scrollWidth - window.innerWidth') <= 0, 'the page runs over its width'
    expected = refusal_of(example)
    assert [text for text in page.complaints if not (expected and f'status of {expected}' in text)] == []
    page.evaluate(AXE.read_text())
    serious = [violation for violation in page.evaluate(RUN) if violation['impact'] in ('serious', 'critical')]
    assert [(one['id'], [node['html'] for node in one['nodes']]) for one in serious] == []
