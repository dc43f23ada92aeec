"""Who may call what, and sees of whom: the same people and days as on the pages, for every role and every method."""
import re

import pytest

from appliance.core import comments, db, rest, tags
from appliance.core.actor import SYSTEM
from appliance.core.custom_fields import defining
from appliance.core.people import block, give_role, take_role, update_person
from appliance.core.rest import methods
from appliance.identity import services, tokens
from appliance.tools.people import rules
from tests.web.rest.callers import SCOPES, Caller, caller

ROLES = ('administrator', 'head', 'employee', 'outsider', 'guest', 'service')
# What each role gets from each method called without parameters (but for the one that it needs): the status.
NEEDED = {'method.get': 'name=user.get', 'feature.get': 'code=x', 'batch': 'cmd[a]=profile', 'event.bind': 'event=ONUSERADD&handler=https://erp.example/x',
          'event.unbind': 'event=ONUSERADD'}
# timeman: only who has work time; pausing and closing what does not run is a conflict. No list of departments and no subscription for guests.
DIFFERENT = {('guest', 'department.get'): 404, ('guest', 'event.bind'): 404,
             **{(role, f'timeman.{verb}'): 404 for role in ('guest', 'service') for verb in ('status', 'open', 'pause', 'close')},
             **{(role, f'timeman.{verb}'): 409 for role in ('administrator', 'head', 'employee', 'outsider') for verb in ('pause', 'close')}}


@pytest.fixture
def programs(company):
    """A Caller for each role; the service is answered for by the employee."""
    service_id = services.add_service(SYSTEM, 'svc', 'Robot', 'employee')
    token, _row_id = tokens.make_token(SYSTEM, 'robot', SCOPES, person_id=service_id)
    found = {role: caller(company, role) for role in ROLES[:-1]}
    return found | {'service': Caller(found['head'].client, found['head'].base, service_id, token)}


def test_every_role_meets_every_method_as_its_pages_do(company, programs):
    methods.load()
    met, expected = {}, {}
    # Whom everybody sees: the guest's contact.
    day = db.row('SELECT max(id) FROM worktime_day WHERE person_id = ?', company.ids['employee'])[0]
    mine, other = (comments.add_comment(company.actor('employee'), 'worktime.day', day, 'x')['id'] for _time in range(2))
    about = f'OWNER=worktime.day:{day}'
    talk = {'comment.list': about, 'comment.add': f'{about}&TEXT=x', 'comment.update': f'ID={mine}&TEXT=y', 'comment.delete': f'ID={other}',
            'like.list': about, 'like.add': about, 'like.delete': about}
    # His day: he and his head see it, and each changes his own comments alone.
    different = DIFFERENT | {(role, name): 404 for role in ROLES if role not in ('employee', 'head') for name in talk}
    different |= {('head', 'comment.update'): 403, ('head', 'comment.delete'): 403}
    # His profile: he and who manages people give tags and take them; who manages the portal defines fields.
    tags.add_tags(company.actor('employee'), 'core.person', company.ids['employee'], 'welding')
    bearer, tagging = f'OWNER=core.person:{company.ids["employee"]}', db.row('SELECT max(id) FROM tagging')[0]
    gone, kept = (defining.add_field(SYSTEM, 'core.person', title, 'text') for title in ('Gone', 'Kept'))
    profile = {'tag.list': bearer, 'tag.find': 'TEXT=welding', 'tag.add': f'{bearer}&TEXT=lathe', 'tag.delete': f'{bearer}&ID={tagging}', 'user.userfield.list': '',
               'user.userfield.add': 'fields[FIELD_NAME]=X&fields[USER_TYPE_ID]=string', 'user.userfield.delete': f'ID={gone}',
               'user.userfield.update': f'ID={kept}&fields[LABEL]=y'}
    different |= {(role, name): 404 for role in ROLES[1:] for name in profile if name.startswith('user.')}
    different |= {(role, name): 403 for role in ('head', 'outsider', 'guest', 'service') for name in ('tag.add', 'tag.delete')}
    different['employee', 'tag.delete'] = 404       # an administrator took it away
    needed = {**NEEDED, **talk, **profile, 'im.notify.personal.add': f'USER_ID={company.ids["employee"]}&MESSAGE=x'}
    for role in ROLES:
        # Opening a day comes last: before it, pausing and closing meet a day that does not run.
        for name in sorted(methods.declared(), key=lambda name: (name == 'timeman.open', name)):
            met[role, name] = programs[role].call(name, needed.get(name))[0]
            expected[role, name] = different.get((role, name), 200)
    assert met == expected


