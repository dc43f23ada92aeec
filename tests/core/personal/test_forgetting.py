"""Forgetting: the plan says what happens, then nothing of the person is left in any table, the index or on the disk."""
import dataclasses
import datetime
import os
import signal
import subprocess
import sys

import pytest
import time_machine

from appliance.core import audit, clock, db, departments, derived, outbox, people, search, settings, storage_sweep
from appliance.core.actor import SYSTEM
from appliance.core.errors import Conflict, NotAllowed, NotFound
from appliance.core.personal import forgetting, forgotten, holds
from appliance.core.tool import registry
from appliance.identity import accounts
from appliance.tools.worktime import rules as worktime
from tests.core.personal.conftest import BEFORE, LOGIN, MAIL, NAME, PHONE, names_on_disk, traces

CONSOLE = dataclasses.replace(SYSTEM, via='console:root')


def forget(office, **options):
    return forgetting.forget(CONSOLE, office.erika, more=(BEFORE,), **options)


def test_the_plan_changes_nothing_and_says_what_happens(full):
    before = everything()
    plan = forgetting.plan(CONSOLE, full.erika, more=(BEFORE,))
    assert everything() == before
    assert plan['stand_in'] == f'Former employee {full.erika}' and plan['hindrances'] == []
    does = {one['table']: one['does'] for one in plan['tables']}
    assert does['session'] == 'deleted' and does['worktime_day'] == 'kept' and does['audit'] == 'anonymous' and does['person'] == 'anonymous'
    named = {(one['table'], one['column']): one['rows'] for one in plan['named']}
    assert named['notice', 'data'] == 2 and named['planted_note', 'title'] == 1 and named['audit', 'data'] == 2
    notes = ' '.join(plan['notes'])
    assert 'Archive' in notes and 'Gus Guest' in notes and 'directory' in notes and 'Backups' in notes


def test_nothing_of_the_person_is_left(full):
    assert len(traces()) > 12 and search.find(full.actor('colleague'), 'müsterm')['hits']
    counts = forget(full)
    assert traces() == []
    assert counts['session'] == ['deleted', 1] and counts['worktime_day'] == ['kept', 1]
    with db.connected():
        storage_sweep.remove_unused(clock.now() + datetime.timedelta(days=2))
    assert names_on_disk(full.box) == []
    assert not search.find(full.actor('colleague'), 'müsterm')['hits'] and not search.find(full.actor('administrator'), 'erika')['hits']
    assert people.names_of([full.erika]) == {full.erika: f'Former employee {full.erika}'}
    titles = [one['title'] for one in search.find(full.actor('colleague'), 'ask former')['hits']]
    assert titles == [f'Ask Former employee {full.erika} (Former employee {full.erika}) about it']


def test_the_audit_log_is_whole_afterwards_and_still_shows_any_other_change(full):
    forget(full)
    audit.seal()
    assert audit.broken_at() is None
    row = audit.AuditRow.get(audit.AuditRow.what == 'core.person.blocked')
    assert row.data == {'reason': f'Former employee {full.erika} said so, Former employee {full.erika}', 'nested': [{'login': f'Former employee {full.erika}'}]}
    with db.write('test'):
        audit.AuditRow.update(data={'reason': 'another'}).where(audit.AuditRow.id == row.id).execute()
    assert audit.broken_at() == row.seal_no


def test_what_is_left_is_whole(full):
    forget(full)
    assert db.row('SELECT head_id FROM department WHERE name = ?', 'Archive')[0] is None
    assert db.row('SELECT contact_id FROM person WHERE login = ?', 'guest')[0] is None
    assert db.row('SELECT count(*), max(address) FROM worktime_day WHERE person_id = ?', full.erika) == (1, '')
    assert db.row("SELECT name FROM attachment WHERE kind = 'worktime.day'")[0] == f'Attest Former employee {full.erika}.pdf'
    for table in ('token', 'subscription', 'subscription_call', 'presence'):
        assert db.row(f'SELECT count(*) FROM {table}')[0] == 0, table
    assert db.row('SELECT count(*) FROM planted_note WHERE person_id = ?', full.erika)[0] == 0
    assert db.row('SELECT count(*) FROM blob_use WHERE kind = ?', 'core.photo')[0] == 0
    before = access_rows()
    derived.make(list(derived.makers()))
    assert access_rows() == before, 'the access rows were not those that the rules say'
    if full.box.engine == 'sqlite':
        assert db.rows('PRAGMA foreign_key_check') == []


def access_rows():
    return {table: sorted(db.rows(f'SELECT * FROM {table}')) for table in ('person_access', 'worktime_day_access', 'planted_note_access')}


