"""The comparison in the browser and at the console, and what a person who was cut off finds at each door."""
import pytest

from appliance.core import db
from appliance.core.actor import ADMINISTRATOR, SYSTEM
from appliance.core.people import Person, actor_for, add_person, give_role
from appliance.identity import sessions, tokens
from appliance.identity.directory import directories
from appliance.identity.directory.sync import following, runs
from appliance.identity.directory.sync.models import SyncRun
from appliance.web.app import create_app
from tests.cli.console import console
from tests.ldap.people import BASE, PASSWORD
from tests.ldap.sync.conftest import TEN, who
from tests.visitors import Browser

FORMER = f'ou=former,{BASE}'


@pytest.fixture
def app(box):
    return create_app(box.config)


@pytest.fixture
def appliance(closed_box, capsys, monkeypatch):
    """Run a command on this box, as a process of its own would."""
    def run(*arguments):
        db.disconnect()
        return console(capsys, monkeypatch, closed_box.config.path, arguments)
    return run


@pytest.fixture
def administrator(app, followed):
    """The browser of an administrator."""
    person_id = add_person(SYSTEM, 'boss', 'The Boss')
    give_role(SYSTEM, person_id, ADMINISTRATOR)
    return Browser(app, sessions.open_session(SYSTEM, person_id, ['password'])[0])


def test_a_plan_is_asked_for_read_and_carried_out(administrator, company, followed):
    directories.edit_directory(SYSTEM, followed, sync='off')
    company.delete('worker0')
    company.add('ada')
    page = f'/admin/directories/{followed}'
    answer = administrator.post(f'{page}/runs', {'creates': 'y'}, page=page)
    run = answer.headers['Location']
    assert answer.status_code == 303 and 'The directory is being read' in administrator.get(run).text
    following.follow_all()
    shown = administrator.get(run).text
    assert 'This is a plan' in shown and 'Worker0' in shown and 'Ada' in shown and not Person.select().where(Person.login == 'ada').exists()
    assert 'Ada' not in administrator.get(f'{run}?kind=disable').text and administrator.get(f'{run}?kind=nonsense').status_code == 404
    assert administrator.post(f'{run}/start', {}, page=run).status_code == 303
    following.follow_all()
    shown = administrator.get(run).text
    assert 'Directory ' in shown and 'Asked for by The Boss' in shown
    assert 'Carried out' in shown and 'Undo this comparison' in shown and Person.select().where(Person.login == 'ada').exists()
    administrator.post(f'{run}/undoing', {}, page=run)
    following.follow_all()
    assert 'Taken back' in administrator.get(run).text


def test_what_the_brake_holds_waits_for_a_word(administrator, company, followed):
    company.delete(*TEN[:6])
    run = f'/admin/directories/{followed}/runs/{following.follow(followed)}'
    shown = administrator.get(run).text
    assert '6 of 10 people are missing' in shown and 'Carry out 6 held steps' in shown
    only = administrator.get(f'{run}?kind=held').text
    assert only.count('>Held</span>') == 6 and f'{run}?kind=held' in shown
    administrator.post(f'{run}/release', {}, page=run)
    following.follow_all()
    assert 'Carried out' in administrator.get(run).text


def test_a_run_of_another_directory_is_not_there(administrator, followed):
    other = directories.add_directory(SYSTEM, 'Other', 'ldap://127.0.0.1:1', 'dc=x', tls='none', is_active=False)
    run_id = runs.ask(SYSTEM, followed)
    assert administrator.get(f'/admin/directories/{other}/runs/{run_id}').status_code == 404
    for verb in ('start', 'release', 'discarding', 'undoing'):
        assert administrator.post(f'/admin/directories/{other}/runs/{run_id}/{verb}', {}, page=f'/admin/directories/{followed}').status_code == 404
    assert SyncRun.get_by_id(run_id).state == 'asked'


def test_a_second_click_is_the_same_plan(administrator, followed):
    page = f'/admin/directories/{followed}'
    first, second = (administrator.post(f'{page}/runs', {}, page=page).headers['Location'] for _click in range(2))
    assert first == second


