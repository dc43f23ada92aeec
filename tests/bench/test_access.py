"""Lists in a table of a million rows, for who sees none, a thousand and a hundred thousand of them: in its own order and by title."""
import statistics
import time

import pytest

from appliance.core import access, clock, db, migrations, switch
from appliance.core.actor import SYSTEM
from appliance.core.people import actor_for, add_person
from appliance.core.tool import registry
from appliance.identity import sessions
from tests.bench.load import cpu_a_request
from tests.bench.servers import served_box, serving
from tests.boxes import SqliteTemplate, close, opened
from tests.postgresql import Postgresql

ROWS = 1_000_000
SEES = {'nobody': 0, 'some': 1_000, 'many': 100_000}
ROUNDS, REQUESTS = 3, 200
FIGURES = {('sqlite', True): 7, ('postgresql', True): 12}


def fill(ids):
    """A million notes of somebody else, of which 1,000 and 100,000 are shared with these people."""
    start, batch = clock.microseconds(clock.now()) - ROWS, 20_000
    for first in range(0, ROWS, batch):
        with db.write('bench'):
            numbers = range(first + 1, first + batch + 1)
            notes = ', '.join(f"({number}, {ids['other']}, 'Note {number * 7919 % ROWS:07d}', '', {start + number})" for number in numbers)
            db.database.execute_sql(f'INSERT INTO planted_note (id, person_id, title, shared, created_at) VALUES {notes}')
            seen = [(f"person:{ids['other']}", number, 2) for number in numbers]
            seen += [(f"person:{ids['some']}", number, 1) for number in numbers if number % 1000 == 0]
            seen += [(f"person:{ids['many']}", number, 1) for number in numbers if number % 10 == 0]
            rows = ', '.join(f"('{subject}', {start + number}, {number}, {level})" for subject, number, level in seen)
            db.database.execute_sql(f'INSERT INTO planted_note_access (subject, key, object_id, level) VALUES {rows}')
    db.database.execute_sql('ANALYZE')


@pytest.fixture(scope='module', params=['sqlite', 'postgresql'])
def portal(request, tmp_path_factory):
    """(engine, server, {name: cookie header}) of a portal with those notes."""
    folder = tmp_path_factory.mktemp(f'access-{request.param}')
    if request.param == 'sqlite':
        SqliteTemplate(folder)
        (folder / 'data').mkdir()
        (folder / 'template.db').rename(folder / 'data' / 'portal.db')
        server, url = None, 'sqlite:///data/portal.db'
    else:
        server = Postgresql()
        url = server.url(server.create())
    box = served_box(folder, url, request.param)
    if server:
        close_after_migrating(url)
    with opened(box):
        switch.turn(SYSTEM, 'planted', True)
        switch.load()
        switch.settle(SYSTEM, lambda text: None)
        ids = {name: add_person(SYSTEM, name, name.title()) for name in ('other', *SEES)}
        fill(ids)
        cookies = {name: {'Cookie': f'appliance_session={sessions.open_session(SYSTEM, ids[name], ["password"])[0]}'} for name in SEES}
        actors = {name: actor_for(ids[name], 'bench') for name in SEES}
        rules = next(module for one, module in registry.load('rules') if one.name == 'planted')
        times = {(name, read.__name__): _median_ms(lambda actor=actors[name], read=read: read(actor)) for name in SEES
                 for read in (rules.list_notes, rules.list_by_title)}
        assert {name: access.count(rules.NOTES, actor, ROWS) for name, actor in actors.items()} == SEES
    with serving(['appliance', 'web'], box, log=box.folder / 'web.log') as web:
        yield request.param, web, cookies, times
    if server:
        server.stop()


def close_after_migrating(url):
    """Make the schema of an empty PostgreSQL database."""
    engine = db.open_database(url)
    migrations.migrate()
    close(engine)


def _median_ms(read):
    times = []
    for _time in range(15):
        begun = time.perf_counter()
        read()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


@pytest.mark.parametrize('order', ['', '?order=title'])
@pytest.mark.parametrize('name', SEES)
def test_list(portal, hello, table, name, order):
    engine, web, cookies, times = portal
    rounds = [(cpu_a_request(hello, '/', 2 * REQUESTS), cpu_a_request(web, f'/planted{order}', REQUESTS, cookies[name])) for _round in range(ROUNDS)]
    ratio = statistics.median(page / bare for bare, page in rounds)
    rule_ms = times[name, 'list_by_title' if order else 'list_notes']
    table(f'{engine}: {SEES[name]:,} of 1,000,000, {"by title" if order else "newest"} (the rule alone {rule_ms:.2f} ms)', ratio,
          FIGURES[engine, True], 'x')
