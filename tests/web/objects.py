"""One object of each kind that an address can name, in the demo company, and whose it is: for the table of who may what."""
from appliance.core import attachments, clock, comments, insight, notices, outbox, people, storage, tags, trash
from appliance.core.actor import SYSTEM
from appliance.core.custom_fields import defining
from appliance.core.db import row, write
from appliance.core.events import EventRow
from appliance.core.subscriptions.models import Subscription, SubscriptionCall
from appliance.identity import services, sessions, tokens
from appliance.identity.directory.directories import add_directory
from appliance.identity.directory.group_rules import add_rule
from appliance.tools.worktime import rules as worktime
from tests import addresses, syncs
from tests.web.rest.callers import SCOPES

# {parameter of an address: what it names}. All that belongs to somebody belongs to the employee, whom the head heads.
WHOSE = {
    'person_id': 'the employee', 'day_id': 'a day of the employee', 'pause_id': 'the pause of that day, which lasts', 'kind, object_id': 'that day',
    'comment_id': 'a comment of the employee on it', 'attachment_id': 'a file of the employee on it', 'ref': 'that day', 'token_id': 'an access of the employee',
    'session_id': 'another session of the employee', 'subscription_id, call_id': 'what a program of the employee is told', 'trash_id': 'what the employee deleted',
    'notice_id': 'a notice of the employee', 'service_id': 'a service account that the employee answers for', 'insight_id': 'what the administrator asked about the employee',
    'mail_id': 'a mail to the employee', 'department_id': 'the department of the employee', 'scope, path': 'that department', 'directory_id': 'a directory', 'run_id': 'what its comparison found', 'rule_id': 'what a group of it gives',
    'field_id': 'a field that the company gave its people', 'tagging_id': 'a tag of the employee, who is what the addresses of tags name',
    'event_id, listener': 'a delivery that is not there', 'token': 'a link that is not there, or of no program'}
OTHERS = {'head', 'employee', 'outsider', 'guest', 'administrator'}


def make(company):
    """{parameter: value}; besides them `<parameter> of <login>` where a second row asks for another's."""
    ids, actors = company.ids, {login: company.actor(login) for login in OTHERS}
    employee = actors['employee']
    for name, role in (('portal', 'portal_admin'), ('system', 'system_admin')):
        ids[name] = people.add_person(SYSTEM, name, name.title())
        people.give_role(SYSTEM, ids[name], role)
    day, heads_day = (worktime.start_day(actors[login]) for login in ('employee', 'head'))
    worktime.pause(employee, day)
    comment, deleted = (comments.add_comment(employee, 'worktime.day', day, 'x')['id'] for _time in range(2))
    comments.delete_comment(employee, deleted)
    department = row('SELECT department_id FROM person WHERE id = ?', ids['employee'])[0]
    stored = storage.keep_bytes(b'text')
    found = {
        'person_id': ids['employee'], 'day_id': day, 'pause_id': row('SELECT max(id) FROM worktime_pause WHERE day_id = ?', day)[0],
        'kind': 'worktime.day', 'object_id': day, 'ref': f'worktime.day:{day}', 'comment_id': comment, 'after': 0,
        'comment_id of the head': comments.add_comment(actors['head'], 'worktime.day', day, 'x')['id'], 'day_id of the head': heads_day,
        'attachment_id': attachments.attach(employee, 'worktime.day', day, [(stored.hash, 'a.txt')])[0],
        'token_id': tokens.make_token(employee, 'x', SCOPES)[1], 'session_id': sessions.open_session(SYSTEM, ids['employee'], ['password'])[1],
        'deleted': deleted, 'trash_id': trash.listing(employee)['deleted'][0]['id'], 'service_id': services.add_service(SYSTEM, 'svc', 'Robot', 'employee'),
        'insight_id': insight.ask(actors['administrator'], ids['employee'], 'worktime.day', 'A question of the payroll'),
        'department_id': department, 'scope': f'department:{department}', 'path': f'department:{department}',
        'directory_id': add_directory(SYSTEM, 'Planted', 'ldap://127.0.0.1:1', 'dc=x', tls='none', is_active=False),
        'field_id': defining.add_field(SYSTEM, 'core.person', 'Size', 'text'), 'tagging_id': _tagged(employee),
        'person_id of the guest': ids['guest'], 'person_id of the administrator': ids['administrator'], 'person_id of the outsider': ids['outsider'],
        'token': 'no-such-token', 'filename': 'mark.svg', 'method': 'profile', 'known': 'none', 'version': 'x', 'size': 64,
        'event_id': 999_999, 'listener': 'core.nothing', 'role': 'portal_admin', 'what': 'granting', 'name': 'core.outbox',
    }
    rule = add_rule(SYSTEM, found['directory_id'], {'uuid': syncs.number_of('staff'), 'name': 'Staff', 'dn': 'cn=staff,dc=x'}, 'role', 'portal_admin')
    return found | {'rule_id': rule, 'run_id': syncs.make(found['directory_id'], ids['employee'])['run_id']} | _rows(ids['employee']) | _of_tools(ids)


def _tagged(actor):
    tags.add_tags(actor, 'core.person', actor.person_id, 'lenses')
    return tags.listed('core.person', actor.person_id)[0]['id']


def _of_tools(ids):
    """What the tools' own tests make, and `of tools`: {tool: {parameter: key}} of what their addresses name (addresses.PARAMETERS)."""
    found, names = {}, {}
    for module in addresses.of_tools():
        found |= module.values(ids)
        names[module.__name__.split('.')[2]] = module.PARAMETERS
    return found | {'of tools': names}


def _rows(person_id):
    now = clock.now()
    with write('tests.objects'):
        epoch = people.Person.get_by_id(person_id).epoch
        subscription = Subscription.create(person=person_id, epoch=epoch, name='ONUSERADD', event='core.person.added', address='https://erp.company.example/in', secret=b'none')
        event = EventRow.create(name='core.person.added', version=1, object=f'core.person:{person_id}', data={}, at=now)
        call = SubscriptionCall.create(subscription=subscription, event=event, state='done', next_at=now, created_at=now)
        notices.kinds()     # imports them
        notices.put('worktime.day.expired', person_id, {'on_date': '2026-11-23'})
        outbox.send_mail('identity/door', {}, 'a key of the tests', person_id=person_id)
    return {'subscription_id': subscription.id, 'call_id': call.id, 'notice_id': row('SELECT max(id) FROM notice')[0], 'mail_id': row('SELECT max(id) FROM outbox')[0]}