def test_every_door_closes_and_opens_again(app, company, follow):
    person = who('worker3')
    browser = Browser(app, sessions.open_session(SYSTEM, person.id, ['password'], is_remembered=True)[0])
    token = tokens.make_token(actor_for(person.id, 'test'), 'a program', ['user'])[0]

    program = Browser(app, 'no session')

    def statuses():
        return browser.get('/').status_code, program.get(f'/rest/{person.id}/{token}/profile').status_code
    assert statuses() == (200, 200)
    company.move('worker3', FORMER)
    follow()
    assert statuses() == (303, 403)
    company.move_back('worker3')
    follow()
    assert statuses() == (303, 403), 'what was shut once stays shut: he logs in, and makes another'
    assert actor_for(person.id, 'test')


def test_who_is_back_need_not_wait_for_the_next_look(app, company, follow):
    company.change('worker3', userPassword=PASSWORD)
    company.move('worker3', FORMER)
    follow()
    visitor = Browser(app, 'no such session')
    assert visitor.post('/login', {'login': 'worker3', 'password': PASSWORD}, page='/login').status_code == 401
    company.move_back('worker3')
    answer = visitor.post('/login', {'login': 'worker3', 'password': PASSWORD}, page='/login')
    assert answer.status_code == 303 and 'appliance_session=' in answer.headers['Set-Cookie']


def test_at_the_console(appliance, company, followed):
    company.delete('worker0')
    company.add('ada')
    plan = appliance('directory', 'sync', 'Company', '--dry-run', '--json').data
    assert plan['state'] == 'planned' and [step['kind'] for step in plan['steps']] == ['disable', 'create'] and Person.select().count() == 10
    done = appliance('directory', 'sync', 'Company')
    assert done.status == 0 and 'Worker0: The entry is not below the base' in done.out and Person.select().count() == 11
    number = appliance('directory', 'runs', 'Company', '--json').data[0]['id']
    assert appliance('directory', 'undo', str(number), '--json').data['state'] == 'undone'
    assert [appliance('directory', *wrong).status for wrong in (('undo', str(number)), ('apply', '99'), ('sync', 'Nowhere'))] == [1, 1, 1]
    company.server.stop()
    failed = appliance('directory', 'sync', 'Company')
    assert failed.status == 1 and 'Nothing listens' in failed.err


def test_one_is_found_in_a_long_plan(administrator, company, followed, appliance):
    directories.edit_directory(SYSTEM, followed, sync='off')
    for number in range(60):
        company.add(f'ada{number:02}')
    run_id = runs.ask(SYSTEM, followed, True, is_here=True)
    following.carry_on(run_id)
    page = f'/admin/directories/{followed}/runs/{run_id}'
    assert 'name="q"' in administrator.get(page).text
    found = administrator.get(f'{page}?q=ADA41').text
    assert 'Ada41' in found and 'Ada40' not in found and 'Nothing of that name' not in found
    for q in ('zzz', '%', '_', '%00x', "' OR 1=1 --", 'x' * 5000):
        assert 'Nothing of that name' in administrator.get(f'{page}?q={q}').text, q
    assert 'Ada41' in administrator.get(f'{page}?q=ou=people ada41&kind=create').text and 'Ada41' not in administrator.get(f'{page}?q=ada41&kind=disable').text


def test_the_console_says_how_much_a_plan_holds_and_what_to_do_with_it(appliance, company, followed):
    directories.edit_directory(SYSTEM, followed, sync='off')
    company.add('ada')
    said = appliance('directory', 'sync', 'Company', '--create', '--dry-run')
    run_id = said.err.split()[1].rstrip(':')
    assert f'Run {run_id}: Plan. New 1.' in said.err and f'appliance directory apply {run_id}' in said.err, said.err
    said = appliance('directory', 'apply', run_id)
    assert f'Run {run_id}: Done. New 1.' in said.err and 'Carry it out' not in said.err
    company.delete(*TEN[:6])
    said = appliance('directory', 'sync', 'Company', '--dry-run')
    assert 'Held: 6. To do that, too: appliance directory apply' in said.err and 'Carry it out' not in said.err, said.err
