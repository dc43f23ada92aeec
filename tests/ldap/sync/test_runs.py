"""A plan is shown, carried out, killed and gone on with, and taken back."""
from datetime import timedelta

import pytest
import time_machine

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.errors import Busy, Conflict, NotAllowed, NotFound
from appliance.core.i18n import language
from appliance.core.people import Person, actor_for, block, is_blocked, unblock, update_person
from appliance.identity.directory import directories
from appliance.identity.directory.sync import applying, batches, due, following, planning, reading, runs, words
from appliance.identity.directory.sync.models import SyncRun, SyncStep
from appliance.identity.models import Directory, DirectoryPerson, Session
from tests.actions import killing
from tests.ldap.people import PEOPLE, PORTAL, SECRET
from tests.ldap.sync.conftest import TEN, blocks, told, who


def planned(directory_id):
    """A dry run, as somebody asks for it and the job makes it: its id."""
    run_id = runs.ask(SYSTEM, directory_id, creates=True)
    following.follow_all()
    return run_id


def changed(company):
    """Something of everything: two go, one is another, two come."""
    company.delete('worker0', 'worker1')
    company.change('worker2', title='Foreman', departmentNumber='Office')
    company.add('ada', title='Engineer')
    company.add('bob')


def test_a_dry_run_says_what_would_be_and_does_nothing(company, followed):
    Directory.update(sync='off').execute()
    changed(company)
    run_id = planned(followed)
    assert runs.one_run(SYSTEM, run_id)['counts'] == {'disable': 2, 'change': 1, 'create': 2}
    assert {step['state'] for step in runs.steps_of(SYSTEM, run_id)} == {'waiting'}
    change = runs.steps_of(SYSTEM, run_id, kind='change')[0]
    assert (change['before'], change['after']) == ({'title': 'Worker', 'department': 'Hall'}, {'title': 'Foreman', 'department': 'Office'})
    assert Person.select().count() == 10 and not any(is_blocked(person.id) for person in Person.select())


def test_a_plan_is_carried_out_once_and_only_while_it_is_fresh(company, followed):
    Directory.update(sync='off').execute()
    changed(company)
    stale, run_id = planned(followed), planned(followed)
    with pytest.raises(Conflict):       # the second took its place
        runs.start(SYSTEM, stale)
    with time_machine.travel(clock.now() + timedelta(hours=1, seconds=1)), pytest.raises(Conflict):
        runs.start(SYSTEM, run_id)
    runs.start(SYSTEM, run_id)
    following.follow_all()
    assert told(run_id).state == 'done' and Person.select().count() == 12
    with pytest.raises(Conflict):
        runs.start(SYSTEM, run_id)


def test_what_was_changed_here_meanwhile_is_left(company, followed):
    Directory.update(sync='off').execute()
    changed(company)
    run_id = planned(followed)
    update_person(SYSTEM, who('worker2').id, title='Written here')
    block(SYSTEM, who('worker0').id, directories.source_of(followed), 'by hand')
    runs.start(SYSTEM, run_id)
    following.follow_all()
    states = {(step['kind'], step['name']): step['state'] for step in runs.steps_of(SYSTEM, run_id)}
    assert states['change', 'Worker2'] == states['disable', 'Worker0'] == 'skipped' and states['disable', 'Worker1'] == 'applied'
    assert who('worker2').title == 'Written here'


def test_one_that_fails_does_not_stop_the_others(monkeypatch, company, follow):
    changed(company)
    real = applying.add_person

    def fails(actor, login, **fields):
        if login == 'ada':
            raise Conflict('Not her.')
        return real(actor, login, **fields)
    monkeypatch.setattr(applying, 'add_person', fails)
    run = follow()
    assert run.state == 'done' and run.steps['create'] == [('Ada', 'new', 'refused'), ('Bob', 'new', 'applied')]
    assert [step['note'] for step in runs.steps_of(SYSTEM, run.id, kind='create')] == ['Not her.', '']


