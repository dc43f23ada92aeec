"""The audit log: a row with what it tells of, a chain that no change survives, and repeats that are counted."""
import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from appliance.core import audit, audit_health, checks, db, people, settings, syslog
from appliance.core.actions import action
from appliance.core.actor import SYSTEM, Actor
from appliance.core.audit import AuditRow
from appliance.core.db import write

ANA = Actor(7, 'employee', via='session:1')
START = datetime(2026, 11, 26, 9, tzinfo=UTC)
SEAL = '8a2fe21153a8daa1cad74c3362a8b82b6b2c691cd5173da402d837675c5f3796'


def do(what, actor=ANA, **data):
    with write('test'):
        audit.record(actor, what, 'core.thing:1', **data)


def seal():
    with write('test'):
        return audit.seal()


def check():
    return next(one for one in checks.run(None) if one['name'] == 'audit')


@pytest.fixture(autouse=True)
def no_journal(monkeypatch):
    """A machine without a journal, until a test says what it holds."""
    monkeypatch.setattr(audit_health, '_told_to_journal', lambda: None)


def test_a_record_belongs_into_an_action(box):
    with pytest.raises(RuntimeError, match='belongs into an action'):
        audit.record(ANA, 'x.y.z')


def test_what_did_not_happen_is_not_recorded(box):
    @action
    def fail(actor):
        audit.record(actor, 'x.y.z')
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError):
        fail(ANA)
    assert not AuditRow.select().exists()


def test_rules_record_who_did_what_from_where(box):
    audit.come_from('192.0.2.7')
    settings.set_setting(SYSTEM, 'company.name', 'Lumbreras')
    settings.set_setting(SYSTEM, 'mail.password', 'a secret of ours')
    found = audit.listing()['rows']
    assert [(one['what'], one['object'], one['data'], one['address'], one['via']) for one in found] == [
        ('core.setting.changed', 'core.setting:mail.password', {}, '192.0.2.7', 'system'),
        ('core.setting.changed', 'core.setting:company.name', {'to': 'Lumbreras'}, '192.0.2.7', 'system')]
    assert 'a secret of ours' not in json.dumps([one['data'] for one in found])


def test_the_chain_is_the_same_on_both_engines(box):
    with time_machine.travel(START, tick=False):
        do('a.b.c', count=1, word='día')
        do('a.b.d')
        assert seal() == (2, SEAL)
    assert audit.head()[0] == 2 and seal() == (2, SEAL) and audit.broken_at() is None


@pytest.mark.parametrize('change', [
    "UPDATE audit SET data = '{\"count\":2}' WHERE id = 2", "UPDATE audit SET person_id = 8 WHERE id = 2", "UPDATE audit SET at = at + 1 WHERE id = 2",
    'DELETE FROM audit WHERE id = 2', 'UPDATE audit SET seal_no = NULL WHERE id = 2', "UPDATE audit SET what = 'x' WHERE id = 4",
    'UPDATE audit SET seal = (SELECT seal FROM audit b WHERE b.id = 1) WHERE id = 2',
    'UPDATE audit SET seal_no = -seal_no WHERE id IN (2, 3)'])
def test_no_change_survives(box, change):
    for number in range(5):
        do('a.b.c', count=number)
    seal()
    assert audit.broken_at() is None and check()['state'] == 'ok'
    db.database.execute_sql(change)
    assert audit.broken_at() is not None
    assert check()['state'] == 'failed'


def test_a_row_with_a_lower_id_that_came_later_is_sealed_later(box):
    do('a.b.c')
    do('a.b.d')
    seal()
    with write('test'):
        AuditRow.insert(id=0, at=START, via='x', what='late', data={}).execute()
    assert seal()[0] == 3 and audit.broken_at() is None


def test_a_chain_written_anew_is_not_what_the_journal_names(box, monkeypatch):
    do('a.b.c')
    number, newest = seal()
    monkeypatch.setattr(audit_health, '_told_to_journal', lambda: (number, newest))
    assert 'the one that the journal names' in check()['message'] and check()['state'] == 'ok'
    db.database.execute_sql("UPDATE audit SET seal_no = NULL, seal = NULL, data = '{}', what = 'another'")
    seal()
    assert audit.broken_at() is None and check()['state'] == 'failed'


def test_rows_that_a_restore_took_back_are_explained(box, monkeypatch):
    do('a.b.c')
    number, newest = seal()
    monkeypatch.setattr(audit_health, '_told_to_journal', lambda: (number + 5, newest))
    assert check()['state'] == 'failed'
    with write('test'):
        audit.record(SYSTEM, 'core.backup.restored', before_no=number + 5)
    seal()
    assert check()['state'] == 'ok' and 'since the last restore' in check()['message']


def test_repeats_are_one_row_with_their_number(box):
    with time_machine.travel(START, tick=False) as moving:
        for _time in range(40):
            audit.count(ANA, 'web.request.refused', path='/admin')
        audit.count(ANA, 'web.request.refused', path='/admin/jobs')
        assert audit.next_due() == START + audit.COUNTED_AFTER
        seal()
        assert not AuditRow.select().exists()
        moving.shift(timedelta(seconds=61))
        seal()
        assert sorted((row.data['path'], row.data.get('times')) for row in AuditRow.select()) == [('/admin', 40), ('/admin/jobs', None)]
        assert audit.next_due() is None


def test_the_listing_finds_by_beginning_person_and_words(box):
    for number in range(60):
        do('identity.session.opened' if number % 2 else 'core.person.added', number=number)
    do('core.personal', Actor(8, 'employee', via='x'), word='100%_Éxito')
    page = audit.listing()
    assert len(page['rows']) == 50 and page['rows'][0]['what'] == 'core.personal'
    assert [one['data'].get('number') for one in audit.listing(older_than=page['older'])['rows']] == list(range(10, -1, -1))
    assert len(audit.listing('core.person')['rows']) == 30 and len(audit.listing('core.perso')['rows']) == 0
    assert len(audit.listing(person_ids=[8])['rows']) == 1 and not audit.listing(person_ids=[])['rows']
    assert len(audit.listing(words='100%_ word')['rows']) == 1 and not audit.listing(words='100_%')['rows']
    assert len(audit.listing(words="'; DROP TABLE audit; --")['rows']) == 0


@pytest.mark.parametrize('text', ['http://x', 'udp://', 'udp://a b', 'unix:relative', 'tcp://x:123456', 'x' * 300])
def test_what_is_no_syslog_address_is_refused(text):
    with pytest.raises(ValueError, match='unix:/dev/log'):
        syslog.read_address(text)


def test_people_are_found_by_name_login_and_mail(box):
    ids = [people.add_person(SYSTEM, 'inigo', 'Íñigo Pérez', 'i@x.example'), people.add_person(SYSTEM, 'ana', 'Ana')]
    assert people.ids_called('perez') == people.ids_called('i@x') == ids[:1] and people.ids_called('') == ids and people.ids_called('%') == []
