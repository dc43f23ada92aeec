"""Files and photos in a browser: chosen, looked at, sent, shown, removed, refused; and what the content origin lets a file do: nothing."""
import io
import re

import pytest
from PIL import Image

from tests.browser.test_pages import AXE, SIZES, violations

PORTRAIT = (200, 40, 40)


def picture(width=300, height=100):
    """A PNG whose middle square is red and whose sides are blue."""
    sheet = Image.new('RGB', (width, height), (30, 30, 200))
    sheet.paste(PORTRAIT, ((width - height) // 2, 0, (width + height) // 2, height))
    written = io.BytesIO()
    sheet.save(written, 'PNG')
    return {'name': 'me.png', 'mimeType': 'image/png', 'buffer': written.getvalue()}


def own_edit(page):
    """Go to the page of editing of whoever is logged in."""
    page.goto('/')
    page.locator('.shell-top .dropdown > button').last.click()
    page.get_by_role('link', name='My profile').click()
    page.get_by_role('link', name='Edit', exact=True).click()


def rest(page):
    """The complaints of the browser that nobody expected."""
    return [text for text in page.complaints if 'status of 422' not in text]


def test_a_photo_from_choosing_to_removing(visit):
    page = visit('outsider')
    own_edit(page)
    face = page.locator('.photo .face')
    assert face.locator('img').count() == 0
    page.set_input_files('#photo', picture())
    # In the round before it is sent: from the disk, not from the portal.
    face.locator('img').wait_for()
    assert face.locator('img').get_attribute('src').startswith('blob:')
    page.get_by_role('button', name='Save the photo').click()
    page.get_by_text('The photo is changed.').wait_for()
    for place, side in (('.photo .face img', 512), ('.shell-top .face img', 96)):
        shown = page.locator(place)
        assert shown.evaluate('image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])') == [side, side]
        red, green, blue = shown.evaluate('''image => { const sheet = new OffscreenCanvas(1, 1).getContext("2d");
            sheet.drawImage(image, 9, 9, 1, 1, 0, 0, 1, 1); return [...sheet.getImageData(0, 0, 1, 1).data].slice(0, 3) }''')
        assert abs(red - 200) < 20 and green < 60 and blue < 60, 'the square is not the middle'
    page.get_by_role('button', name='Remove the photo').click()
    page.get_by_text('The photo is removed.').wait_for()
    assert page.locator('.face img').count() == 0 and rest(page) == []


def test_a_photo_moves_nothing_when_it_comes_or_fails(visit):
    page = visit('head')
    page.goto('/people?q=aisha')
    with_photo = page.locator('.people .face:has(img)').first
    before = with_photo.bounding_box()
    page.route('**/photo/**', lambda route: route.abort())
    page.reload()
    after = page.locator('.people .face:has(img)').first
    assert after.bounding_box() == before
    initials = after.evaluate('face => getComputedStyle(face, "::before").content')
    assert initials == '"AK"'


def test_what_is_no_picture_is_said_at_the_field(visit):
    page = visit('outsider')
    own_edit(page)
    page.set_input_files('#photo', {'name': 'me.jpg', 'mimeType': 'image/jpeg', 'buffer': b'<svg onload=alert(1)>'})
    assert page.locator('.photo .face img').count() == 0
    page.get_by_role('button', name='Save the photo').click()
    page.locator('#photo-error').wait_for()
    assert 'not a picture' in page.locator('#photo-error').inner_text()
    assert page.locator('#photo').get_attribute('aria-describedby') == 'photo-hint photo-error' and rest(page) == []


def test_what_is_too_large_does_not_travel(visit):
    page = visit('outsider')
    own_edit(page)
    sent = []
    page.on('request', lambda request: sent.append(request.url) if request.method == 'POST' else None)
    page.set_input_files('#photo', {'name': 'me.jpg', 'mimeType': 'image/jpeg', 'buffer': bytes(21 << 20)})
    page.get_by_role('button', name='Save the photo').click()
    assert page.locator('#photo').evaluate('field => field.validationMessage') == 'A picture may have 20 MiB at most.'
    assert sent == []


@pytest.fixture
def day(visit):
    """The page of the newest working day of the demo's employee."""
    page = visit('employee')
    page.goto('/worktime')
    page.locator('.worktime-day a').first.click()
    return page


def attach(page, *files):
    count = page.locator('.attachments li').count()
    page.set_input_files('.attachments input[type=file]', [{'name': name, 'mimeType': 'application/octet-stream', 'buffer': content} for name, content in files])
    page.get_by_role('button', name='Attach', exact=True).click()
    page.locator('.attachments li').nth(count + len(files) - 1).wait_for()


def test_files_of_a_working_day(day, portal):
    attach(day, ('note ñ.txt', b'the doctor says'), ('page.html', b'<script>document.title = "run"</script><h1>page</h1>'))
    here = day.url
    with day.context.expect_page() as opened:
        day.get_by_role('link', name='note ñ.txt').click()
    shown = opened.value
    shown.wait_for_load_state()
    assert shown.url.startswith(portal.config.server.content_address + '/f/') and 'the doctor says' in shown.locator('body').inner_text()
    with day.expect_download() as saved:
        day.get_by_role('link', name='page.html').click()
    assert saved.value.suggested_filename == 'page.html' and saved.value.path().read_bytes().startswith(b'<script>')
    for name in ('note ñ.txt', 'page.html'):
        day.get_by_role('button', name=f'Remove {name}').click()
        day.get_by_role('link', name=name).wait_for(state='detached')
    assert day.url == here and rest(day) == []


def test_a_page_shows_a_picture_from_there_and_nothing_from_elsewhere(day, portal):
    attach(day, ('me.png', picture()['buffer']))
    link = day.get_by_role('link', name='me.png').get_attribute('href')
    size = '''source => new Promise(done => { const image = new Image(); image.onload = () => done(image.naturalWidth);
              image.onerror = () => done(0); image.src = source })'''
    assert day.evaluate(size, link) == 300       # our address, which leads to the other one
    assert day.evaluate(size, portal.address.replace('127.0.0.1', '127.0.0.2') + '/static/mark.svg') == 0
    day.get_by_role('button', name='Remove me.png').click()
    day.get_by_role('link', name='me.png').wait_for(state='detached')


def test_what_is_shown_there_runs_nothing_and_reaches_nothing(day, portal):
    """Whatever a browser makes of a file, it belongs to no origin: no script, no cookie, no storage, no way to the portal."""
    attach(day, ('plain.txt', b'<script>document.title = "run"</script>'))
    with day.context.expect_page() as opened:
        day.get_by_role('link', name='plain.txt').click()
    shown = opened.value
    shown.wait_for_load_state()
    assert shown.title() != 'run' and shown.evaluate('self.origin') == 'null'
    assert shown.evaluate('try { localStorage.length; "open" } catch (error) { error.name }') == 'SecurityError'
    assert shown.evaluate('try { document.cookie; "open" } catch (error) { error.name }') == 'SecurityError'
    assert shown.evaluate('window.opener') is None
    assert not [cookie for cookie in day.context.cookies() if cookie['domain'] == 'localhost']
    day.get_by_role('button', name='Remove plain.txt').click()
    day.get_by_role('link', name='plain.txt').wait_for(state='detached')


def test_without_scripts_it_works_too(visit, portal):
    page = visit('employee', java_script_enabled=False)
    page.goto('/worktime')
    page.locator('.worktime-day a').first.click()
    here = page.url
    page.set_input_files('.attachments input[type=file]', {'name': 'plain.txt', 'mimeType': 'text/plain', 'buffer': b'x'})
    page.get_by_role('button', name='Attach', exact=True).click()
    assert page.url == here and page.get_by_role('link', name='plain.txt').count() == 1
    page.get_by_role('button', name='Remove plain.txt').click()
    assert page.url == here and page.get_by_role('link', name='plain.txt').count() == 0


@pytest.mark.parametrize('width', [1440, 360])
def test_a_profile_is_edited(visit, width):
    page = visit('administrator', width)
    page.goto('/people?q=novak')
    page.get_by_role('link', name=re.compile('Jana')).first.click()
    page.get_by_role('link', name='Edit', exact=True).click()
    page.fill('#title', 'Writer')
    page.fill('#mail', 'no address')
    page.fill('#phone', '+34 1')
    page.locator('form:has(#title) button').last.evaluate('button => button.form.noValidate = true')
    page.locator('form:has(#title) button').last.click()
    page.locator('#mail-error').wait_for()
    assert page.input_value('#title') == 'Writer'
    page.fill('#mail', 'jana@lumbreras.example')
    page.locator('form:has(#title) button').last.click()
    page.get_by_text('Saved.').wait_for()
    assert page.get_by_text('+34 1', exact=True).count() == 1
    assert page.evaluate('document.documentElement.scrollWidth - window.innerWidth') <= 0 and rest(page) == []


@pytest.mark.parametrize(('width', 'scheme'), SIZES, ids=str)
def test_everybody_can_use_the_pages(visit, width, scheme):
    page = visit('employee', width, scheme)
    own_edit(page)
    edit = page.url
    page.goto('/worktime')
    page.locator('.worktime-day a').first.click()
    for address in (edit, page.url):
        page.goto(address)
        assert page.evaluate('document.documentElement.scrollWidth - window.innerWidth') <= 0, address
        page.evaluate(AXE.read_text())
        serious = violations(page)
        assert [(one['id'], [node['html'] for node in one['nodes']]) for one in serious] == [] == rest(page)
