"""Who may tick, join and take back; what a hostile person cannot get by it; and who is told."""
import threading

import pytest

from appliance.core import db, listeners, notices
from appliance.core.actor import ADMINISTRATOR, SYSTEM
from appliance.core.errors import Conflict, NotAllowed, NotFound
from appliance.core.notices import Notice
from appliance.core.people import Person, actor_for, give_role, take_role
from appliance.identity import accounts
from appliance.identity.directory import directories
from appliance.identity.directory.adoption import proposals, ticking
from appliance.identity.directory.sync import following, reading, runs
from appliance.identity.directory.sync.models import SyncRun, SyncStep
from appliance.identity.models import Directory, DirectoryPerson, Password
from tests.ldap.adoption.conftest import join, local, look
from tests.ldap.sync.conftest import who


def states(run_id):
    """{name: (state, note)} of the steps of a run."""
    return {step['name']: (step['state'], step['note']) for step in runs.steps_of(SYSTEM, run_id, limit=1000)}


def test_who_ticks_may_do_all_that_the_person_may(boss, directory_id):
    for login in ('worker0', 'worker1', 'worker2'):
        local(login)
    give_role(SYSTEM, who('worker0').id, ADMINISTRATOR)
    give_role(SYSTEM, who('worker1').id, 'portal_admin')
    system = local('system')
    give_role(SYSTEM, system, 'system_admin')
    actor = actor_for(system, 'test')
    found = look(directory_id)
    assert {one['here']['login']: one['may_tick'] for one in proposals.listed(actor, directory_id)} == {'worker0': False, 'worker1': False, 'worker2': True}
    ids = [one['id'] for one in found.values()]
    assert ticking.tick(actor, directory_id, ids, ids) == {'ticked': 1, 'not_allowed': 2, 'taken': 0, 'gone': 0}
    # Who was made an administrator after the tick is not joined by it.
    give_role(SYSTEM, who('worker2').id, 'portal_admin')
    run_id = ticking.join(actor, directory_id)
    following.follow_all()
    assert states(run_id) == {'Worker2': ('skipped', 'Who ticked may do less than this person.')}
    # And who may not any more joins nobody.
    take_role(SYSTEM, who('worker2').id, 'portal_admin')
    one = look(directory_id)['worker2', 'login']['id']
    ticking.tick(actor, directory_id, [one], [one])
    run_id = ticking.join(actor, directory_id)
    take_role(SYSTEM, system, 'system_admin')
    following.follow_all()
    assert states(run_id)['Worker2'][0] == 'skipped'


def test_taking_back_wants_the_same_rights(boss, directory_id):
    local('worker0')
    give_role(SYSTEM, who('worker0').id, ADMINISTRATOR)
    run_id = join(boss, directory_id, look(directory_id)['worker0', 'login']['id'])
    system = local('system')
    give_role(SYSTEM, system, 'system_admin')
    with pytest.raises(NotAllowed):
        runs.undo(actor_for(system, 'test'), run_id)
    assert runs.one_run(SYSTEM, run_id)['state'] == 'done'


def test_the_last_administrator_with_a_password_keeps_it(boss, directory_id):
    for login in ('worker0', 'worker1'):
        local(login)
        give_role(SYSTEM, who(login).id, ADMINISTRATOR)
    Password.delete().where(Password.person == boss.person_id).execute()
    run_id = join(boss, directory_id, *[one['id'] for one in look(directory_id).values()])
    assert sorted(state for state, _note in states(run_id).values()) == ['applied', 'skipped']
    assert Password.select().join(Person).where(Person.login.in_(['worker0', 'worker1'])).count() == 1
    # A blocked one does not count.
    assert 'last administrator' in ' '.join(note for _state, note in states(run_id).values())


def test_nobody_is_joined_to_a_directory_that_is_switched_off(boss, directory_id):
    local('worker0')
    one = look(directory_id)['worker0', 'login']['id']
    ticking.tick(boss, directory_id, [one], [one])
    Directory.update(is_active=False).execute()
    with pytest.raises(Conflict):
        ticking.join(boss, directory_id)


