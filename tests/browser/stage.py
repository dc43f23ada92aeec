"""What the demo company lacks for every page to have something to show.

`python -m tests.browser.stage CONFIG` makes it and prints {name: value}: what the examples in tests/addresses.py are filled with.
"""
import json
import sys
from datetime import timedelta
from pathlib import Path

from appliance.core import access, clock, comments, config, history, insight, likes, notices, people, tags
from appliance.core.actor import SYSTEM
from appliance.core.custom_fields import defining
from appliance.core.custom_fields import values as custom_values
from appliance.core.db import write
from appliance.core.departments import Department
from appliance.core.events import EventRow
from appliance.core.insight import GRANTED, Insight
from appliance.core.people import Person, actor_for
from appliance.core.subscriptions.models import Subscription, SubscriptionCall
from appliance.core.tool import registry
from appliance.identity import one_time_links, services
from appliance.identity.directory.directories import add_directory
from appliance.tools.worktime.models import CLOSED, EXPIRED, WorktimeCorrection, WorktimeDay, WorktimePause
from tests import addresses, syncs
from tests.boxes import Box, opened

LATE = 'jonas.weber'        # left a day open; nobody else's day is touched


def make():
    """Fill the gaps; returns {name: id or path}."""
    registry.load('rules')
    ids = {person.login: person.id for person in Person.select()}
    with write('tests.stage'):
        directory_id = add_directory(SYSTEM, 'Company LDAP', 'ldap://127.0.0.1:1', 'dc=company,dc=example', tls='none', is_active=False)
        of_runs = syncs.make(directory_id, ids['employee'])
        open_day = _day(ids[LATE], 1, EXPIRED)
        corrected = WorktimeDay.select().where((WorktimeDay.person == ids['employee']) & (WorktimeDay.state == CLOSED)).order_by(WorktimeDay.on_date).get()
        WorktimeCorrection.create(day=corrected, old_end=None, new_end=corrected.ended_at, reason='I forgot the clock', by=ids['employee'], at=clock.now())
        _tell(ids, corrected)
        subscription_id = _subscribe(ids['employee'])
        comment_id = _talk(ids, corrected.id)
        field_id, choice_id = _own_fields(ids)
    insight_id = insight.ask(actor_for(ids['administrator'], 'test'), ids['employee'], 'worktime.day', 'A question of the payroll')
    with write('tests.stage'):
        Insight.update(state=GRANTED, decided_by=ids['head'], decided_at=clock.now(), ends_at=clock.now() + timedelta(hours=4)).where(Insight.id == insight_id).execute()
    of_tools = {key: value for module in addresses.of_tools() for key, value in module.values(ids).items()}
    return {**of_tools, **of_runs, 'employee_id': ids['employee'], 'guest_id': ids['guest'], 'contact_id': ids['employee'], 'directory_id': directory_id, 'department_id': 1,
            'subscription_id': subscription_id, 'service_id': services.add_service(SYSTEM, 'erp', 'ERP of the warehouse', 'employee'),
            'insight_id': insight_id, 'field_id': field_id, 'choice_id': choice_id,
            'day_id': corrected.id, 'comment_id': comment_id, 'led_id': Department.get(Department.head_id == ids['head']).id, 'open_day_id': open_day,
            'setup': one_time_links.make_link(SYSTEM, one_time_links.SETUP),
            'rescue': one_time_links.make_link(SYSTEM, one_time_links.RESCUE, ids['administrator'])}


def _day(person_id, back, state):
    lately = WorktimeDay.select(WorktimeDay.id).where((WorktimeDay.person == person_id) & (WorktimeDay.started_at > clock.now() - timedelta(days=4)))
    WorktimePause.delete().where(WorktimePause.day.in_(lately)).execute()
    WorktimeDay.delete().where(WorktimeDay.id.in_(lately)).execute()
    started = clock.now() - timedelta(days=back, hours=20)
    day = WorktimeDay.create(person=person_id, on_date=clock.local_date(started, 'Europe/Madrid'), zone='Europe/Madrid', started_at=started, state=state)
    access.changed('worktime.day', [day.id])
    return day.id


