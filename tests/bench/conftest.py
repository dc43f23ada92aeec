"""A portal with 10,000 people for the benches, and the table that they fill. Figures are printed, not judged: machines differ."""
from dataclasses import dataclass
from datetime import timedelta

import pytest

from appliance.core import access, clock, db
from appliance.core.actor import SYSTEM
from appliance.core.departments import add_department, set_head
from appliance.core.folding import fold
from appliance.core.people import Person
from appliance.demo import load as demo
from appliance.identity import sessions
from appliance.tools.worktime.models import WorktimeDay, WorktimePause
from tests.bench.servers import served_box, serving
from tests.boxes import SqliteTemplate, opened
from tests.loaded import PASSWORD

PEOPLE, STREAMS = 10_000, 5000
ROWS = []


@dataclass
class Crowd:
    """The portal's Box, and the cookie of its demo employee as a header."""

    box: object
    headers: dict


def add_people(count):
    """Fill up to `count` people, as a directory would bring them."""
    for start in range(Person.select().count(), count, 500):
        Person.insert_many([_person(number) for number in range(start, min(start + 500, count))]).execute()
    access.rebuild('core.person')


def _person(number):
    name, login = f'{("Ana", "Íñigo", "Zoë", "Bruno")[number % 4]} Number {number:05d}', f'person{number}'
    mail, phone, title = f'{login}@lumbreras.example', f'+34 910 {number:06d}', 'Engineer'
    return {'login': login, 'name': name, 'mail': mail, 'phone': phone, 'title': title, 'kind': 'employee', 'language': 'en',
            # Everybody with a photo: the longer page.
            'photo': f'{number:016x}', 'zone': 'Europe/Madrid', 'department': 1 + number % 3, 'sort_name': fold(name), 'words': fold(f'{name} {login} {mail} {title} {phone}')}


def gathered(folder, departments=0):
    """A Crowd in that folder: 10,000 people, and as many departments as wanted, ten deep."""
    SqliteTemplate(folder)
    (folder / 'data').mkdir()
    (folder / 'template.db').rename(folder / 'data' / 'portal.db')
    box = served_box(folder, 'sqlite:///data/portal.db')
    with opened(box):
        demo.load(SYSTEM, PASSWORD)
        add_people(PEOPLE)
        above = None
        for number in range(departments):
            above = add_department(SYSTEM, f'Department {number}', above if number % 10 else None)
            set_head(SYSTEM, above, 1 + number)
            Person.update(department=above).where(Person.id.between(50 * number + 100, 50 * number + 130)).execute()
        employee = Person.get(Person.login == 'employee').id
        token, _row = sessions.open_session(SYSTEM, employee, ['password'])
    return Crowd(box, {'Cookie': f'appliance_session={token}'})


@pytest.fixture(scope='session')
def crowd(tmp_path_factory):
    """A portal on SQLite with 10,000 people (Crowd)."""
    return gathered(tmp_path_factory.mktemp('bench'))


@pytest.fixture
def cookies(crowd):
    """The box, open in this process, and [(person id, cookie)] of a session for each of the first 5,000 people."""
    with opened(crowd.box):
        with db.write('bench'):
            found = [(one.id, sessions.open_session(SYSTEM, one.id, ['password'])[0])
                     for one in Person.select(Person.id).where(Person.kind == 'employee').order_by(Person.id).limit(STREAMS)]
        yield found


@pytest.fixture(scope='session')
def worker(crowd):
    """The same portal, and as a header the cookie of one who worked on 60 days before and works now, after two pauses."""
    with opened(crowd.box):
        person, now = Person.get(Person.login == 'adam.nowak').id, clock.now()
        today = clock.local_date(now, 'Europe/Madrid')
        for back in range(30, 90):
            started = now - timedelta(days=back)
            WorktimeDay.create(person=person, on_date=today - timedelta(days=back), zone='Europe/Madrid', started_at=started, state='closed',
                               ended_at=started + timedelta(hours=8))
        day = WorktimeDay.create(person=person, on_date=today, zone='Europe/Madrid', started_at=now - timedelta(minutes=9), state='opened')
        for minutes in (7, 4):
            WorktimePause.create(day=day, started_at=now - timedelta(minutes=minutes), ended_at=now - timedelta(minutes=minutes - 1))
        access.rebuild('worktime.day')
        token, _row = sessions.open_session(SYSTEM, person, ['password'])
    return Crowd(crowd.box, {'Cookie': f'appliance_session={token}'})


@pytest.fixture(scope='session')
def portal(crowd):
    """`appliance web` over those people."""
    with serving(['appliance', 'web'], crowd.box, log=crowd.box.folder / 'web.log') as server:
        yield server


@pytest.fixture(scope='session')
def branched(tmp_path_factory):
    """A portal with 200 departments more (Crowd)."""
    return gathered(tmp_path_factory.mktemp('branched'), departments=200)


@pytest.fixture(scope='session')
def hello(tmp_path_factory):
    """The bare hello under the same Gunicorn."""
    folder = tmp_path_factory.mktemp('hello')
    box = served_box(folder, 'sqlite:///data/none.db')
    with serving(['tests.bench.hello', str(box.config.path)], box, path='/') as server:
        yield server


@pytest.fixture
def table():
    """Call it with (what, measured, at most, unit) to add a row to the table at the end."""
    return lambda what, measured, most, unit='': ROWS.append((what, measured, most, unit))


def pytest_terminal_summary(terminalreporter):
    """Print the table."""
    if not ROWS:
        return
    terminalreporter.section('figures')
    width = max(len(row[0]) for row in ROWS)
    for what, measured, most, unit in ROWS:
        limit = f'at most {most:g} {unit}'.rstrip() if most is not None else ''
        verdict = '' if most is None else 'well' if measured <= most else 'OVER'
        terminalreporter.write_line(f'{what:<{width}}  {measured:>9.2f} {unit:<4}  {limit:<18} {verdict}')