def test_two_at_once_do_each_step_once(company, followed):
    """Both looked before either wrote."""
    changed(company)
    directory = directories.load(followed)
    plans = [planning.make(directory, reading.read(directory), creates=True) for _one in range(2)]
    for plan in plans:
        applying.apply(runs.keep(plan, followed))
    assert Person.select().count() == 12
    states = SyncStep.select(SyncStep.state).where(SyncStep.run == SyncRun.select().order_by(SyncRun.id.desc()).get().id).tuples()
    assert {state for state, in states} == {'skipped'}


def test_killed_anywhere_it_goes_on_to_the_same_end(monkeypatch, sqlite_template, company, tmp_path):
    from tests.boxes import opened
    with sqlite_template.box(tmp_path / 'box') as box, opened(box), time_machine.travel(clock.now(), tick=False):
        directory_id = directories.add_directory(SYSTEM, 'Company', company.server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')
        Directory.update(sync='all').execute()
        following.follow(directory_id)
        changed(company)
        monkeypatch.setattr(batches, 'BATCH', 2)
        directory = directories.load(directory_id)
        run_id = runs.keep(planning.make(directory, reading.read(directory), creates=True), directory_id)
        copies = killing.SqliteCopies(box, tmp_path)

        def call():
            applying.apply(run_id)
        killing.end_alike(copies, call, lambda statements: range(1, statements, 7))


def test_a_run_is_taken_back_as_one(company, followed):
    changed(company)
    run_id = following.follow(followed)
    company.add('worker0')      # another entry, so the old one stays out
    runs.undo(SYSTEM, run_id)
    following.follow_all()
    assert told(run_id).state == 'undone'
    # What gives rights goes back only as far as the directory says so today.
    assert (who('worker2').title, who('worker2').department.name) == ('Worker', 'Office')
    assert blocks('ada') == blocks('bob') == {'directory:1': 'undone'}
    assert set(blocks('worker0')) == {'directory:1'}, 'the directory does not let him in today'
    assert Directory.get_by_id(followed).sync == 'off'
    with pytest.raises(Conflict):
        runs.undo(SYSTEM, run_id)


def test_a_department_goes_back_where_the_directory_has_it_again(company, followed):
    company.change('worker2', departmentNumber='Office')
    run_id = following.follow(followed)
    company.change('worker2', departmentNumber='Hall')
    runs.undo(SYSTEM, run_id)
    following.follow_all()
    assert who('worker2').department.name == 'Hall'


def test_one_department_whatever_its_letters(company, followed, follow):
    for number, name in enumerate(('Óptica', 'óptica', 'ÓPTICA', 'Straße', 'STRASSE')):
        company.change(f'worker{number}', departmentNumber=name)
    assert {state for _name, _reason, state in follow().steps['change']} == {'applied'} and follow() is None
    assert len({who(f'worker{number}').department_id for number in range(3)}) == 1
    company.change('worker0', departmentNumber=None)
    follow()
    assert who('worker0').department_id is None, 'and none where the directory has none'


def test_it_is_one_also_for_an_undo(company, followed):
    """Hall here, HALL there: nobody touched it since."""
    company.change('worker1', departmentNumber='Sales')
    following.follow(followed)
    company.change('worker1', departmentNumber='HALL')
    company.add('fresh', departmentNumber='hall')
    run_id = following.follow(followed)
    company.change('worker1', departmentNumber='sales')
    runs.undo(SYSTEM, run_id)
    following.follow_all()
    assert told(run_id).steps == {'change': [('Worker1', 'changed', 'taken back')], 'create': [('Fresh', 'new', 'taken back')]}
    assert who('worker1').department.name == 'Sales' and blocks('fresh')


def test_what_was_done_of_a_run_is_taken_back_also_where_the_rest_was_let_be(company, followed):
    """The brake held six, and somebody let them be: the others were cut off all the same."""
    company.change('worker9', shadowExpire='1')
    company.delete(*TEN[:6])
    run_id = following.follow(followed)
    runs.discard(SYSTEM, run_id)
    company.change('worker9', shadowExpire='-1')
    runs.undo(SYSTEM, run_id)
    following.follow_all()
    assert told(run_id).state == 'undone' and not is_blocked(who('worker9').id)
    assert {state for _name, _reason, state in told(run_id).steps['disable']} == {'taken back', 'waiting'}


def test_a_plan_that_was_let_be_has_nothing_to_take_back(company, followed):
    Directory.update(sync='off').execute()
    company.delete('worker0')
    run_id = planned(followed)
    runs.discard(SYSTEM, run_id)
    with pytest.raises(Conflict):
        runs.undo(SYSTEM, run_id)


def test_a_busy_database_refuses_nobody(monkeypatch, company, followed):
    company.delete('worker0')
    real = applying.block
    monkeypatch.setattr(applying, 'block', lambda *args: (_ for _ in ()).throw(Busy()))
    with pytest.raises(Busy):
        following.follow(followed)
    run_id = SyncRun.select().order_by(SyncRun.id.desc()).get().id
    with pytest.raises(Busy):
        following.follow_all()
    monkeypatch.setattr(applying, 'block', real)
    following.follow_all()
    assert told(run_id).state == 'done' and is_blocked(who('worker0').id)


def test_a_step_that_breaks_stops_nobody_else(monkeypatch, company, followed):
    """A run that cannot go on is failed, and the next look is made all the same."""
    broken = runs.ask(SYSTEM, followed)
    monkeypatch.setattr(runs, 'keep', lambda plan, directory_id, run_id=None, real=runs.keep: 1 / 0 if run_id else real(plan, directory_id))
    company.delete('worker0')
    following.follow_all()
    assert told(broken).state == 'failed' and is_blocked(who('worker0').id)


def test_a_run_is_read_once_whoever_reads_it(company, followed):
    company.delete('worker0')
    run_id, directory = runs.ask(SYSTEM, followed), directories.load(followed)
    plan = planning.make(directory, reading.read(directory), creates=False)
    assert runs.keep(plan, followed, run_id) == runs.keep(plan, followed, run_id) == run_id
    assert len(runs.steps_of(SYSTEM, run_id)) == 1
    let_be = runs.ask(SYSTEM, followed)
    runs.discard(SYSTEM, let_be)
    runs.keep(plan, followed, let_be)
    assert told(let_be).state == 'discarded' and not runs.steps_of(SYSTEM, let_be)
    assert runs.ask(SYSTEM, followed, is_here=True) not in [run.id for run in SyncRun.select().where(SyncRun.state == 'asked')]


def test_an_old_plan_cuts_off_nobody_who_came_in_since(company, followed):
    Directory.update(sync='off').execute()
    company.delete('worker0', 'worker1')
    run_id = planned(followed)
    DirectoryPerson.update(seen_at=clock.now()).where(DirectoryPerson.person == who('worker0').id).execute()
    runs.start(SYSTEM, run_id)
    following.follow_all()
    assert not is_blocked(who('worker0').id) and is_blocked(who('worker1').id)


def test_a_run_that_nothing_carried_out_for_an_hour_is_given_up(company, followed):
    company.delete('worker0')
    directory = directories.load(followed)
    run_id = runs.keep(planning.make(directory, reading.read(directory), creates=True), followed)
    with time_machine.travel(clock.now() + timedelta(hours=1, minutes=1)):
        applying.apply(run_id)
    assert told(run_id).state == 'done' and told(run_id).steps['disable'][0][2] == 'skipped' and not is_blocked(who('worker0').id)


def test_plans_that_nobody_carried_out_go_too(company, followed):
    run_id = planned(followed)
    due.forget(clock.now() + timedelta(days=91))
    with pytest.raises(NotFound):
        runs.one_run(SYSTEM, run_id)


def test_undoing_lets_in_whom_the_directory_lets_in_today(company, followed, follow):
    directories.edit_directory(SYSTEM, followed, person_filter='(!(|(uid=worker0)(uid=worker1)))')
    run = follow()
    directories.edit_directory(SYSTEM, followed, person_filter='(objectClass=inetOrgPerson)')
    runs.undo(SYSTEM, run.id)
    following.follow_all()
    assert not is_blocked(who('worker0').id) and told(run.id).steps['disable'][0][2] == 'taken back'


def test_undoing_leaves_what_somebody_touched(company, followed):
    changed(company)
    run_id = following.follow(followed)
    update_person(SYSTEM, who('worker2').id, title='Director')
    ada = who('ada')
    Session.create(token_hash=b'x', person=ada.id, epoch=1, csrf_secret='', factors=[], created_at=clock.now(), seen_at=clock.now(), expires_at=clock.now())
    runs.undo(SYSTEM, run_id)
    following.follow_all()
    states = {step['name']: (step['state'], step['note']) for step in runs.steps_of(SYSTEM, run_id)}
    assert states['Worker2'] == ('left', 'Something else was written here since the run.')
    assert states['Ada'] == ('left', 'The person is here in earnest by now.') and not is_blocked(ada.id)
    assert states['Bob'][0] == 'taken back'


def test_with_the_directory_down_nobody_gets_in_and_the_rest_goes_back(company, followed):
    changed(company)
    run_id = following.follow(followed)
    company.server.stop()
    runs.undo(SYSTEM, run_id)
    following.follow_all()
    assert told(run_id).state == 'undone' and who('worker2').title == 'Worker' and is_blocked(who('worker0').id)


def test_a_plan_of_a_directory_that_is_down_says_why(company, followed):
    company.server.stop()
    run = runs.one_run(SYSTEM, planned(followed))
    assert run['state'] == 'failed' and run['failure']


def test_who_may_not_manage_directories_sees_and_does_nothing(company, followed):
    somebody, run_id = actor_for(who('worker5').id, 'test'), planned(followed)
    for call in (lambda: runs.ask(somebody, followed), lambda: runs.start(somebody, run_id), lambda: runs.undo(somebody, run_id),
                 lambda: runs.discard(somebody, run_id), lambda: runs.list_runs(somebody, followed), lambda: runs.one_run(somebody, run_id),
                 lambda: runs.steps_of(somebody, run_id)):
        with pytest.raises(NotAllowed):
            call()
    with pytest.raises(NotFound):
        runs.ask(SYSTEM, 99)
    with pytest.raises(NotFound):
        runs.one_run(SYSTEM, 99)


def test_who_was_forgotten_is_not_touched(company, followed, follow):
    from appliance.core.personal import forgetting
    person = who('worker4')
    block(SYSTEM, person.id, 'portal', 'left')
    forgetting.forget(SYSTEM, person.id)
    company.change('worker4', title='Ghost')
    assert follow() is None and Person.get_by_id(person.id).title == ''
    company.delete('worker4')
    assert follow() is None
    assert DirectoryPerson.select().where(DirectoryPerson.person == person.id).exists() and len(TEN) == 10
    unblock(SYSTEM, person.id, 'portal')


def test_words_of_a_job_are_read_in_each_reader_s_language(company, followed):
    """Also where the job, or who began it at the console, speaks another one; what was kept before stays readable."""
    Directory.update(sync='off').execute()
    company.change('worker2', title='Foreman')
    run_id = planned(followed)
    update_person(SYSTEM, who('worker2').id, title='Written here')
    runs.start(SYSTEM, run_id)
    with language('es'):
        following.follow_all()
    (step,) = runs.steps_of(SYSTEM, run_id)
    assert words.note(step) == 'Something else was written here since the plan.'
    directories.edit_directory(SYSTEM, followed, 'wrong')
    failed = runs.ask(SYSTEM, followed)
    with language('es'):
        following.follow_all()
        assert words.note(step) != 'Something else was written here since the plan.'
    run = runs.one_run(SYSTEM, failed)
    assert words.failure(run).startswith("The directory refuses the portal's own account (Invalid credentials")
    with language('es'):
        assert words.failure(run).startswith('El directorio') and '(Invalid credentials' in words.failure(run)
    for old in ('', 'Not her.', '{not json', '{"text": 1}', '{}'):
        assert words.note({'note': old}) == old
