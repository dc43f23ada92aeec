"""Whom somebody ticked is joined with his entry, may come in by it alone, and is parted from it again."""
from datetime import timedelta

import pytest
import time_machine

from appliance.core import clock, mail
from appliance.core.actor import SYSTEM
from appliance.core.audit import AuditRow
from appliance.core.db import write
from appliance.core.errors import Conflict
from appliance.core.outbox import Outbox
from appliance.core.people import actor_for, add_person, block, is_blocked, update_person
from appliance.core.personal import forgetting
from appliance.identity import accounts, sessions, tokens
from appliance.identity.directory import directories
from appliance.identity.directory.adoption import joining, proposals, ticking
from appliance.identity.directory.adoption.models import Adoption, FormerTie
from appliance.identity.directory.errors import WrongPair
from appliance.identity.directory.sync import batches, due, following, reading, runs
from appliance.identity.directory.sync.models import SyncStep
from appliance.identity.models import Directory, DirectoryPerson, Password, Session
from tests.actions import killing
from tests.ldap.adoption.conftest import OWN_PASSWORD, join, local, look, opened
from tests.ldap.people import BASE, PASSWORD, PEOPLE, PORTAL, SECRET
from tests.ldap.sync.conftest import TEN, blocks, tie, who


def states(run_id):
    """{name: (state, note)} of the steps of a run."""
    return {step['name']: (step['state'], step['note']) for step in runs.steps_of(SYSTEM, run_id, limit=1000)}


def log_in(login, password):
    return accounts.log_in(login, password, '127.0.0.1')[1]


def test_who_is_joined_comes_in_by_the_directory_alone(boss, directory_id, company):
    person_id = local('worker0', password=OWN_PASSWORD, name='Somebody', mail='own@company.test', title='Own')
    company.change('worker0', userPassword=PASSWORD)
    assert log_in('worker0', OWN_PASSWORD) == person_id
    token = tokens.make_token(actor_for(person_id, 'test'), 'a program', ['user'])
    one = look(directory_id)['worker0', 'login']
    epoch = who('worker0').epoch
    run_id = join(boss, directory_id, one['id'])
    assert states(run_id) == {'Worker0': ('applied', '')} and runs.one_run(SYSTEM, run_id)['state'] == 'done'
    person = who('worker0')
    assert (person.id, person.name, person.mail, person.title, person.department.name) == (person_id, 'Worker0', 'worker0@company.test', 'Worker', 'Hall')
    assert person.epoch > epoch and token and not Password.select().where(Password.person == person_id).exists()
    assert log_in('worker0', PASSWORD) == person_id
    with pytest.raises(WrongPair):
        log_in('worker0', OWN_PASSWORD)
    step = runs.steps_of(SYSTEM, run_id)[0]
    assert (step['before']['mail'], step['after']['mail']) == ('own@company.test', 'worker0@company.test')
    assert AuditRow.select().where(AuditRow.what == 'identity.person.adopted').get().data['ticked_by'] == boss.person_id
    sent = Outbox.get(Outbox.template == 'mail/adopted')
    assert sent.recipient == 'own@company.test'
    subject, text, html = mail.render(sent.template, 'https://portal.test', sent.data | {'person': None})
    assert 'was changed' in subject and 'last mail to the old one' in text and 'Hello Somebody' in html
    # And from now on he is followed like any other.
    company.change('worker0', title='Foreman')
    following.follow(directory_id)
    company.delete('worker0')
    following.follow(directory_id)
    assert who('worker0').title == 'Foreman' and set(blocks('worker0')) == {f'directory:{directory_id}'}


def test_nobody_is_joined_without_a_tick_of_ones_own(boss, directory_id):
    local('worker0')
    one = look(directory_id)['worker0', 'login']
    with pytest.raises(Conflict):
        ticking.join(boss, directory_id)
    ticking.tick(SYSTEM, directory_id, [one['id']], [one['id']])
    with pytest.raises(Conflict):       # the console's tick
        ticking.join(boss, directory_id)
    assert ticking.tick(boss, directory_id, [one['id']], [])['ticked'] == 0, 'and nobody else takes it away'
    assert proposals.counts(SYSTEM, directory_id)['ticked'] == 1 and proposals.counts(boss, directory_id)['ticked'] == 0
    ticking.tick(SYSTEM, directory_id, [one['id']], [])
    assert proposals.counts(SYSTEM, directory_id)['ticked'] == 0 and not DirectoryPerson.select().where(DirectoryPerson.person == who('worker0').id).exists()


def test_undoing_gives_back_what_he_had(boss, directory_id, company):
    person_id = local('worker0', password=OWN_PASSWORD, name='Somebody', mail='own@company.test')
    company.change('worker0', userPassword=PASSWORD)
    run_id = join(boss, directory_id, look(directory_id)['worker0', 'login']['id'])
    company.change('worker0', title='Foreman')
    following.follow(directory_id)
    session = sessions.open_session(SYSTEM, person_id, ['password'])[0]
    runs.undo(boss, run_id)
    following.follow_all()
    person = who('worker0')
    assert (person.name, person.mail, person.department_id) == ('Somebody', 'own@company.test', None)
    assert person.title == 'Foreman', 'what was written since is left'
    assert sessions.load(session) is None and log_in('worker0', OWN_PASSWORD) == person_id
    assert Directory.get_by_id(directory_id).sync == 'all', 'nobody is joined again without a tick'
    assert set(look(directory_id)) == {('worker0', 'login')} and Adoption.get(Adoption.is_open == 0).password_hash is None
    with pytest.raises(Conflict):
        runs.undo(boss, run_id)


