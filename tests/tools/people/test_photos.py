"""Photos: added, changed, removed, refused; shown to whom may see the person, under an address that changes with the picture."""
import io
import re

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from appliance.core import audit, clock, db, photos, settings, storage, storage_sweep
from appliance.core.actor import SYSTEM
from appliance.core.people import Person
from tests.counting import queries


def picture(colour='red', size=(900, 600), kind='JPEG'):
    written = io.BytesIO()
    Image.new('RGB', size, colour).save(written, kind)
    return written.getvalue()


def send(browser, person_id, content, name='me.jpg', page=None):
    boundary, body = encode_multipart(browser.hidden(page or f'/people/{person_id}/edit') | {'photo': FileStorage(io.BytesIO(content), name)})
    return browser._client.post(f'/people/{person_id}/photo', base_url=browser._base, data=body, content_type=f'multipart/form-data; boundary={boundary}')


def photo_in(text):
    """The address of the first photo in a page, or None."""
    found = re.search(r'src="(/people/\d+/photo/[0-9a-f]+/\d+)"', text)
    return found and found[1]


def left(lumbreras):
    return list((lumbreras.box.config.data.folder / 'incoming').iterdir())


@pytest.fixture
def shown(lumbreras):
    """The demo company with a photo of its employee: (company, his id, the address of the small square)."""
    person_id = lumbreras.ids['employee']
    assert send(lumbreras.browser('employee'), person_id, picture()).status_code == 303
    return lumbreras, person_id, f'/people/{person_id}/photo/{Person.get_by_id(person_id).photo}/96'


def test_a_photo_is_shown_wherever_his_face_is(shown):
    lumbreras, person_id, address = shown
    own, colleague, head = (lumbreras.browser(role) for role in ('employee', 'outsider', 'head'))
    assert photo_in(own.get('/').text.split('<main')[0]) == address                         # the top bar
    assert address in colleague.get('/people?q=herrera').text
    assert address in colleague.get('/people?q=herrera', headers={'HX-Request': 'true', 'HX-Request-Type': 'partial'}).text
    large = address.replace('/96', '/512')
    assert large in colleague.get(f'/people/{person_id}').text and large in own.get(f'/people/{person_id}/edit').text
    assert address in lumbreras.browser('guest').get('/').text.split('<main')[1]            # near
    assert photo_in(head.get('/').text) is None or address in head.get('/').text


def test_what_is_given_is_a_small_square_for_ever(shown):
    lumbreras, _person_id, address = shown
    for side in (96, 512):
        with lumbreras.browser('outsider').get(address.replace('/96', f'/{side}')) as answer:
            assert answer.status_code == 200 and answer.mimetype == 'image/jpeg'
            assert answer.headers['Cache-Control'] == 'private, max-age=31536000, immutable'
            assert answer.headers['X-Content-Type-Options'] == 'nosniff' and 'Set-Cookie' not in answer.headers
            assert Image.open(io.BytesIO(answer.data)).size == (side, side)


def test_who_may_not_see_him_does_not_see_his_photo(shown, stranger_of):
    lumbreras, person_id, address = shown
    version = address.split('/')[4]
    met = {role: _status(lumbreras.browser(role), address) for role in ('employee', 'head', 'outsider', 'administrator', 'guest')}
    assert met == {'employee': 200, 'head': 200, 'outsider': 200, 'administrator': 200, 'guest': 200}       # the guest's contact
    send(lumbreras.browser('outsider'), lumbreras.ids['outsider'], picture('blue'))
    hidden = f'/people/{lumbreras.ids["outsider"]}/photo/{Person.get_by_id(lumbreras.ids["outsider"]).photo}/96'
    guest = lumbreras.browser('guest')
    assert _status(guest, hidden) == 404
    # Unseen, absent, another's, of another size, of before: all the same.
    browser = lumbreras.browser('outsider')
    for wrong in (f'/people/999999/photo/{version}/96', f'/people/{lumbreras.ids["head"]}/photo/{version}/96', f'/people/{person_id}/photo/{version}/97',
                  f'/people/{person_id}/photo/{version[:-1]}/96', f'/people/{person_id}/photo/{"0" * 16}/96', f'/people/{person_id}/photo/%00/96',
                  f'/people/{person_id}/photo/{version}/0', f'/people/{person_id}/photo/{version.upper()}x/96', f'/people/{person_id}/photo/None/96'):
        assert _status(browser, wrong) == 404, wrong
    assert stranger_of(lumbreras).get(address).status_code == 303


@pytest.fixture
def stranger_of():
    """A browser without a session in a company's portal."""
    from tests.visitors import Browser     # slow: only here

    def of(lumbreras):
        lumbreras.browser('employee')
        return Browser(lumbreras._app, 'no such session')
    return of


def _status(browser, address):
    with browser.get(address) as answer:
        return answer.status_code


def test_another_photo_has_another_address(shown):
    lumbreras, person_id, address = shown
    browser = lumbreras.browser('employee')
    assert send(browser, person_id, picture('blue')).status_code == 303
    again = photo_in(browser.get('/').text)
    assert again != address and _status(browser, again) == 200 and _status(browser, address) == 404
    assert send(browser, person_id, picture('red')).status_code == 303
    assert photo_in(browser.get('/').text) == address