def test_it_cannot_be_done_twice_nor_taken_back(full):
    forget(full)
    for again in (lambda: forget(full), lambda: forgetting.plan(CONSOLE, full.erika), lambda: people.update_person(SYSTEM, full.erika, name=NAME),
                  lambda: people.unblock(SYSTEM, full.erika, 'forgotten'), lambda: people.give_role(SYSTEM, full.erika, 'administrator')):
        with pytest.raises(Conflict):
            again()
    assert forgotten.is_forgotten(full.erika) and traces() == []
    with pytest.raises(NotAllowed):
        full.actor(LOGIN)


def test_who_is_still_in_the_directory_does_not_come_back(full):
    forget(full)
    entry = dataclasses.make_dataclass('Entry', ['uuid', 'fields', 'dn'])(
        '00000000-0000-0000-0000-000000000007', {'login': LOGIN, 'name': NAME, 'mail': MAIL}, f'cn={NAME},dc=x')
    assert accounts.person_of_entry(SYSTEM, 1, entry) == full.erika
    assert people.is_blocked(full.erika) and traces() == []


def test_her_login_and_mail_are_free_again(full):
    forget(full)
    again = people.add_person(SYSTEM, LOGIN, NAME, MAIL)
    assert again != full.erika and people.names_of([again]) == {again: NAME}


def test_somebody_who_is_called_former_is_not_in_the_way(office):
    people.add_person(SYSTEM, f'former-{office.erika}', 'Joker')
    forgetting.forget(CONSOLE, office.erika)
    assert db.row('SELECT login FROM person WHERE id = ?', office.erika)[0] == f'former-{office.erika}_'


def test_the_last_administrator_stays(office):
    with pytest.raises(Conflict, match='another active administrator'):
        forgetting.forget(CONSOLE, office.ids['administrator'])
    people.give_role(SYSTEM, office.ids['head'], 'administrator')
    assert forgetting.forget(CONSOLE, office.ids['administrator'])


def test_nobody_forgets_himself(office):
    people.give_role(SYSTEM, office.ids['head'], 'administrator')
    with pytest.raises(Conflict, match='himself'):
        forgetting.forget(office.actor('administrator'), office.ids['administrator'])
    assert forgetting.forget(office.actor('head'), office.ids['administrator'])


@pytest.mark.parametrize('login', ['head', 'colleague', 'guest', LOGIN])
def test_others_may_not(office, login):
    for act in (lambda: forgetting.forget(office.actor(login), office.erika), lambda: forgetting.plan(office.actor(login), office.erika),
                lambda: holds.hold(office.actor(login), office.erika, 'why'), lambda: holds.holds_of(office.actor(login)),
                lambda: forgetting.let_go(office.actor(login))):
        with pytest.raises(NotAllowed):
            act()


@pytest.mark.parametrize('person_id', [0, -1, 10**6, (1 << 63) - 1])
def test_nobody_is_not_found(office, person_id):
    with pytest.raises(NotFound):
        forgetting.forget(CONSOLE, person_id)


def test_a_hold_keeps_everything(full):
    number = holds.hold(CONSOLE, full.erika, 'a case at court', '2031-12-31')
    before = traces()
    with pytest.raises(Conflict, match='a case at court'):
        forget(full)
    assert traces() == before and forgetting.plan(CONSOLE, full.erika)['hindrances']
    holds.end(CONSOLE, number)
    with pytest.raises(Conflict):
        holds.end(CONSOLE, number)
    assert forget(full)


def test_a_hold_ends_with_its_day(full):
    holds.hold(CONSOLE, full.erika, 'for a while', clock.now().date().isoformat())
    with pytest.raises(Conflict):
        forget(full)
    with time_machine.travel(clock.now() + datetime.timedelta(days=1)):
        assert forget(full)


@pytest.mark.parametrize(('reason', 'until'), [('', None), ('x' * 1001, None), ('two\nlines', None), ('well', 'tomorrow'), ('well', '2020-01-01')])
def test_a_hold_wants_a_reason_and_a_day_to_come(office, reason, until):
    with pytest.raises(Exception, match='.') as refused:
        holds.hold(CONSOLE, office.erika, reason, until)
    assert refused.value.code == 'invalid'


def test_a_tool_that_is_off_is_in_the_way(full):
    registry.use(None, {'people', 'worktime'})
    with pytest.raises(Conflict, match='Planted'):
        forget(full)
    registry.use(None, {'people', 'worktime', 'planted'})
    assert forget(full)


def test_a_setting_that_names_the_person_is_in_the_way(full):
    settings.set_setting(SYSTEM, 'mail.sender', MAIL)
    with pytest.raises(Conflict, match='mail.sender'):
        forget(full)


