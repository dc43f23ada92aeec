"""Search in a million documents with rights: for who sees none, a thousand and a hundred thousand of them, by a rare and the commonest word."""
import statistics
import time

import pytest

from appliance.core import access, clock, db, migrations, search, switch
from appliance.core.actor import SYSTEM
from appliance.core.people import actor_for, add_person
from appliance.identity import sessions
from tests.bench.load import cpu_a_request
from tests.bench.servers import served_box, serving
from tests.boxes import SqliteTemplate, close, opened
from tests.postgresql import Postgresql

ROWS, BATCH = 1_000_000, 10_000
SEES = {'nobody': 0, 'some': 1_000, 'many': 100_000}
QUESTIONS = {'the commonest word': 'note', 'a rare word': 'w0123456', 'two words, by beginnings': 'not w01234'}
ROUNDS, REQUESTS = 3, 120


def fill(ids):
    """A million notes of somebody else, with their access rows and documents, of which some are shared with these people."""
    start = clock.microseconds(clock.now()) - ROWS
    subjects = {name: f'person:{ids[name]}' for name in ids}
    for first in range(1, ROWS + 1, BATCH):
        numbers = range(first, first + BATCH)
        seen = {number: [subjects['other'], *([subjects['some']] if number % 1000 == 0 else []), *([subjects['many']] if number % 10 == 0 else [])]
                for number in numbers}
        with db.write('bench'):
            _insert('planted_note (id, person_id, title, shared, created_at)',
                    [(number, ids['other'], f'Note w{number * 7919 % ROWS:07d}', '', start + number) for number in numbers])
            _insert('planted_note_access (subject, key, object_id, level)',
                    [(one, start + number, number, 1) for number in numbers for one in seen[number]])
            documents = [(number, 'planted.note', number, f'Note w{number * 7919 % ROWS:07d}', '', f'note w{number * 7919 % ROWS:07d}',
                          f'note w{number * 7919 % ROWS:07d}', ' '.join(sorted([*(one.replace(':', '') for one in seen[number]), 'allofplantednote'])),
                          start + number) for number in numbers]
            _insert('search_document (id, kind, object_id, title, line, title_words, words, audience, at)', documents)
            if db.is_sqlite():
                _insert('search_fts (rowid, words, audience)', [(one[0], one[6], one[7]) for one in documents])
            else:
                db.database.execute_sql(f'''INSERT INTO search_vector SELECT id, array_to_tsvector((SELECT array_agg(DISTINCT '<' || left(word, n)) FROM unnest(string_to_array(words, ' ')) word, generate_series(1, 6) n) ||
                    (SELECT array_agg('@' || one) FROM unnest(string_to_array(audience, ' ')) one)) FROM search_document WHERE id >= {first}''')
    db.database.execute_sql('ANALYZE')


def _insert(into, rows):
    for start in range(0, len(rows), 2000):
        values = ', '.join('(' + ', '.join(f"'{value}'" if isinstance(value, str) else str(value) for value in row) + ')' for row in rows[start:start + 2000])
        db.database.execute_sql(f'INSERT INTO {into} VALUES {values}')


@pytest.fixture(scope='module', params=['sqlite', 'postgresql'])
def portal(request, tmp_path_factory):
    """(engine, server, {name: cookie header}, {(name, question): ms}) of a portal with those documents."""
    folder, server, url = tmp_path_factory.mktemp(f'search-{request.param}'), None, 'sqlite:///data/portal.db'
    if request.param == 'sqlite':
        SqliteTemplate(folder)
        (folder / 'data').mkdir()
        (folder / 'template.db').rename(folder / 'data' / 'portal.db')
    else:
        server = Postgresql()
        url = server.url(server.create())
        engine = db.open_database(url)
        migrations.migrate()
        close(engine)
    box = served_box(folder, url, request.param)
    with opened(box):
        switch.turn(SYSTEM, 'planted', True)
        switch.load()
        switch.settle(SYSTEM, lambda text: None)
        ids = {name: add_person(SYSTEM, name, name.title()) for name in ('other', *SEES)}
        db.database.execute_sql('DELETE FROM search_document')
        db.database.execute_sql("INSERT INTO search_fts (search_fts) VALUES ('delete-all')" if db.is_sqlite() else 'DELETE FROM search_vector')
        fill(ids)
        cookies = {name: {'Cookie': f'appliance_session={sessions.open_session(SYSTEM, ids[name], ["password"])[0]}'} for name in SEES}
        actors = {name: actor_for(ids[name], 'bench') for name in SEES}
        assert len(search.find(actors['many'], 'note')['hits']) == 20 and not search.find(actors['nobody'], 'note')['hits']
        assert access.count(access.kinds()['planted.note'], actors['some'], ROWS) == 1000
        times = {(name, question): _median_ms(lambda actor=actors[name], text=text: search.find(actor, text)) for name in SEES
                 for question, text in QUESTIONS.items()}
    with serving(['appliance', 'web'], box, log=box.folder / 'web.log') as web:
        yield request.param, web, cookies, times
    if server:
        server.stop()


def _median_ms(read):
    times = []
    for _time in range(9):
        begun = time.perf_counter()
        read()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


@pytest.mark.parametrize('question', QUESTIONS)
@pytest.mark.parametrize('name', SEES)
def test_search(portal, hello, table, name, question):
    engine, web, cookies, times = portal
    path = f'/search?q={QUESTIONS[question].replace(" ", "+")}'
    rounds = [(cpu_a_request(hello, '/', 2 * REQUESTS), cpu_a_request(web, path, REQUESTS, cookies[name])) for _round in range(ROUNDS)]
    table(f'{engine}: {question}, {SEES[name]:,} of 1,000,000 visible (the rule alone {times[name, question]:.2f} ms)',
          statistics.median(page / bare for bare, page in rounds), 10 if engine == 'sqlite' else None, 'x')
