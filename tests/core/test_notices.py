"""Notices: from an event to the bell, bundled, in the reader's language, by mail when nobody looks, and never of what is not one's own."""
import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from appliance.core import clock, db, departments, i18n, listeners, live, mail, notices, outbox, people, settings, switch
from appliance.core.actor import SYSTEM
from appliance.core.errors import NotFound
from appliance.core.notices import Notice
from appliance.tools.worktime import rules

START = datetime(2026, 11, 26, 9, tzinfo=UTC)


@pytest.fixture
def staff(box):
    """A function: the Actor of head (of Sales), ana (in Sales), eva, gus (ana's guest)."""
    sales = departments.add_department(SYSTEM, 'Sales')
    ids = {name: people.add_person(SYSTEM, name, name.title(), f'{name}@company.example', department_id=sales if name == 'ana' else None)
           for name in ('head', 'ana', 'eva')}
    ids['gus'] = people.add_person(SYSTEM, 'gus', 'Gus', kind='guest', contact_id=ids['ana'])
    departments.set_head(SYSTEM, sales, ids['head'])
    return lambda name: people.actor_for(ids[name], 'test')


def put(person, name='core.person.promoted', data=None, object=''):
    with db.write('test'):
        notices.put(name, person.person_id, data or {'role': 'portal_admin'}, object)


def told(actor, **options):
    return [one['text'] for one in notices.listing(actor, **options)['notices']]


def hear():
    with time_machine.travel(START + timedelta(days=900)):      # whenever it happened
        while listeners.deliver():
            pass


def corrected_day(actor):
    """A day that expired and was given its end."""
    with time_machine.travel(START, tick=False) as moving:
        day = rules.start_day(actor)
        moving.shift(timedelta(days=2))
        rules.expire_days(SYSTEM)
        rules.correct(actor, day, START + timedelta(hours=8), 'Forgot')
    return day


def test_the_head_is_told_of_a_corrected_day_and_the_person_of_an_expired_one(staff):
    day = corrected_day(staff('ana'))
    hear()
    assert told(staff('head')) == ['Ana entered when the working day of Nov 26, 2026 ended.']
    assert told(staff('ana')) == ['Your working day of Nov 26, 2026 was never finished. Enter when it ended.']
    assert told(staff('eva')) == []
    notice = notices.listing(staff('head'))['notices'][0]
    assert notice['url'] == f'/worktime/days/{day}' and not notice['is_read'] and notices.unread_count(staff('head')) == 1


def test_each_reads_it_in_his_language(staff):
    corrected_day(staff('ana'))
    hear()
    with i18n.language('es'):
        assert told(staff('head')) == ['Ana indicó cuándo terminó la jornada del 26 nov 2026.']


def test_nobody_is_told_of_what_he_did_himself(staff):
    departments.set_head(SYSTEM, 1, staff('ana').person_id)
    people.give_role(SYSTEM, staff('eva').person_id, 'administrator')
    people.give_role(staff('eva'), staff('eva').person_id, 'portal_admin')
    hear()
    assert told(staff('eva')) == ['You were given a role: Administrator.']


def test_who_may_not_see_the_object_any_more_does_not_see_the_notice(staff):
    corrected_day(staff('ana'))
    hear()
    departments.set_head(SYSTEM, 1, staff('eva').person_id)
    assert told(staff('head')) == []


def test_what_happens_again_while_unread_is_one_with_a_number(staff):
    ana = staff('ana')
    for number in range(3):
        put(ana, data={'role': 'portal_admin', 'n': number}, object='core.thing:1')
    put(ana, object='core.thing:2')
    found = notices.listing(ana)['notices']
    assert [one['count'] for one in found] == [1, 3] and Notice.get(Notice.count == 3).data['n'] == 2
    notices.read_all(ana)
    put(ana, object='core.thing:1')
    assert [one['count'] for one in notices.listing(ana)['notices']] == [1, 1, 3] and notices.unread_count(ana) == 1


def test_reading_is_ones_own(staff):
    put(staff('ana'))
    notice = notices.listing(staff('ana'))['notices'][0]['id']
    for name in ('eva', 'gus'):
        with pytest.raises(NotFound):
            notices.read(staff(name), notice)
    assert notices.read(staff('ana'), notice) == '/admin' == notices.read(staff('ana'), notice)
    assert notices.unread_count(staff('ana')) == 0 and notices.listing(staff('ana'))['notices'][0]['is_read']
    with pytest.raises(NotFound):
        notices.read(SYSTEM, notice)


def test_what_nobody_reads_is_mailed_once_in_one_mail(staff, run_due):
    with time_machine.travel(START, tick=False) as moving:
        for _time in range(25):
            put(staff('ana'))
        put(staff('eva'))
        moving.shift(timedelta(minutes=9))
        assert 'core.notices' not in run_due('core.notices')
        notices.read_all(staff('eva'))
        moving.shift(timedelta(minutes=2))
        assert run_due('core.notices') == ['core.notices']
        mails = [row for row in outbox.Outbox.select() if row.template == 'mail/notices']
        assert [row.person_id for row in mails] == [staff('ana').person_id] and (len(mails[0].data['notices']), mails[0].data['more']) == (20, 5)
        assert notices.next_mail_due() is None and run_due('core.notices') == []
        settings.set_setting(SYSTEM, 'mail.sender', 'portal@company.example')
        people.set_language(staff('ana'), staff('ana').person_id, 'es')
        message, _to = mail.compose(mails[0], 'https://portal.example')
    assert message['Subject'] == '25 avisos'
    text = message.get_body(('plain',)).get_content()
    assert 'Te han dado un rol' in text and 'https://portal.example/admin' in text and 'y 5 más' in text
    assert 'Te han dado un rol' in message.get_body(('html',)).get_content()


