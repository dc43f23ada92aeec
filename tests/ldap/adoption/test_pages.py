"""Proposals in the browser, page by page, and at the console."""
import re

import pytest

from appliance.core import db
from appliance.core.actor import SYSTEM
from appliance.core.people import Person, add_person, give_role
from appliance.identity import sessions
from appliance.identity.directory import directories
from appliance.identity.directory.adoption import proposals
from appliance.identity.directory.sync import following, planning, runs
from appliance.identity.directory.sync.models import SyncStep
from appliance.identity.directory.sync.planning import Plan, Step
from appliance.identity.models import DirectoryPerson
from appliance.web.app import create_app
from tests import syncs
from tests.cli.console import console
from tests.counting import queries
from tests.ldap.adoption.conftest import local, look, opened
from tests.ldap.sync.conftest import who
from tests.visitors import Browser


@pytest.fixture
def app(box):
    return create_app(box.config)


@pytest.fixture
def administrator(app, boss):
    return Browser(app, sessions.open_session(SYSTEM, boss.person_id, ['password'])[0])


@pytest.fixture
def appliance(closed_box, capsys, monkeypatch):
    """Run a command on this box, as a process of its own would."""
    def run(*arguments):
        db.disconnect()
        return console(capsys, monkeypatch, closed_box.config.path, arguments)
    return run


def test_they_are_ticked_joined_and_parted(administrator, company, directory_id):
    for login in ('worker0', 'worker1'):
        local(login, name=f'Local {login}')
    give_role(SYSTEM, who('worker1').id, 'portal_admin')
    found = look(directory_id)
    page = f'/admin/directories/{directory_id}/adoption'
    shown = administrator.get(page).text
    assert 'Local worker0' in shown and 'Worker0' in shown and 'worker0@company.test' in shown and 'checked' not in shown
    assert 'May more here: Administrator of the portal' in shown and '2 people may be here already' in administrator.get(f'/admin/directories/{directory_id}').text
    ids = [str(one['id']) for one in found.values()]
    first = str(found['worker0', 'login']['id'])
    administrator.post(f'{page}/ticks', {'shown': ids, 'ticked': [first]}, page=page)
    assert administrator.get(page).text.count('checked') == 1 and not DirectoryPerson.select().where(DirectoryPerson.person == who('worker0').id).exists()
    run = administrator.post(f'{page}/joining', {'shown': ids, 'ticked': [first]}, page=page).headers['Location']
    assert 'are joined with their entries' in administrator.get(run).text
    following.follow_all()
    shown = administrator.get(run).text
    assert 'Carried out' in shown and 'Local worker0' in shown and who('worker0').name == 'Worker0'
    assert 'Local worker0' not in administrator.get(page).text and 'Local worker1' in administrator.get(page).text
    administrator.post(f'{run}/undoing', {}, page=run)
    following.follow_all()
    assert 'Taken back' in administrator.get(run).text and who('worker0').name == 'Local worker0'


def test_they_stand_in_the_plan_and_are_ticked_there(administrator, company, directory_id):
    for number in range(12):
        local(f'worker{number}', name=f'Local {number}')
    for number in (10, 11):
        company.add(f'worker{number}')
    run_id = runs.ask(SYSTEM, directory_id)
    following.carry_on(run_id)
    page = f'/admin/directories/{directory_id}/runs/{run_id}'
    administrator.get(page)
    with queries() as asked:
        shown = administrator.get(page).text
    assert len(asked) <= 10, '\n'.join(asked)
    assert '12 people may be here already' in shown and 'See all 12' in shown and 'Carrying out a plan joins nobody' in shown
    ids = re.findall(r'name="shown" value="(\d+)"', shown)
    assert len(ids) == 10 and 'Waits for a tick' not in shown, 'each stands there once'
    assert len(re.findall(r'name="shown"', administrator.get(f'{page}?kind=adopt').text)) == 12
    assert 'name="shown"' not in administrator.get(f'{page}?kind=create').text and 'name="shown"' not in administrator.get(f'{page}?after=1').text
    keep = re.search(r'formaction="([^"]*/ticks[^"]*)"', shown)[1].replace('&amp;', '&')
    answer = administrator.post(keep, {'shown': ids, 'ticked': ids[:2]}, page=page)
    assert answer.headers['Location'] == page and administrator.get(page).text.count('checked') == 2
    joining = re.search(r'formaction="([^"]*/joining[^"]*)"', shown)[1].replace('&amp;', '&')
    joined = administrator.post(joining, {'shown': ids, 'ticked': ids[:2]}, page=page).headers['Location']
    following.follow_all()
    assert '10 people may be here already' in administrator.get(joined).text
    assert DirectoryPerson.select().where(DirectoryPerson.person.in_([who('worker0').id, who('worker1').id])).count() == 2
    company.add('worker12')
    local('x', mail='worker12@company.test', name='Local 12')
    look(directory_id)
    shown = administrator.get(page).text
    assert '11 people may be here already' in shown and 'name="shown"' not in shown and 'Say who is who' in shown, 'they stand in the newest'


def test_two_people_are_put_aside(administrator, directory_id):
    local('worker0')
    one = str(look(directory_id)['worker0', 'login']['id'])
    page = f'/admin/directories/{directory_id}/adoption'
    administrator.post(f'{page}/declining', {'shown': [one], 'ticked': [one]}, page=page)
    shown = administrator.get(page).text
    assert '1 proposal is put aside' in shown and 'Propose them again' in shown and look(directory_id) == {}
    assert administrator.post(f'{page}/reconsidering', {}, page=page).status_code == 303
    shown = administrator.get(page).text
    assert 'is proposed again by the next plan' in shown and 'Propose them again' not in shown and ('worker0', 'login') in look(directory_id)