def test_a_person_who_writes_the_administrators_mail_is_only_proposed(boss, directory_id):
    """And the administrator's own account is not touched by what somebody else writes."""
    hostile = local('hostile', mail='worker0@company.test')
    found = look(directory_id)
    assert set(found) == {('hostile', 'mail')} and not found['hostile', 'mail']['is_ticked']
    assert ticking.sure_ones(directory_id, by='login') == ticking.sure_ones(directory_id, by='employee_number') == []
    assert not DirectoryPerson.select().where(DirectoryPerson.person == hostile).exists()
    # By logging in the real one comes in all the same, as a person of his own, and the proposal is over.
    entry = reading.read(directories.load(directory_id)).entry(found['hostile', 'mail']['uuid'])
    assert accounts.person_of_entry(SYSTEM, directory_id, entry) != hostile
    assert look(directory_id) == {}


def test_two_tick_and_join_at_once(directory_id, boss, engine):
    """Each proposal is ticked by one, and joined once."""
    for number in range(6):
        local(f'worker{number}')
    second = local('second')
    give_role(SYSTEM, second, ADMINISTRATOR)
    actors = [boss, actor_for(second, 'test')]
    ids = [one['id'] for one in look(directory_id).values()]
    gate, told_of, failed = threading.Barrier(2), {}, []

    def both(actor):
        with db.connected():
            try:
                gate.wait(10)
                told_of[actor.person_id] = ticking.tick(actor, directory_id, ids, ids)['ticked']
                gate.wait(10)
                ticking.join(actor, directory_id)
            except Conflict:
                failed.append(actor)
            except Exception as error:
                told_of[actor.person_id] = error
                gate.abort()
    threads = [threading.Thread(target=both, args=(actor,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(told_of.values()) == [0, 6] and len(failed) == 1
    following.follow_all()
    assert SyncRun.select().where(SyncRun.state == 'done').count() >= 1
    assert SyncStep.select().where((SyncStep.kind == 'adopt') & (SyncStep.state == 'applied')).count() == 6 == len({
        found.person_id for found in DirectoryPerson.select().where(DirectoryPerson.person.in_([who(f'worker{number}').id for number in range(6)]))})


def heard():
    while listeners.deliver():
        pass


def test_who_is_told(boss, directory_id):
    local('worker0')
    give_role(SYSTEM, who('worker0').id, 'portal_admin')
    second = local('second')
    give_role(SYSTEM, second, ADMINISTRATOR)
    found = look(directory_id)
    heard()
    told_of = {(notice.kind, notice.person_id) for notice in Notice.select()}
    assert told_of >= {('identity.sync_run.proposed', boss.person_id), ('identity.sync_run.proposed', second)}
    run_id = join(boss, directory_id, found['worker0', 'login']['id'])
    heard()
    assert {notice.person_id for notice in Notice.select().where(Notice.kind == 'identity.person.adopted')} == {who('worker0').id, second}
    runs.undo(boss, run_id)
    following.follow_all()
    heard()
    assert Notice.get(Notice.kind == 'identity.person.parted').person_id == who('worker0').id
    for notice in Notice.select().where(Notice.kind.startswith('identity.')):
        assert 'Company' in str(notices.kinds()[notice.kind].text(notice.data))


def test_who_may_not_manage_directories_sees_and_does_nothing(boss, directory_id):
    somebody = actor_for(local('x'), 'test')
    local('worker0')
    one = look(directory_id)['worker0', 'login']['id']
    for call in (lambda: proposals.listed(somebody, directory_id), lambda: proposals.counts(somebody, directory_id), lambda: ticking.tick(somebody, directory_id, [one], [one]),
                 lambda: ticking.join(somebody, directory_id), lambda: ticking.decline(somebody, directory_id, [one]), lambda: ticking.reconsider(somebody, directory_id)):
        with pytest.raises(NotAllowed):
            call()
    for call in (lambda: ticking.tick(boss, 99, [one], [one]), lambda: ticking.join(boss, 99), lambda: ticking.decline(boss, 99, [one]), lambda: ticking.reconsider(boss, 99),
                 lambda: proposals.listed(boss, directory_id, by='nonsense')):
        with pytest.raises(NotFound):
            call()
    other = directories.add_directory(SYSTEM, 'Other', 'ldap://127.0.0.1:1', 'dc=x', tls='none', is_active=False)
    assert ticking.tick(boss, other, [one], [one]) == {'ticked': 0, 'not_allowed': 0, 'taken': 0, 'gone': 1} and ticking.decline(boss, other, [one]) == 0
