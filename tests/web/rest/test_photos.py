"""PERSONAL_PHOTO: an address of the content origin that a program without a cookie may fetch, while its person may see the face."""
from datetime import timedelta

import pytest
import time_machine

from appliance.core import clock, photos
from appliance.core.actor import SYSTEM
from appliance.core.db import write
from appliance.core.people import Person, block, give_role
from appliance.core.storage import keep_bytes
from tests.visitors import Company
from tests.web.rest.callers import caller

CONTENT = 'http://localhost:18100'
LARGE, SMALL = b'\xff\xd8large', b'\xff\xd8small'


class Faces:
    """The demo company with a content origin, and a photo of its head."""

    def __init__(self, box):
        self.company = Company(box, CONTENT)
        self.head = self.company.ids['head']
        self.give(LARGE)
        self.program = caller(self.company, 'employee')

    def give(self, data):
        large, small = keep_bytes(data).hash, keep_bytes(SMALL).hash
        with write('test'):
            photos.keep(SYSTEM, self.head, large, small)

    def url(self, program=None, method='user.get', person_id=None):
        rows = (program or self.program).result(method, {'ID': person_id or self.head} if method == 'user.get' else None)
        return (rows[0] if isinstance(rows, list) else rows)['PERSONAL_PHOTO']

    def get(self, url):
        """(status, bytes) of an address, asked without any cookie."""
        with self.company._app.test_client(use_cookies=False).open(url.removeprefix(CONTENT), base_url=CONTENT) as answer:
            return answer.status_code, answer.get_data()


@pytest.fixture
def faces(box):
    return Faces(box)


def test_a_program_fetches_the_photo_without_a_login(faces):
    url = faces.url()
    assert url.startswith(f'{CONTENT}/f/p{faces.head}.') and url.endswith('/photo.jpg')
    assert faces.get(url) == (200, LARGE)
    assert faces.url() == url
    assert faces.url(person_id=faces.program.person_id) == '' == faces.url(method='user.current')
    assert faces.url(caller(faces.company, 'head'), 'user.current').startswith(CONTENT)


def test_an_address_that_was_altered_is_none(faces):
    url, outsider = faces.url(), faces.company.ids['outsider']
    token = url.split('/')[4]
    version = Person.get_by_id(faces.head).photo
    shown, asking, epoch, expires, mac = token.split('-')
    for changed in (f'p{outsider}.{version}-{asking}-{epoch}-{expires}-{mac}', f'{shown}-{outsider}-{epoch}-{expires}-{mac}', f'{shown}-{asking}-{int(epoch) + 1}-{expires}-{mac}',
                    f'{shown}-{asking}-{epoch}-{int(expires) + 1}-{mac}', f'{shown}-{asking}-{epoch}-{expires}-{"0" * 32}', f'{shown}-{asking}-{epoch}-{expires}-{mac.upper()}x',
                    token[1:], f'{token}0', f'p{faces.head}.{version[:-1]}-{asking}-{epoch}-{expires}-{mac}', f'{faces.head}-{asking}-{epoch}-{expires}-{mac}'):
        assert faces.get(url.replace(token, changed))[0] == 404, changed
    assert faces.get(url)[0] == 200


def test_it_ends_with_its_time(faces):
    with time_machine.travel(clock.now()) as moving:
        url = faces.url()
        moving.shift(timedelta(minutes=29))
        assert faces.get(url)[0] == 200
        moving.shift(timedelta(minutes=32))
        assert faces.get(url)[0] == 404
        assert faces.url() != url and faces.get(faces.url())[0] == 200


def test_it_ends_with_what_its_person_may(faces):
    guest, url = caller(faces.company, 'guest'), faces.url()
    assert guest.result('user.get', {'ID': faces.head}) == []
    own = faces.url(caller(faces.company, 'outsider'))
    give_role(SYSTEM, faces.program.person_id, 'administrator')         # the epoch rises
    assert faces.get(url)[0] == 404 and faces.get(own)[0] == 200
    block(SYSTEM, faces.company.ids['outsider'], 'portal')
    assert faces.get(own)[0] == 404
    mine = faces.url(caller(faces.company, 'administrator'))
    faces.give(b'\xff\xd8another')
    assert faces.get(mine)[0] == 404 and faces.get(faces.url(caller(faces.company, 'administrator'))) == (200, b'\xff\xd8another')


def test_without_an_origin_there_is_no_address(company, program):
    large, small = keep_bytes(LARGE).hash, keep_bytes(SMALL).hash
    with write('test'):
        photos.keep(SYSTEM, company.ids['head'], large, small)
    assert program.result('user.get', {'ID': company.ids['head']})[0]['PERSONAL_PHOTO'] == ''