def test_undoing_lets_nobody_in_whom_the_directory_keeps_out_today(boss, directory_id, company):
    for login in ('worker0', 'worker1'):
        local(login)
    run_id = join(boss, directory_id, *[one['id'] for one in look(directory_id).values()])
    company.change('worker0', shadowExpire='1')
    following.follow(directory_id)
    runs.undo(boss, run_id)
    following.follow_all()
    assert states(run_id) == {'Worker0': ('left', 'The directory does not let this person in today.'), 'Worker1': ('taken back', '')}
    assert is_blocked(who('worker0').id) and not Password.select().where(Password.person == who('worker0').id).exists()


def test_with_the_directory_down_nothing_is_taken_back_and_nobody_joined(boss, directory_id, company):
    local('worker0')
    local('x', mail='worker1@company.test')
    found = look(directory_id)
    run_id = join(boss, directory_id, found['worker0', 'login']['id'])
    ticking.tick(boss, directory_id, [found['x', 'mail']['id']], [found['x', 'mail']['id']])
    second = ticking.join(boss, directory_id)
    company.server.stop()
    runs.undo(boss, run_id)
    following.follow_all()
    assert states(run_id)['Worker0'][0] == 'left' and tie('worker0')
    assert runs.one_run(SYSTEM, second)['state'] == 'failed' and proposals.counts(boss, directory_id)['ticked'] == 1, 'the ticks are kept'


def test_a_person_of_another_domain_leaves_it(boss, directory_id, company, box):
    """He is in both; the newest adoption is the truth, and the former domain neither cuts him off nor makes him anew."""
    following.follow(directory_id)
    company.change('worker0', userPassword=PASSWORD)
    former = tie('worker0')
    Directory.update(is_active=False).execute()
    with write('test'):
        new = Directory.create(**{name: getattr(Directory.get_by_id(directory_id), name) for name in (
            'url', 'tls', 'bind_dn', 'bind_secret', 'preset', 'person_filter', 'login_attributes', 'mapping', 'sync')} | {
                'name': 'New', 'base_dn': f'ou=new,{BASE}', 'is_active': True}).id
    company._root.add_s(f'ou=new,{BASE}', [('objectClass', [b'organizationalUnit']), ('ou', [b'new'])])
    for login in TEN:
        company.add(login, base=f'ou=new,{BASE}', mail=f'{login}@new.test')
    block(SYSTEM, who('worker1').id, 'portal', 'dismissed')
    block(SYSTEM, who('worker2').id, f'directory:{directory_id}', 'gone')
    found = look(new)
    assert len(found) == 10 and found['worker0', 'login']['source'] == 'Company'
    run_id = join(boss, new, *[one['id'] for one in found.values()])
    assert {state for state, _note in states(run_id).values()} == {'applied'}
    assert DirectoryPerson.select().where(DirectoryPerson.directory == new).count() == 10 and FormerTie.select().count() == 10
    assert blocks('worker1') == {'portal': 'dismissed'}, 'blocked here stays blocked'
    assert blocks('worker2') == {}, 'the new directory answers for him'
    # The old domain goes away, or stays and changes: nothing happens to them, nobody is proposed back or made anew.
    company.change('worker3', title='Elsewhere')
    company.delete('worker4')
    assert following.follow(directory_id) is None and blocks('worker4') == {} and opened(SYSTEM, directory_id) == {}
    update_person(SYSTEM, who('worker0').id, login='renamed')
    with pytest.raises(Conflict):       # though the login is free
        accounts.person_of_entry(SYSTEM, directory_id, reading.read(directories.load(directory_id)).entry(str(former.uuid)))
    update_person(SYSTEM, who('renamed').id, login='worker0')
    runs.undo(boss, run_id)
    following.follow_all()
    assert tie('worker0').directory_id == directory_id and tie('worker0').uuid == former.uuid and FormerTie.select().count() == 0
    assert blocks('worker2') == {f'directory:{directory_id}': 'gone'} and blocks('worker1') == {'portal': 'dismissed'}


def test_a_domain_that_was_made_anew(boss, directory_id, company):
    """The same names with new GUIDs in the same place: cut off as gone or held by the brake, and back with a tick."""
    following.follow(directory_id)
    people = {login: who(login).id for login in TEN}
    company.delete(*TEN)
    for login in TEN:
        company.add(login)
    following.follow(directory_id)
    company.delete('worker9')
    found = opened(SYSTEM, directory_id)
    block(SYSTEM, people['worker0'], f'directory:{directory_id}', 'gone')
    run_id = join(boss, directory_id, *[one['id'] for one in found.values()])
    told_of = states(run_id)
    assert told_of.pop('Worker9') == ('skipped', 'The directory does not let this person in today.')
    assert {state for state, _note in told_of.values()} == {'applied'} and len(told_of) == 9
    assert {login: who(login).id for login in TEN} == people and blocks('worker0') == {}
    following.follow(directory_id)
    # Nine are well; the one whose new entry went again is gone.
    assert [login for login in TEN if blocks(login)] == ['worker9']


