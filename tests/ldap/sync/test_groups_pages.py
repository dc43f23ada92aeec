"""Rules about groups in the browser and at the console."""
import pytest

from appliance.core import db, departments
from appliance.core.actor import ADMINISTRATOR, SYSTEM
from appliance.core.people import add_person, give_role
from appliance.identity import sessions
from appliance.identity.directory import group_rules
from appliance.web.app import create_app
from tests.boxes import opened
from tests.cli.console import console
from tests.ldap.people import BASE
from tests.ldap.sync.conftest import who
from tests.ldap.sync.groups import Groups, roles_of
from tests.visitors import Browser


@pytest.fixture
def made(company, followed):
    return Groups(company, followed)


def browser(box, role):
    person_id = add_person(SYSTEM, role.replace('_', ''), 'The Boss')
    give_role(SYSTEM, person_id, role)
    return Browser(create_app(box.config), sessions.open_session(SYSTEM, person_id, ['password'])[0])


def test_a_group_is_found_by_its_name_and_gives(box, made, follow, followed):
    made.add('Portal chiefs (all)', 'worker1')
    made.add('Others', 'worker2')
    paint = departments.add_department(SYSTEM, 'Paint', departments.add_department(SYSTEM, 'Works'))
    administrator = browser(box, ADMINISTRATOR)
    page = f'/admin/directories/{followed}/groups'
    assert 'Others' not in administrator.get(page).text, 'the directory is asked for what somebody typed'
    shown = administrator.get(f'{page}?q=CHIEFS (').text
    assert 'Portal chiefs (all)' in shown and 'Others' not in shown and 'Works / Paint' in shown and 'value="role:portal_admin"' in shown
    assert 'No group of that name' in administrator.get(f'{page}?q=*)(cn=*').text
    uuid = group_rules.find_groups(SYSTEM, followed, 'chiefs')[0]['uuid']
    answer = administrator.post(page, {'group': uuid, 'gives': f'department:{paint}', 'q': 'chiefs'}, page=f'{page}?q=chiefs')
    assert answer.status_code == 303 and answer.headers['Location'].endswith(f'/admin/directories/{followed}#groups')
    follow()
    assert who('worker1').department_id == paint
    shown = administrator.get(f'/admin/directories/{followed}').text
    assert 'Portal chiefs (all)' in shown and 'Department: Works / Paint' in shown
    rule = group_rules.list_rules(SYSTEM, followed)[0]
    assert administrator.post(page, {'group': uuid, 'gives': f'department:{paint}', 'q': 'chiefs'}, page=f'{page}?q=chiefs').status_code == 422, 'it is there'
    assert administrator.post(f'{page}/{rule["id"]}/removal', {}, page=page).status_code == 303 and group_rules.list_rules(SYSTEM, followed) == []
    assert administrator.post(f'{page}/{rule["id"]}/removal', {}, page=page).status_code == 404


@pytest.mark.parametrize('values, status', [
    ({'group': 'x', 'gives': 'role:portal_admin'}, 422), ({'gives': 'role:portal_admin'}, 422), ({'group': 'uuid'}, 422), ({'group': 'uuid', 'gives': 'role:nobody'}, 422),
    ({'group': 'uuid', 'gives': 'role:employee'}, 422), ({'group': 'uuid', 'gives': 'department:99999999999999999999'}, 422), ({'group': 'uuid', 'gives': 'nonsense'}, 422),
    ({'group': BASE, 'gives': 'role:portal_admin'}, 422), ({'group': 'x' * 5000, 'gives': 'role:portal_admin'}, 422),
    ({'group': 'uuid', 'gives': 'role:portal_admin', 'more': '1'}, 422)])
def test_what_is_not_right_makes_no_rule(box, made, followed, values, status):
    made.add('Chiefs', 'worker1')
    administrator = browser(box, ADMINISTRATOR)
    page = f'/admin/directories/{followed}/groups'
    uuid = group_rules.find_groups(SYSTEM, followed, 'chiefs')[0]['uuid']
    assert administrator.post(page, values | ({'group': uuid} if values.get('group') == 'uuid' else {}), page=page).status_code == status
    assert group_rules.list_rules(SYSTEM, followed) == []


def test_who_may_not_give_is_not_offered_it(box, made, followed):
    made.add('Chiefs', 'worker1')
    system = browser(box, 'system_admin')
    page = f'/admin/directories/{followed}/groups'
    shown = system.get(f'{page}?q=chiefs').text
    assert 'role:system_admin' in shown and 'role:portal_admin' not in shown and 'department:' not in shown
    uuid = group_rules.find_groups(SYSTEM, followed, 'chiefs')[0]['uuid']
    assert system.post(page, {'group': uuid, 'gives': 'role:portal_admin', 'q': ''}, page=page).status_code == 422 and group_rules.list_rules(SYSTEM, followed) == []
    rule_id = made.gives(f'cn=Chiefs,{BASE}', 'portal_admin')
    assert system.post(f'{page}/{rule_id}/removal', {}, page=page).status_code == 403


def test_a_directory_that_is_down_says_so(box, company, made, followed):
    administrator = browser(box, ADMINISTRATOR)
    company.server.stop()
    assert 'Nothing listens' in administrator.get(f'/admin/directories/{followed}/groups?q=x').text


def test_at_the_console(capsys, monkeypatch, closed_box, company, made, followed):
    def run(*arguments):
        db.disconnect()
        return console(capsys, monkeypatch, closed_box.config.path, arguments)
    dn = made.add('Comma, Group', 'worker1')
    made.gives(made.add('Other', 'worker2'), 'dispatcher')
    for which, role in ((dn, 'dispatcher'), ('comma, group', 'portal_admin')):
        assert run('directory', 'group', 'add', 'Company', which, '--role', role, '--json').data['name'] == 'Comma, Group'
    assert run('directory', 'group', 'add', 'Company', 'nobody', '--role', 'dispatcher').status == 1
    assert run('directory', 'group', 'add', 'Company', dn).status != 0
    choices = run('directory', 'group', 'choices', '--json').data
    assert {'dispatcher', 'portal_admin'} <= {one['what'] for one in choices if one['kind'] == 'role'}
    rules = run('directory', 'group', 'list', 'Company', '--json').data
    assert [(rule['group'], rule['what']) for rule in rules] == [('Other', 'dispatcher'), ('Comma, Group', 'dispatcher'), ('Comma, Group', 'portal_admin')]
    assert run('directory', 'group', 'remove', 'Company', str(rules[0]['id'])).status == 0
    assert run('directory', 'edit', 'Company', '--tree', 'groups', '--heads').status == 0
    said = run('directory', 'sync', 'Company')
    assert said.status == 0 and 'Right given' in said.out and 'Group: - -> Comma, Group' in said.out
    with opened(closed_box):
        assert roles_of('worker1') == ['dispatcher'] and roles_of('worker2') == []
