"""Every page, also those with an id in their address, at 1440 and 360 px, light and dark: axe finds nothing serious, nothing runs
over, the browser complains of nothing. A new page is found by walking the routes; its screenshot lies in artefacts/pages."""
import pytest

from tests.addresses import every_page
from tests.browser.conftest import ROOT, file_name

AXE = ROOT / 'assets' / 'node_modules' / 'axe-core' / 'axe.min.js'
SCREENSHOTS = ROOT / 'artefacts' / 'pages'
RUN = 'rules => axe.run(document, {resultTypes: ["violations"], ...(rules && {runOnly: rules})}).then(found => found.violations)'
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


@pytest.fixture(scope='module')
def brought():
    return AXE.read_text()


@pytest.mark.parametrize('width', [1440, 360])
@pytest.mark.parametrize('example', every_page(), ids=str)
def test_page(walk, stage, example, width):
    page = open_example(walk(example.login, width), example, stage)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    serious = []
    for scheme, rules in (('light', None), ('dark', ['color-contrast'])):     # of all the rules the colours alone tell the schemes apart
        page.emulate_media(color_scheme=scheme)
        page.evaluate(RESTS)
        page.screenshot(path=SCREENSHOTS / f'{file_name(example)}-{width}-{scheme}.png', full_page=True)
        assert page.evaluate('document.documentElement.scrollWidth - window.innerWidth') <= 0, 'the page runs over its width'
        serious += [(scheme, one['id'], [node['html'] for node in one['nodes']]) for one in violations(page, rules)]
    assert serious == []
    expected = refusal_of(example)
    assert [text for text in page.complaints if not (expected and f'status of {expected}' in text)] == []


def violations(page, rules=None):
    """What axe finds serious on a page that AXE was evaluated in: of all its rules, or of some."""
    return [one for one in page.evaluate(RUN, rules) if one['impact'] in ('serious', 'critical')]


def test_colours_without_contrast_are_seen(visit):
    page = visit()
    page.set_content('<main><p style="background: light-dark(white, black); color: light-dark(black, #333); color-scheme: light dark">Words</p></main>')
    page.evaluate(AXE.read_text())
    page.emulate_media(color_scheme='light')
    assert violations(page, ['color-contrast']) == []
    page.emulate_media(color_scheme='dark')
    assert [one['id'] for one in violations(page, ['color-contrast'])] == ['color-contrast']