def test_it_is_removed(shown):
    lumbreras, person_id, address = shown
    browser = lumbreras.browser('employee')
    for _time in range(2):
        assert browser.post(f'/people/{person_id}/photo/removal', page=f'/people/{person_id}/edit').status_code == 303
    assert photo_in(browser.get('/').text) is None and _status(browser, address) == 404
    assert Person.get_by_id(person_id).photo is None and db.rows('SELECT * FROM person_photo') == [] == db.rows('SELECT * FROM blob_use')
    far = clock.from_microseconds(clock.microseconds(clock.now()) + 10**12)
    assert storage_sweep.remove_unused(far) == 2
    assert [row['what'] for row in audit.listing(what='core.photo')['rows']] == ['core.photo.removed', 'core.photo.changed']


def test_only_the_squares_are_kept(shown):
    lumbreras, person_id, _address = shown
    files = [path for path in (lumbreras.box.config.data.folder / 'blobs').rglob('*') if path.is_file()]
    assert len(files) == 2 and left(lumbreras) == []
    assert {Image.open(io.BytesIO(path.read_bytes())).size for path in files} == {(512, 512), (96, 96)}
    assert sorted(kind for kind, in db.rows('SELECT kind FROM blob_use')) == ['core.photo', 'core.photo']


def test_administrators_change_that_of_others(shown):
    lumbreras, person_id, address = shown
    administrator = lumbreras.browser('administrator')
    assert send(administrator, person_id, picture('green')).status_code == 303
    assert _status(administrator, address) == 404
    assert administrator.post(f'/people/{person_id}/photo/removal', page=f'/people/{person_id}/edit').status_code == 303
    assert Person.get_by_id(person_id).photo is None


def test_nobody_else_does(shown):
    lumbreras, person_id, address = shown
    for role, status in (('head', 403), ('outsider', 403), ('guest', 403)):
        browser = lumbreras.browser(role)
        assert send(browser, person_id, picture('green'), page='/settings').status_code == status
        assert browser.post(f'/people/{person_id}/photo/removal', page='/settings').status_code == status
    assert send(lumbreras.browser('guest'), lumbreras.ids['head'], picture(), page='/settings').status_code == 404
    settings.set_setting(SYSTEM, 'people.own_fields', 'phone')
    assert send(lumbreras.browser('employee'), person_id, picture('green')).status_code == 403
    assert _status(lumbreras.browser('employee'), address) == 200 and left(lumbreras) == []


def test_what_is_no_picture_is_refused_in_the_form(lumbreras):
    browser, person_id = lumbreras.browser('employee'), lumbreras.ids['employee']
    for content, name, words in ((b'<svg xmlns="http://www.w3.org/2000/svg"/>', 'me.svg', 'not a picture'), (b'<script>', 'me.jpg', 'not a picture'),
                                 (picture()[:700], 'me.jpg', 'damaged'), (b'', 'me.jpg', 'not a picture'), (b'', '', 'Choose a picture first')):
        answer = send(browser, person_id, content, name)
        assert answer.status_code == 422 and words in answer.text and 'aria-invalid="true"' in answer.text
        assert 'value="1992-06-27"' in answer.text      # the form beside it is there as it was
    assert Person.get_by_id(person_id).photo is None and left(lumbreras) == [] and db.rows('SELECT * FROM blob') == []
    browser.post('/settings/language', {'language': 'es', 'next': '/'})
    assert 'Esto no es una imagen' in send(browser, person_id, b'<svg/>').text


def test_a_picture_over_the_bound_is_not_read(lumbreras):
    browser, person_id = lumbreras.browser('employee'), lumbreras.ids['employee']
    answer = browser._client.post(f'/people/{person_id}/photo', base_url=browser._base, environ_overrides={'CONTENT_LENGTH': str(21 << 20)},
                                  content_type='multipart/form-data; boundary=x')
    assert answer.status_code == 413


def test_a_full_disk_changes_nothing(shown, monkeypatch):
    lumbreras, person_id, address = shown
    keep_bytes, kept = storage.keep_bytes, []

    def fill(data):
        """The disk fills after the first square."""
        if kept:
            raise storage.StorageFull()
        kept.append(keep_bytes(data))
        return kept[0]
    monkeypatch.setattr(photos.storage, 'keep_bytes', fill)
    assert send(lumbreras.browser('employee'), person_id, picture('blue')).status_code == 507
    monkeypatch.undo()
    assert _status(lumbreras.browser('employee'), address) == 200 and left(lumbreras) == []
    far = clock.from_microseconds(clock.microseconds(clock.now()) + 10**12)
    assert storage_sweep.remove_unused(far) == 1


def test_the_list_asks_no_more_for_photos(shown):
    lumbreras, _person_id, _address = shown
    browser = lumbreras.browser('outsider')
    browser.get('/people')
    with queries() as asked:
        browser.get('/people')
    assert len(asked) <= 5, asked