def test_methods_that_are_not_for_a_role_are_absent_to_it(programs):
    assert 'timeman.open' not in programs['guest'].result('methods', 'full=Y') and 'timeman.open' in programs['employee'].result('methods')
    assert programs['guest'].result('method.get', 'name=department.get') == {'isExisting': False, 'isAvailable': False}
    assert programs['guest'].refusal('department.get') == programs['guest'].refusal('no.such.method') == (404, 'ERROR_METHOD_NOT_FOUND')


@pytest.mark.parametrize('role', ROLES[:-1])
def test_a_program_sees_the_people_that_the_page_shows(company, programs, role):
    block(SYSTEM, company.ids['lucas.meyer'], 'portal')
    actor, browser = company.actor(role), company.browser(role)
    everybody = {*company.ids.values(), programs['service'].person_id}
    shown = {person_id for person_id in everybody if browser.get(f'/people/{person_id}').status_code == 200}
    found = {int(one['ID']) for one in programs[role].result('user.get')}
    assert found == shown
    for person_id in everybody:
        met = programs[role].result('user.get', f'ID={person_id}')
        assert [one['ID'] for one in met] == ([str(person_id)] if person_id in shown else [])
    assert len(programs[role].result('user.search', 'FIND=lucas')) == (1 if actor.is_administrator else 0)


def test_who_manages_people_sees_by_rest_what_his_pages_show(company):
    """An administrator of the portal is no administrator of everything, and what he sees follows the permission, not the role."""
    lucas = company.ids['lucas.meyer']
    block(SYSTEM, lucas, 'portal')
    for role, is_seen in (('portal_admin', True), ('system_admin', False)):
        give_role(SYSTEM, company.ids['outsider'], role)
        program = caller(company, 'outsider')
        assert [one['ACTIVE'] for one in program.result('user.get', f'ID={lucas}')] == ([False] if is_seen else [])
        assert company.browser('outsider').get(f'/people/{lucas}').status_code == (200 if is_seen else 404)
        assert program.call('user.get', 'filter[>PERSONAL_BIRTHDAY]=1990-01-01')[0] == (200 if is_seen else 400)
        assert program.result('profile')['ADMIN'] is False
        take_role(SYSTEM, company.ids['outsider'], role)


def test_total_that_is_kept_follows_who_is_seen(company, programs):
    guest, employee = programs['guest'], programs['employee']
    before = employee.call('user.get')[1]['total']
    block(SYSTEM, company.ids['lucas.meyer'], 'portal')
    assert employee.call('user.get')[1]['total'] == before - 1
    assert guest.call('user.get')[1]['total'] == 2
    update_person(SYSTEM, company.ids['guest'], contact_id=company.ids['head'])
    assert {one['ID'] for one in guest.result('user.get')} == {str(company.ids['guest']), str(company.ids['head'])}
    assert employee.call('user.get')[1]['total'] == before - 2


def test_guest_sees_himself_and_how_to_reach_his_contact(company, programs):
    guest = programs['guest']
    assert {one['ID'] for one in guest.result('user.get')} == {str(company.ids['guest']), str(company.ids['employee'])}
    contact = guest.result('user.get', f'ID={company.ids["employee"]}')[0]
    assert contact['EMAIL'] and not {'UF_DEPARTMENT', 'DATE_REGISTER', 'PERSONAL_BIRTHDAY'} & set(contact)
    for question in ('filter[UF_DEPARTMENT]=1', 'UF_DEPARTMENT=1', 'filter[>DATE_REGISTER]=2020-01-01', 'order[DATE_REGISTER]=ASC',
                     'filter[PERSONAL_BIRTHDAY]=1992-06-27'):
        assert guest.refusal('user.get', question) == (400, 'ERROR_ARGUMENT'), question
    assert guest.refusal('user.search', 'filter[UF_DEPARTMENT_NAME]=Eng') == (400, 'ERROR_ARGUMENT')