def test_what_the_law_wants_goes_when_its_years_are_over(full, run_due):
    forget(full)
    kept = lambda: db.row('SELECT count(*) FROM worktime_day WHERE person_id = ?', full.erika)[0]   # noqa: E731
    with time_machine.travel(clock.now() + datetime.timedelta(days=3 * 365)):
        run_due('core.let_go')
        assert kept() == 1
    with time_machine.travel(clock.now() + datetime.timedelta(days=5 * 365)):
        run_due('core.let_go')
        assert kept() == 0
        assert db.rows('SELECT 1 FROM worktime_pause') == db.rows("SELECT 1 FROM attachment WHERE kind = 'worktime.day'") == []


def test_without_years_nothing_is_kept(full):
    settings.set_setting(SYSTEM, 'worktime.keep_years', '0')
    forget(full)
    assert db.row('SELECT count(*) FROM worktime_day WHERE person_id = ?', full.erika)[0] == 0


def test_an_open_day_expires_without_a_word(full, run_due):
    forget(full)
    with time_machine.travel(clock.now() + datetime.timedelta(days=2)):
        assert worktime.expire_days(SYSTEM)
        run_due('core.deliveries')
        assert db.row('SELECT count(*) FROM notice WHERE person_id = ?', full.erika)[0] == 0


def test_no_mail_goes_to_her_any_more(full):
    forget(full)
    assert db.row('SELECT count(*) FROM outbox WHERE person_id = ?', full.erika)[0] == 0
    assert db.row('SELECT recipient FROM outbox WHERE key = ?', 'a third key')[0] == f'Former employee {full.erika}'
    assert outbox.Outbox.select().where(outbox.Outbox.person == full.ids['administrator']).count() == 1


@pytest.mark.parametrize(('login', 'name', 'text', 'expected'), [
    ('administrator2', 'Max', 'The maximum of Maxine', 'The maximum of Maxine'), ('mail', 'Mail', 'e-Mail: mail in a mailbox', 'e-#: mail in a mailbox'),
    ('role', '%', 'a 100% role', 'a 100% role'), ('x.yz', '_', 'a_b x.yz-z x.yzz', 'a_b #-z x.yzz'),
    ('session', 'An', 'An hour is an hour in the session', '# hour is an hour in the session'), ('erika', 'Erika  M', 'ERIKA\nM and Erika, 12 and 2026', '# and Erika, 12 and 2026')])
def test_a_name_that_is_part_of_words_changes_no_others(office, login, name, text, expected):
    person = people.add_person(SYSTEM, login, name, phone='12')
    with db.write('test'):
        audit.record(SYSTEM, 'core.thing.done', 'core.thing:1', text=text, role='role')
    forgetting.forget(CONSOLE, person)
    left = audit.AuditRow.get(audit.AuditRow.what == 'core.thing.done')
    assert left.data == {'text': expected.replace('#', f'Former employee {person}'), 'role': 'role'}


def everything():
    return {table: sorted(db.rows(f'SELECT * FROM "{table}"'), key=str) for table in db.database.get_tables() if not table.startswith('search_fts')}


KILLED_AT = '''
import dataclasses, os, signal, sys
from appliance.core import config, db
from appliance.core.actor import SYSTEM
from appliance.core.personal import forgetting
from appliance.core.tool import registry
from appliance.identity import models
from tests.boxes import Box, opened
path, person_id, number = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
loaded = config.load(path)
with opened(Box(None, None, loaded)):
    registry.use(None, {'people', 'worktime', 'planted'})
    forgetting.plan(SYSTEM, person_id)
    engine, seen = type(db.database.obj), 0
    real = engine.execute_sql
    def counting(self, *args, **kwargs):
        global seen
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(self, *args, **kwargs)
    engine.execute_sql = counting
    forgetting.forget(SYSTEM, person_id, more=('Erika Vorherr',))
    print(seen)
'''


@pytest.mark.slow
def test_a_kill_at_any_statement_leaves_all_or_nothing(full):
    before, number, died = everything(), 3, 0
    while True:
        ended = subprocess.run([sys.executable, '-c', KILLED_AT, full.box.config.path, str(full.erika), str(number)], capture_output=True, text=True,
                               env=os.environ)
        if ended.returncode != -signal.SIGKILL:
            break
        died += 1
        assert everything() == before, f'killed at statement {number}'
        number += 41
    assert ended.returncode == 0, ended.stderr
    assert died > 4 and traces() == [] and int(ended.stdout) < number


def test_the_department_tree_is_read_anew(full):
    forget(full)
    assert full.erika not in [head for _name, _parent, head in departments.all_departments().values()]


def test_her_phone_stood_in_a_note(full):
    assert PHONE in db.row('SELECT title FROM planted_note ORDER BY id LIMIT 1')[0]