def test_more_of_the_same_is_mailed_again_after_an_hour(staff):
    ana = staff('ana')
    with time_machine.travel(START, tick=False) as moving:
        put(ana, object='core.thing:1')
        for minutes, mails in ((10, 1), (20, 0), (39, 0), (2, 1), (120, 0)):
            moving.shift(timedelta(minutes=minutes))
            with db.write('test'):
                assert notices.mail_unread(SYSTEM) == mails, minutes
            if minutes in (10, 20):
                put(ana, object='core.thing:1')
    assert Notice.get().count == 3


def test_a_person_chooses_the_bell_and_the_mail_by_kind(staff):
    ana = staff('ana')
    assert {one['kind'] for one in notices.choices(ana)} >= {'core.person.promoted', 'worktime.day.corrected'}
    assert {one['kind'] for one in notices.choices(staff('gus'))} == {     # a guest: what programs tell him, and what is said where he sees it
        'core.program.told', 'core.comment.mentioned', 'core.comment.received', 'core.comment.followed', 'core.insight.granted', 'core.person.exported'}
    notices.choose(ana, {'core.person.promoted': (False, True), 'core.person.demoted': (True, False), 'core.backup.failed': (False, False)})
    put(ana)
    put(ana, 'core.person.demoted')
    put(ana, 'core.backup.failed', {'message': 'x'})
    assert told(ana) == ['A role was taken from you: Administrator of the portal.'] and notices.unread_count(ana) == 1
    assert sorted((row.kind, row.is_shown, row.is_mailed) for row in Notice.select()) == [
        ('core.person.demoted', True, False), ('core.person.promoted', False, True)]
    with pytest.raises(NotFound):
        notices.choose(ana, {'core.nothing': (True, True)})


def test_a_tool_that_is_off_tells_nothing_and_its_mails_wait_for_nobody(staff):
    corrected_day(staff('ana'))
    hear()
    switch.turn(SYSTEM, 'worktime', False)
    switch.load()
    assert told(staff('head')) == [] and notices.wording('worktime.day.corrected', {}) is None
    with db.write('test'):
        outbox.send_mail('worktime/mail/reminder', {}, key='x', person_id=staff('ana').person_id)
    with pytest.raises(mail.NotToSend, match='off'):
        mail.compose(outbox.Outbox.get(outbox.Outbox.key == 'x'), 'https://portal.example')
    switch.turn(SYSTEM, 'worktime', True)
    switch.load()
    assert len(told(staff('head'))) == 1


def test_a_failed_backup_is_told_to_those_who_see_backups(staff):
    from appliance.core.backup.events import BackupFailed   # slow: only here
    from appliance.core.events import publish               # slow: only here
    people.give_role(SYSTEM, staff('eva').person_id, 'system_admin')
    people.give_role(SYSTEM, staff('head').person_id, 'portal_admin')
    for message in ('the disk is full', 'the disk is still full'):
        with db.write('test'):
            publish(BackupFailed(0, 'create', message, None))
    hear()
    assert told(staff('eva')) == ['The last backup failed: the disk is still full', 'You were given a role: Administrator of the system.']
    assert told(staff('head')) == ['You were given a role: Administrator of the portal.']


def test_old_ones_go_and_pages_come_by_fifty(staff):
    ana = staff('ana')
    with time_machine.travel(START, tick=False) as moving:
        for _time in range(60):
            put(ana)
        page = notices.listing(ana)
        assert len(page['notices']) == 50 and len(notices.listing(ana, older_than=page['older'])['notices']) == 10
        notices.read_all(ana)
        put(ana)
        moving.shift(timedelta(days=91))
        with db.write('test'):
            assert notices.forget(clock.now() - timedelta(days=90)) == 60
        assert len(told(ana)) == 1


@pytest.mark.parametrize('data', [{'role': '<script>'}, {'role': 'x' * 5000}, {'role': ''}])
def test_data_is_only_data(staff, data):
    put(staff('ana'), data=data)
    assert json.loads(json.dumps(told(staff('ana'))))[0].endswith(f'{data["role"]}.')


def bells():
    """Whose bells were told to count anew."""
    return [note.channels for note in live.read(0) if note.type == 'notices']


def test_the_bell_on_open_pages_is_told_in_the_same_transaction(staff):
    ana, mine = staff('ana'), (f'person:{staff("ana").person_id}',)
    put(ana, object='core.person:1')
    put(ana, object='core.person:1')
    assert bells() == [mine] * 2
    notice = notices.listing(ana)['notices'][0]['id']
    notices.read(ana, notice)
    notices.read(ana, notice)
    notices.read_all(ana)
    assert bells() == [mine] * 3         # once read, the number does not change
    put(ana)
    notices.read_all(ana)
    assert bells() == [mine] * 5
    notices.choose(ana, {'core.person.promoted': (False, True)})
    put(ana)
    assert len(bells()) == 5            # by mail only
    notices.choose(ana, {'core.person.promoted': (True, True)})
    with pytest.raises(RuntimeError), db.write('test'):
        notices.put('core.person.promoted', ana.person_id, {'role': 'x'})
        raise RuntimeError
    assert len(bells()) == 5            # a change that was undone told nobody
