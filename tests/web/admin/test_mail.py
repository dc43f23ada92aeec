"""/admin/mail: ten thousand mails by pages, each state in words, trying again and not sending."""
import re
from datetime import timedelta

from appliance.core import clock, db
from appliance.core.outbox import STATES, Outbox
from appliance.core.people import set_language, set_zone
from appliance.core.actor import SYSTEM


def fill(lumbreras, count, **values):
    now = clock.now()
    row = {'kind': 'mail', 'person': lumbreras.ids['employee'], 'template': 'worktime/mail/reminder', 'data': {}, 'attempts': 0,
           'next_at': now, 'created_at': now, 'state': 'waiting', 'error': '', **values}
    for start in range(0, count, 500):
        Outbox.insert_many([{**row, 'key': f'{start + number}:{values}'} for number in range(min(500, count - start))]).execute()


def shown(text):
    """The ids of the mails on a page: those that can be tried again."""
    return [int(number) for number in re.findall(r'/admin/mail/(\d+)/retry', text)]


def test_ten_thousand_rows_are_pages_in_both_directions(lumbreras, administrator):
    fill(lumbreras, 10_000)
    newest = shown(administrator.get('/admin/mail').text)
    assert len(newest) == 50 and newest == sorted(newest, reverse=True)
    older = shown(administrator.get(f'/admin/mail?older={newest[-1]}').text)
    assert older[0] == newest[-1] - 1 and len(older) == 50
    assert shown(administrator.get(f'/admin/mail?newer={older[0]}').text) == newest
    last = administrator.get(f'/admin/mail?older={newest[0] - 9_990}').text
    assert len(shown(last)) == 9 and 'rel="next"' not in last and 'rel="prev"' in last


def test_each_state_has_its_word_and_its_filter(lumbreras, administrator):
    words = dict(zip(STATES, ('Waiting', 'Being sent', 'Sent', 'Failed', 'Not sent', 'Cancelled', 'Held after a restore'), strict=True))
    for state in STATES:
        fill(lumbreras, 1, state=state)
    for state, word in words.items():
        rows = administrator.get(f'/admin/mail?state={state}').text.split('<tbody>')[1].split('</tbody>')[0]
        assert rows.count('<tr>') == 1 and f'>{word}</span>' in rows and 'Tomás Herrera' in rows


def test_failed_mail_says_why_and_can_be_tried_again(lumbreras, administrator):
    fill(lumbreras, 1, state='failed', attempts=30, error='recipient: 550 <b>no such user</b>')
    text = administrator.get('/admin/mail').text
    assert 'The mail server refuses the recipient. (550 &lt;b&gt;no such user&lt;/b&gt;)' in text
    mail_id, = shown(text)
    answer = administrator.post(f'/admin/mail/{mail_id}/retry?state=failed', page='/admin/mail')
    assert (answer.status_code, answer.location) == (303, '/admin/mail?state=failed')
    mail = Outbox.get_by_id(mail_id)
    assert (mail.state, mail.attempts) == ('waiting', 0)


def test_a_mail_can_be_held_back_and_sent_after_all(lumbreras, administrator):
    fill(lumbreras, 1)
    mail_id = Outbox.get().id
    for address, state in (('cancellation', 'cancelled'), ('retry', 'waiting')):
        assert administrator.post(f'/admin/mail/{mail_id}/{address}', page='/admin/mail').status_code == 303
        assert Outbox.get().state == state


def test_what_left_cannot_be_tried_again(lumbreras, administrator):
    fill(lumbreras, 1, state='sent', sent_at=clock.now())
    assert administrator.post(f'/admin/mail/{Outbox.get().id}/retry', page='/admin/mail').status_code == 409
    assert Outbox.get().state == 'sent'
    assert administrator.post('/admin/mail/999999/retry', page='/admin/mail').status_code == 404


def test_a_repeated_click_tries_once(lumbreras, administrator):
    fill(lumbreras, 1, state='failed')
    mail_id, key = Outbox.get().id, {'request_key': 'the same key twice'}
    for _turn in range(2):
        assert administrator.post(f'/admin/mail/{mail_id}/retry', key, page='/admin/mail').status_code == 303
        Outbox.update(attempts=3).execute()
    assert Outbox.get().attempts == 3


def test_unknown_places_and_fields_are_refused(lumbreras, administrator):
    for path in ('/admin/mail?state=x', '/admin/mail?state=%00', '/admin/mail?older=-1', '/admin/mail?older=x', '/admin/mail?newer=' + '9' * 30):
        assert administrator.get(path).status_code == 404, path
    assert administrator.post('/admin/mail/' + '9' * 30 + '/retry', page='/admin/mail').status_code == 404
    assert administrator.post('/admin/mail/1/retry', {'state': 'sent'}, page='/admin/mail').status_code == 422


def test_without_a_server_the_page_says_what_to_do(lumbreras, administrator):
    assert 'No mail server is set up' in administrator.get('/admin/mail').text


def test_moments_are_the_person_s(lumbreras, administrator):
    moment = clock.from_microseconds(1_764_000_000_000_000)      # 24 November 2025, 16:00 UTC
    fill(lumbreras, 1, created_at=moment, next_at=moment + timedelta(hours=1))
    set_zone(SYSTEM, lumbreras.ids['administrator'], 'Asia/Tokyo')
    set_language(SYSTEM, lumbreras.ids['administrator'], 'es')
    assert '25/11/25, 1:00' in administrator.get('/admin/mail').text


def test_the_page_takes_at_most_ten_queries(lumbreras, administrator, monkeypatch):
    fill(lumbreras, 60)
    asked, execute = [], db.database.obj.execute_sql
    monkeypatch.setattr(db.database.obj, 'execute_sql', lambda sql, *more, **named: asked.append(sql) or execute(sql, *more, **named))
    administrator.get('/admin/mail')
    assert len(asked) <= 10, asked