def test_year_of_a_birthday_is_its_persons_and_the_administrators(company, programs):
    head, employee = company.ids['head'], company.ids['employee']
    assert programs['employee'].result('user.current')['PERSONAL_BIRTHDAY'] == '1992-06-27T00:00:00+02:00'
    assert programs['employee'].result('user.get', f'ID={head}')[0]['PERSONAL_BIRTHDAY'] == ''
    assert programs['administrator'].result('user.get', f'ID={employee}')[0]['PERSONAL_BIRTHDAY'].startswith('1992-06-27')
    for question in ('filter[PERSONAL_BIRTHDAY]=1979-11-02', 'filter[>PERSONAL_BIRTHDAY]=1970-01-01', 'order[PERSONAL_BIRTHDAY]=ASC', 'sort=PERSONAL_BIRTHDAY'):
        assert programs['employee'].refusal('user.get', question) == (400, 'ERROR_ARGUMENT'), question
    assert programs['administrator'].call('user.get', 'filter[>PERSONAL_BIRTHDAY]=1990-01-01')[0] == 200


def test_service_account_sees_employees_and_itself_and_is_seen_by_who_answers_for_it(company, programs):
    found = programs['service'].result('user.get', 'order[ID]=DESC')
    assert found[0]['USER_TYPE'] == 'service' and {one['USER_TYPE'] for one in found[1:]} == {'employee'}
    service = f'ID={programs["service"].person_id}'
    assert programs['employee'].result('user.get', service) and not programs['head'].result('user.get', service)


def test_day_of_another_is_seen_by_who_heads_him_and_clocked_by_nobody(company, programs):
    employee = company.ids['employee']
    programs['employee'].result('timeman.open')
    assert programs['head'].result('timeman.status', f'USER_ID={employee}')['STATUS'] == 'OPENED'
    for role in ('outsider', 'administrator'):
        assert programs[role].refusal('timeman.status', f'USER_ID={employee}') == (404, 'ERROR_NOT_FOUND')
        assert programs[role].refusal('timeman.status', 'USER_ID=99999') == (404, 'ERROR_NOT_FOUND')
    for verb in ('open', 'pause', 'close'):
        assert programs['head'].refusal(f'timeman.{verb}', f'USER_ID={employee}') == (403, 'ACCESS_DENIED')
        assert programs['outsider'].refusal(f'timeman.{verb}', f'USER_ID={employee}') == (404, 'ERROR_NOT_FOUND')
    assert programs['employee'].result('timeman.status', f'USER_ID={employee}')['STATUS'] == 'OPENED'


def test_page_and_method_refuse_alike(company, programs):
    assert company.browser('guest').get(f'/people/{company.ids["head"]}').status_code == 404
    assert programs['guest'].result('user.get', f'ID={company.ids["head"]}') == []
    browser = company.browser('employee')
    browser.post('/worktime/days', {'next': '/worktime'}, page='/worktime')
    day_id = int(re.search(r'/worktime/days/(\d+)/', browser.get('/worktime').text)[1])
    assert browser.post('/worktime/days', {'next': '/worktime', 'request_key': 'another key'}, page='/worktime').status_code == 409
    assert programs['employee'].refusal('timeman.open') == (409, 'ERROR_CONFLICT')
    assert company.browser('outsider').get(f'/worktime/days/{day_id}').status_code == 404


def test_fields_of_a_list_are_what_its_page_knows(company):
    actor = company.actor('guest')
    assert rules.is_outside(actor) and not rules.is_outside(company.actor('head'))
    assert set(rest.scopes()) == set(SCOPES)