def test_what_changed_since_the_tick_is_not_joined(boss, directory_id, company):
    for number in range(7):
        local(f'worker{number}')
    found = look(directory_id)
    ids = [one['id'] for one in found.values()]
    assert ticking.tick(boss, directory_id, ids, ids)['ticked'] == 7
    update_person(SYSTEM, who('worker0').id, name='Another')
    company.change('worker1', displayName='Another')
    company.change('worker2', shadowExpire='1')
    block(SYSTEM, who('worker3').id, 'portal', 'left')
    forgetting.forget(SYSTEM, who('worker3').id)
    DirectoryPerson.create(directory=directory_id, uuid=found['worker4', 'login']['uuid'], person=add_person(SYSTEM, 'y', 'Y'), dn='x')
    DirectoryPerson.update(person=who('worker6').id).where(DirectoryPerson.person == who('worker9').id).execute()
    run_id = ticking.join(boss, directory_id)
    joining.join(run_id, reading.read(directories.load(directory_id)))
    notes = {step['id']: (step['state'], step['note']) for step in runs.steps_of(SYSTEM, run_id)}
    assert [notes.get(one) for one in ids] == [
        ('skipped', 'Person or entry have changed since.'), ('skipped', 'Person or entry have changed since.'),
        ('skipped', 'The directory does not let this person in today.'), None,     # who was forgotten is asked of no more
        ('skipped', 'The entry belongs to a person by now.'), ('applied', ''), ('skipped', 'The person has another entry in this directory.')]
    assert DirectoryPerson.select().where(DirectoryPerson.person == who('worker5').id).exists()


def test_a_login_that_is_anothers_refuses_him_alone(boss, directory_id):
    local('worker0')
    x = local('x', mail='worker1@company.test')
    found = look(directory_id)
    add_person(SYSTEM, 'worker1', 'Came Meanwhile', kind='guest', contact_id=boss.person_id)
    run_id = join(boss, directory_id, *[one['id'] for one in found.values()])
    assert states(run_id)['Worker0'] == ('applied', '') and states(run_id)['Worker1'][0] == 'refused' and 'worker1' in states(run_id)['Worker1'][1]
    assert Password.select().where(Password.person == x).exists() and not Session.select().exists()


def test_a_look_in_the_middle_proposes_nobody_twice(boss, directory_id, monkeypatch):
    for number in range(4):
        local(f'worker{number}')
    ids = [one['id'] for one in look(directory_id).values()]
    ticking.tick(boss, directory_id, ids, ids)
    run_id = ticking.join(boss, directory_id)
    monkeypatch.setattr(batches, 'BATCH', 1)
    joining.join(run_id, reading.read(directories.load(directory_id)), most_s=0)
    assert sorted(state for state, _note in states(run_id).values()) == ['applied', 'waiting', 'waiting', 'waiting']
    assert look(directory_id) == {}
    following.follow_all()
    assert {state for state, _note in states(run_id).values()} == {'applied'}


def test_killed_anywhere_it_goes_on_to_the_same_end(monkeypatch, sqlite_template, company, tmp_path):
    from tests.boxes import opened as opened_box
    with sqlite_template.box(tmp_path / 'box') as box, opened_box(box), time_machine.travel(clock.now(), tick=False):
        directory_id = directories.add_directory(SYSTEM, 'Company', company.server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')
        for login in ('worker0', 'worker1', 'worker2'):
            local(login, mail='own@company.test')
        ids = [one['id'] for one in look(directory_id).values()]
        ticking.tick(SYSTEM, directory_id, ids, ids)
        run_id = ticking.join(SYSTEM, directory_id)
        monkeypatch.setattr(batches, 'BATCH', 2)
        snapshot = reading.read(directories.load(directory_id))
        copies = killing.SqliteCopies(box, tmp_path)

        def call():
            joining.join(run_id, snapshot)
        whole = killing.end_alike(copies, call, lambda statements: range(1, statements, 9))
        assert {row[11] for row in whole['sync_step'] if row[2] == 'adopt'} == {'applied'}


def test_old_proposals_go_with_their_run_and_former_ties_stay(boss, directory_id):
    local('worker0')
    local('worker1')
    found = look(directory_id)
    join(boss, directory_id, found['worker0', 'login']['id'])
    FormerTie.create(directory=directory_id, uuid='00000000-0000-4000-8000-000000000001', person=who('worker0').id, dn='x', seen_at=clock.now(), run=1)
    due.forget(clock.now() + timedelta(days=91))
    assert Adoption.select().count() == SyncStep.select().count() == 0 and FormerTie.select().count() == 1
    assert set(look(directory_id)) == {('worker1', 'login')}
