"""The card of files on a page: adding, removing, refusing; what is sent leaves nothing behind that was not kept."""
import io

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from appliance.core import db
from appliance.tools.worktime import rules
from appliance.web.uploads import takes_files

BOUND = 100 << 20


@pytest.fixture
def day(company):
    """The id of a working day of the demo's employee; the head may see it, nobody else."""
    rules.start_day(company.actor('employee'))
    return db.row('SELECT max(id) FROM worktime_day WHERE person_id = ?', company.ids['employee'])[0]


def send(browser, day, *files, **fields):
    return post(browser, f'/attachments/worktime.day/{day}', {'files': [file(content, name) for name, content in files], **fields},
                page=f'/worktime/days/{day}')


def file(content=b'x', name='x'):
    return FileStorage(io.BytesIO(content), name)


def post(browser, path, fields, page='/'):
    """Post a multipart form; encoded here, since the client would leave a temporary file open for a large one."""
    boundary, body = encode_multipart(browser.hidden(page) | fields)
    return browser._client.post(path, base_url=browser._base, data=body, content_type=f'multipart/form-data; boundary={boundary}')


def kept():
    return [name for name, in db.rows('SELECT name FROM attachment ORDER BY id')]


def left(company):
    """What lies in the folder of uploads."""
    folder = company.config.data.folder / 'incoming'
    return list(folder.iterdir()) if folder.exists() else []


def test_files_are_attached_listed_and_removed(company, day):
    browser, page = company.browser('employee'), f'/worktime/days/{day}'
    answer = send(browser, day, ('note.pdf', b'%PDF'), ('ñandú 🦤.txt', b'hello'), next=page)
    assert (answer.status_code, answer.location) == (303, page)
    text = browser.get(page).text
    assert 'note.pdf' in text and 'ñandú 🦤.txt' in text and 'Attached.' in text and left(company) == []
    assert browser.post('/attachments/1/removal', {'next': page}, page=page).status_code == 303
    assert kept() == ['ñandú 🦤.txt'] and 'note.pdf' not in browser.get(page).text.split('<main')[1]


def test_htmx_gets_the_card(company, day):
    browser = company.browser('employee')
    headers = {'HX-Request': 'true', 'HX-Request-Type': 'partial'}
    hidden = browser.hidden(f'/worktime/days/{day}')
    answer = browser._client.post(f'/attachments/worktime.day/{day}', base_url=browser._base, headers=headers, content_type='multipart/form-data',
                                  data=hidden | {'files': (io.BytesIO(b'x'), '<b>x</b>.txt'), 'next': f'/worktime/days/{day}'})
    assert answer.status_code == 200 and '<html' not in answer.text and 'class="card attachments"' in answer.text
    # A path ends at its last slash, in whatever it stands.
    assert 'b&gt;.txt' in answer.text and '<b>x' not in answer.text


def test_who_may_what(company, day):
    page = f'/worktime/days/{day}'
    send(company.browser('employee'), day, ('a.txt', b'a'))
    head = company.browser('head')
    text = head.get(page).text
    assert 'a.txt' in text and 'type="file"' not in text and '/removal' not in text
    with head.get('/attachments/1') as answer:
        assert answer.data == b'a'
    assert send(head, day, ('b.txt', b'b')).status_code == 403
    assert head.post('/attachments/1/removal', page='/').status_code == 403
    for role in ('outsider', 'guest', 'administrator'):
        browser = company.browser(role)
        hidden = browser.hidden('/')
        met = [browser.get('/attachments/1').status_code, browser.post('/attachments/1/removal', hidden).status_code,
               browser.post(f'/attachments/worktime.day/{day}', hidden | {'files': (io.BytesIO(b'x'), 'x')}, content_type='multipart/form-data').status_code]
        assert met == [404, 404, 404], role
    assert kept() == ['a.txt'] and left(company) == []


def test_what_is_not_there(company):
    browser = company.browser('employee')
    hidden = browser.hidden('/')
    for path in ('/attachments/0', '/attachments/99', '/attachments/' + '9' * 30, '/attachments/-1', '/attachments/x', '/attachments/worktime.day/0',
                 '/attachments/planted.note/1', '/attachments/%00/1', '/attachments/core.person/999999'):
        assert browser.get(path).status_code in (404, 405), path
        answer = browser._client.post(path, base_url=browser._base, data=hidden | {'files': (io.BytesIO(b'x'), 'x')}, content_type='multipart/form-data')
        assert answer.status_code in (404, 405), path


def test_a_profile_takes_no_files(company):
    browser = company.browser('employee')
    answer = browser._client.post(f'/attachments/core.person/{company.ids["employee"]}', base_url=browser._base,
                                  data=browser.hidden('/') | {'files': (io.BytesIO(b'x'), 'x')}, content_type='multipart/form-data')
    assert answer.status_code == 403 and db.row('SELECT count(*) FROM attachment') == (0,)


