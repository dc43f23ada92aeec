"""Examples: people, departments, roles, settings, switches, jobs, notices, mails."""
from appliance.core import db, departments, derived, events, guides, jobs, listeners, notices, outbox, people, permissions, program_notices, scopes, settings, switch
from appliance.core.actor import SYSTEM
from appliance.jobs import own
from appliance.web.setup import test_mail
from tests.actions.stage import example


@example('core.people.add_person')
def _(at):
    department, = db.row('SELECT min(id) FROM department')
    return lambda: people.add_person(SYSTEM, 'newcomer', 'Nora Núñez', 'nora@firma.example', department_id=department, title='Optician')


@example('core.people.update_person')
def _(at):
    person_id = at.person()
    return lambda: people.update_person(SYSTEM, person_id, name='Another Name', phone='+34 1')


@example('core.people.set_language')
def _(at):
    return lambda: people.set_language(SYSTEM, at.ana.person_id, 'es')


@example('core.people.set_zone')
def _(at):
    return lambda: people.set_zone(SYSTEM, at.ana.person_id, 'Asia/Tokyo')


@example('core.people.give_role')
def _(at):
    person_id = at.person()
    return lambda: people.give_role(SYSTEM, person_id, 'portal_admin')


@example('core.people.take_role')
def _(at):
    person_id = at.person()
    people.give_role(SYSTEM, person_id, 'portal_admin')
    return lambda: people.take_role(SYSTEM, person_id, 'portal_admin')


@example('core.people.block')
def _(at):
    person_id = at.person()
    return lambda: people.block(SYSTEM, person_id, 'local', 'gone')


@example('core.people.unblock')
def _(at):
    person_id = at.person()
    people.block(SYSTEM, person_id, 'local')
    return lambda: people.unblock(SYSTEM, person_id, 'local')


@example('core.departments.add_department')
def _(at):
    return lambda: departments.add_department(SYSTEM, 'Another department', 1)


@example('core.departments.set_head')
def _(at):
    person_id = at.person()
    return lambda: departments.set_head(SYSTEM, 1, person_id)


@example('core.departments.place_department')
def _(at):
    number = departments.add_department(SYSTEM, at.word())
    people.update_person(SYSTEM, at.person(), department_id=number)
    return lambda: departments.place_department(SYSTEM, number, 'Elsewhere', 1)


@example('core.departments.department_by_name')
def _(at):
    return lambda: departments.department_by_name(SYSTEM, 'Nobody has this')


@example('core.permissions.set_permission')
def _(at):
    return lambda: permissions.set_permission(SYSTEM, 'employee', 'core.backups.read', True)


@example('core.permissions.set_permissions')
def _(at):
    return lambda: permissions.set_permissions(SYSTEM, 'portal_admin', {'core.backups.read': True, 'core.mail.manage': False})


@example('core.permissions.add_role')
def _(at):
    return lambda: permissions.add_role(SYSTEM, 'auditor', 'Auditor')


# settings, switches, jobs, notices

@example('core.settings.set_setting')
def _(at):
    return lambda: settings.set_setting(SYSTEM, 'company.name', 'Another')


@example('core.settings.set_settings')
def _(at):
    return lambda: settings.set_settings(SYSTEM, {'company.name': 'Another', 'mail.password': 'secret', 'mail.host': '127.0.0.1'})


@example('core.scopes.set_in')
def _(at):
    return lambda: scopes.set_in(at.ana, f'person:{at.ana.person_id}', 'trash.keep_days', '9')


@example('core.scopes.clear_in')
def _(at):
    _person_id, actor = at.somebody()
    scopes.set_in(actor, f'person:{actor.person_id}', 'trash.keep_days', '9')
    return lambda: scopes.clear_in(actor, f'person:{actor.person_id}', 'trash.keep_days')


@example('core.switch.turn')
def _(at):
    return lambda: switch.turn(SYSTEM, 'worktime', False)


@example('core.derived.ask')
def _(at):
    derived.make(derived.outdated())
    return lambda: derived.ask(SYSTEM)


@example('core.jobs.listing.request')
def _(at):
    own.load()
    return lambda: jobs.request(SYSTEM, 'core.clean')


@example('core.notices.read')
def _(at):
    person_id, actor = at.somebody()
    number = program_notices.tell(SYSTEM, person_id, 'Look here')
    return lambda: notices.read(actor, number)


@example('core.notices.read_all')
def _(at):
    person_id, actor = at.somebody()
    program_notices.tell(SYSTEM, person_id, 'Look here')
    return lambda: notices.read_all(actor)


@example('core.notices.choose')
def _(at):
    kinds = [one['kind'] for one in notices.choices(at.ana)][:2]
    return lambda: notices.choose(at.ana, {kind: (False, True) for kind in kinds})


@example('core.program_notices.tell')
def _(at):
    person_id = at.person()
    return lambda: program_notices.tell(SYSTEM, person_id, 'Look here', 'tag')


@example('core.guides.claim')
def _(at):
    _person_id, actor = at.somebody()
    return lambda: guides.claim(actor, guides.WELCOME)


@example('core.listeners.retry')
def _(at):
    event_id = at.event()
    listener, = db.row('SELECT listener FROM delivery WHERE event_id = ?', event_id)
    with db.write('test'):
        events.Delivery.update(state=events.FAILED, attempts=8).where(events.Delivery.event == event_id).execute()
    return lambda: listeners.retry(SYSTEM, event_id, listener)


@example('core.outbox.retry')
def _(at):
    number = at.mail(outbox.FAILED)
    return lambda: outbox.retry(SYSTEM, number)


@example('core.outbox.cancel')
def _(at):
    number = at.mail(outbox.WAITING)
    return lambda: outbox.cancel(SYSTEM, number)


@example('web.setup.test_mail.send_test_mail')
def _(at):
    return lambda: test_mail.send_test_mail(at.admin, 'somebody@firma.example')