def test_nonsense_and_other_peoples_ids_tick_nothing(administrator, directory_id):
    local('worker0')
    one = str(look(directory_id)['worker0', 'login']['id'])
    other = directories.add_directory(SYSTEM, 'Other', 'ldap://127.0.0.1:1', 'dc=x', tls='none', is_active=False)
    page = f'/admin/directories/{directory_id}/adoption'
    for wrong in ({'ticked': ['x']}, {'ticked': ['0']}, {'ticked': ['9' * 30]}, {'ticked': ['-1']}, {'ticked': [str(number) for number in range(1, 60)]}, {'other': '1'}):
        assert administrator.post(f'{page}/ticks', wrong, page=page).status_code == 422, wrong
    for verb in ('ticks', 'page', 'declining'):
        assert administrator.post(f'/admin/directories/{other}/adoption/{verb}', {'shown': [one], 'ticked': [one]}, page=page).status_code == 303
        assert administrator.post(f'/admin/directories/99/adoption/{verb}', {'shown': [one], 'ticked': [one]}, page=page).status_code == 404
    assert administrator.get(f'{page}?by=nonsense').status_code == 404 and administrator.get('/admin/directories/99/adoption').status_code == 404
    assert not opened(SYSTEM, directory_id)['worker0', 'login']['is_ticked']
    answer = administrator.post(f'{page}/joining', {'shown': [one]}, page=page)
    assert answer.status_code == 303
    assert '#alert-triangle"/></svg><span>Nobody is ticked' in administrator.get(page).text, 'what was not done bears no sign of what was'


def test_ten_thousand_are_gone_through_page_by_page(administrator, boss, directory_id):
    ids = [add_person(SYSTEM, f'p{number}', f'Person {number}') for number in range(120)]
    steps = [Step(planning.ADOPT, 'login' if number < 60 else 'mail', syncs.number_of(str(number)), person_id, f'Entry {number}', 'uid=x',
                  {'name': f'Person {number}', 'login': f'p{number}', 'mail': ''}, {'name': f'Entry {number}', 'login': f'p{number}', 'mail': ''})
             for number, person_id in enumerate(ids)]
    runs.keep(Plan(tuple(steps), '', 0, 0), directory_id)
    page, seen = f'/admin/directories/{directory_id}/adoption', 0
    at = page
    administrator.get(page)
    with queries() as asked:
        administrator.get(page)
    assert len(asked) <= 8, '\n'.join(asked)
    while at:
        shown = administrator.get(at).text
        found = re.findall(r'name="shown" value="(\d+)"', shown)
        seen += len(found)
        posted = administrator.post(re.search(r'formaction="([^"]*/page[^"]*)"', shown)[1].replace('&amp;', '&'), {'shown': found}, page=at)
        assert posted.status_code == 303
        going_on = re.search(r'formaction="([^"]*/ticks[^"]*)"', shown)[1].replace('&amp;', '&')
        at = administrator.post(going_on, {'shown': found, 'ticked': found}, page=at).headers['Location'] if 'next=' in going_on else ''
    assert seen == 120 and proposals.counts(boss, directory_id)['ticked'] == 120
    assert administrator.get(f'{page}?by=mail').text.count('name="shown"') == 50


def test_a_dry_run_at_the_console_shows_them(appliance, boss, company, directory_id):
    local('worker0', name='Local 0')
    local('x', name='Local X', mail='worker2@company.test')
    done = appliance('directory', 'sync', 'Company', '--dry-run', '--no-create', '--json').data
    assert [(row['login'], row['by'], row['joins']) for row in done['proposals']] == [('worker0', 'login', False), ('x', 'mail', False)]
    assert [step['kind'] for step in done['steps']] == ['adopt', 'adopt'] and done['counts'] == {'adopt': 2} and done['states']['proposed'] == 2
    said = appliance('directory', 'sync', 'Company', '--dry-run', '--no-create')
    assert 'Here already, perhaps: 2' in said.out and said.out.count('Local X') == 1 and 'The login is the same' not in said.out
    assert 'appliance directory adopt Company --by login' in said.err and '/adoption' in said.err and 'Nothing to do' not in said.err
    assert DirectoryPerson.select().count() == 0
    db.disconnect()


def test_at_the_console(appliance, boss, company, directory_id):
    for login in ('worker0', 'worker1'):
        local(login)
    local('x', mail='worker2@company.test')
    rows = appliance('directory', 'adopt', 'Company', '--json').data
    assert [(row['login'], row['by'], row['joins']) for row in rows] == [('worker0', 'login', False), ('worker1', 'login', False), ('x', 'mail', False)]
    rows = appliance('directory', 'adopt', 'Company', '--by', 'login', '--dry-run', '--json').data
    assert [row['joins'] for row in rows] == [True, True, False] and DirectoryPerson.select().count() == 0
    done = appliance('directory', 'adopt', 'Company', '--by', 'login', '--json').data
    assert done['state'] == 'done' and {step['state'] for step in done['steps']} == {'applied'} and DirectoryPerson.select().count() == 2
    assert appliance('directory', 'adopt', 'Company', '--person', 'nobody').status == 1
    assert appliance('directory', 'adopt', 'Company', '--by', 'mail').status == 2
    assert appliance('directory', 'adopt', 'Company', '--person', 'X').status == 0 and Person.get(Person.login == 'worker2').name == 'Worker2'
    assert 'Nobody here' in appliance('directory', 'adopt', 'Company').err
    number = SyncStep.select(SyncStep.run).where(SyncStep.state == 'applied').order_by(SyncStep.id).first().run_id
    assert appliance('directory', 'undo', str(number), '--json').data['state'] == 'undone' and DirectoryPerson.select().count() == 1
    db.disconnect()