def test_a_stranger_is_sent_to_the_login(company, day, stranger):
    send(company.browser('employee'), day, ('a.txt', b'a'))
    assert stranger.get('/attachments/1').status_code == 303
    answer = stranger.post(f'/attachments/worktime.day/{day}', {'files': (io.BytesIO(b'x'), 'x')}, page='/login', content_type='multipart/form-data')
    assert answer.status_code == 303 and '/login' in answer.location


def test_without_a_content_origin_a_file_is_for_saving_only(company, day):
    browser = company.browser('employee')
    send(browser, day, ('page.html', b'<script>alert(1)</script>'), ('x.png', b'png'))
    for number in (1, 2):
        with browser.get(f'/attachments/{number}') as answer:
            assert answer.status_code == 200 and answer.mimetype == 'application/octet-stream'
            assert answer.headers['Content-Disposition'].startswith('attachment; filename=')
            assert answer.headers['Content-Security-Policy'] == "sandbox; default-src 'none'"
            assert answer.headers['X-Content-Type-Options'] == 'nosniff' and answer.headers['Cache-Control'] == 'no-store'


# What nobody should send.

def test_nothing_chosen_is_said(company, day):
    browser = company.browser('employee')
    for files in ([('', b'')], []):
        answer = send(browser, day, *files)
        assert answer.status_code == 422 and 'Choose a file first' in answer.text
    assert left(company) == []


def test_a_large_file_arrives_whole(company, day):
    content = bytes(range(256)) * (20 << 12)
    assert send(company.browser('employee'), day, ('20 MiB.bin', content)).status_code == 303
    with company.browser('employee').get('/attachments/1') as answer:
        assert answer.data == content
    assert left(company) == []


def test_more_than_the_bound_is_not_read(company, day):
    browser = company.browser('employee')
    answer = browser._client.post(f'/attachments/worktime.day/{day}', base_url=browser._base,
                                  environ_overrides={'CONTENT_LENGTH': str(BOUND + (1 << 20))}, content_type='multipart/form-data; boundary=x')
    assert answer.status_code == 413


def test_other_forms_take_a_mebibyte_as_before(company):
    browser = company.browser('employee')
    for size, status in ((2 << 20, 413), (1, 422)):
        answer = post(browser, '/settings/theme', {'theme': 'dark', 'next': '/', 'file': file(bytes(size))})
        assert answer.status_code == status and left(company) == []
    # A form that takes files is no way around for text.
    answer = post(browser, '/attachments/worktime.day/1', {'next': 'x' * (2 << 20)})
    assert answer.status_code in (404, 413)


def test_too_many_files_at_once(company, day):
    answer = send(company.browser('employee'), day, *[(f'{number}.txt', b'x') for number in range(21)])
    assert answer.status_code == 422 and kept() == [] and left(company) == []


def test_a_broken_body_leaves_nothing(company, day):
    browser = company.browser('employee')
    token = browser.hidden('/')['csrf_token']
    for body in (b'', b'--x', b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\ncut', bytes(1000)):
        answer = browser._client.post(f'/attachments/worktime.day/{day}', base_url=browser._base, data=body, headers={'X-CSRF-Token': token},
                                      content_type='multipart/form-data; boundary=x')
        assert answer.status_code in (400, 422) and kept() == [] and left(company) == []


def test_text_in_the_place_of_a_file_and_a_file_in_that_of_text(company, day):
    browser, page = company.browser('employee'), f'/worktime/days/{day}'
    assert browser.post(f'/attachments/worktime.day/{day}', {'files': 'text'}, page=page).status_code == 422
    assert send(browser, day, ('a', b'a'), next=file(b'/')).status_code == 422
    assert kept() == [] and left(company) == []


def test_without_a_good_token_nothing_is_kept(company, day):
    answer = send(company.browser('employee'), day, ('a', b'a'), csrf_token='wrong')
    assert answer.status_code == 403 and kept() == [] and left(company) == []


def test_a_full_disk_is_told(company, day, monkeypatch):
    browser, hidden = company.browser('employee'), company.browser('employee').hidden('/')
    monkeypatch.setattr('appliance.core.storage.SPARE_BYTES', 1 << 60)
    answer = browser.post(f'/attachments/worktime.day/{day}', {'files': (io.BytesIO(b'x'), 'x')} | hidden, page='/settings', content_type='multipart/form-data')
    assert answer.status_code == 507 and 'full' in answer.text and left(company) == [] and kept() == []


def test_views_that_take_files_say_so():
    assert takes_files(7)(lambda: None).file_bytes == 7