def _subscribe(person_id):
    now, epoch = clock.now(), Person.get_by_id(person_id).epoch
    subscription = Subscription.create(person=person_id, epoch=epoch, name='ONUSERADD', event='core.person.added', address='https://erp.company.example/in', secret=b'none')
    for state, status, error in (('done', 200, ''), ('failed', 500, 'status')):
        event = EventRow.create(name='core.person.added', version=1, object=f'core.person:{person_id}', data={}, at=now)
        SubscriptionCall.create(subscription=subscription, event=event, state=state, status=status, error=error, attempts=1, next_at=now, created_at=now, took_ms=80)
    return subscription.id


def _talk(ids, day_id):
    """A talk of the employee and his head about a day, with something of everything; the id of the employee's comment."""
    employee, head = (people.actor_for(ids[login], 'test') for login in ('employee', 'head'))
    about = 'worktime.day', day_id
    first = comments.add_comment(employee, *about, 'The **train** was late:\n> signal failure\n- `07:40` instead of 07:10\nhttps://trains.example/r?id=7')['id']
    comments.add_comment(head, *about, f'Thank you, @{Person.get_by_id(ids["employee"]).name}.', first)
    comments.edit_comment(employee, first, 'The **train** was *very* late:\n> signal failure\n- `07:40` instead of 07:10\nhttps://trains.example/r?id=7')
    likes.like(head, 'core.comment', first)
    likes.like(head, *about)
    comments.delete_comment(employee, comments.add_comment(employee, *about, 'Never mind')['id'])
    with write('tests.stage'):
        history.note(employee, *about, {'state': ('expired', 'closed')})
    return first


def _own_fields(ids):
    """A field of each type, filled in by the employee; the ids of the first, and of the one of a list."""
    choices = ('Ground floor', 'First floor', 'Workshop')
    made = [defining.add_field(SYSTEM, 'core.person', title, type, choices=choices if type == 'choice' else (), is_required=type == 'text', **more) for title, type, more in (
        ('Desk', 'text', {}), ('Where', 'choice', {}), ('Height of the desk in cm', 'decimal', {}), ('Key number', 'number', {'edited_by': 'manager'}),
        ('First aider', 'flag', {}), ('Inspected on', 'date', {'seen_by': 'owner'}), ('Own page', 'address', {}))]
    chosen = defining.access_field(SYSTEM, made[1]).choices[2][0]
    employee, boss = (people.actor_for(ids[login], 'test') for login in ('employee', 'administrator'))
    custom_values.fill(boss, 'core.person', ids['employee'], {'UF_KEY_NUMBER': 1042})
    custom_values.fill(employee, 'core.person', ids['employee'], {
        'UF_DESK': 'By the window, next to the plotter', 'UF_WHERE': chosen, 'UF_HEIGHT_OF_THE_DESK_IN_CM': '72.5', 'UF_FIRST_AIDER': True,
        'UF_INSPECTED_ON': '2026-11-02', 'UF_OWN_PAGE': 'https://company.example/people/tomas?from=profile'})
    tags.add_tags(employee, 'core.person', ids['employee'], 'Lens coating, Zemax, Laser safety, Reunión con clientes, Lathe')
    tags.add_tags(people.actor_for(ids['head'], 'test'), 'core.person', ids['head'], 'zemax, Budgets')
    return made[0], made[1]


def _tell(ids, day):
    data = {'day_id': day.id, 'on_date': day.on_date.isoformat(), 'name': 'Tomás Herrera'}
    notices.kinds()     # imports them
    notices.put('worktime.day.expired', ids['employee'], data)
    notices.put('worktime.day.corrected', ids['head'], data)


if __name__ == '__main__':
    read = config.load(Path(sys.argv[1]))
    with opened(Box(read.path.parent, '', read)):
        print(json.dumps(make()))
