"""What a page costs, in units of a bare hello under the same Gunicorn in the same run; and what the browser loads with it."""
import statistics
import subprocess

import pytest

from appliance.core import comments, db, people
from appliance.web.assets import DIST, manifest
from assets import builder
from tests.bench.load import cpu_a_request
from tests.bench.servers import serving
from tests.boxes import opened

ROUNDS, REQUESTS = 5, 400
PAGES = {
    'people, 50 of 10,000': ('/people', 7),
    'people, a later page': ('/people?after=5000~bruno+number+05003', None),
    'people, a search': ('/people?q=number+0999', None),
    'people, a word that all have': ('/people?q=number', None),
    'a profile': ('/people/3', 7),
    'the structure': ('/people/structure', 7),
    'the people of a department, opened': ('/people/structure/1', 7),
    'the work-time page': ('/worktime', 7),
    'the day': ('/', None),
}
FRAGMENTS = {'/people/structure/1'}
HTMX = {'HX-Request': 'true', 'HX-Request-Type': 'partial'}


@pytest.fixture(scope='module')
def unit(hello):
    """Milliseconds of a hello, measured beside each page again."""
    return lambda: cpu_a_request(hello, '/', 2 * REQUESTS)


@pytest.mark.parametrize('what', PAGES)
def test_page(portal, crowd, unit, table, what):
    path, most = PAGES[what]
    headers = crowd.headers | (HTMX if path in FRAGMENTS else {})
    rounds = [(unit(), cpu_a_request(portal, path, REQUESTS, headers)) for _round in range(ROUNDS)]
    ratio = statistics.median(page / bare for bare, page in rounds)
    table(f'{what} ({statistics.median(page for _bare, page in rounds):.2f} ms, hello {statistics.median(bare for bare, _page in rounds):.2f} ms)',
          ratio, most, 'x')


def test_work_time_in_the_middle_of_a_day(portal, worker, unit, table):
    rounds = [(unit(), cpu_a_request(portal, '/worktime', REQUESTS, worker.headers)) for _round in range(ROUNDS)]
    table(f'the work-time page, a running day and 50 before it ({statistics.median(page for _bare, page in rounds):.2f} ms)',
          statistics.median(page / bare for bare, page in rounds), 7, 'x')


def test_an_object_with_thirty_comments(portal, worker, unit, table):
    with opened(worker.box):
        actor = people.actor_for(people.Person.get(people.Person.login == 'adam.nowak').id, 'bench')
        day = db.row('SELECT max(id) FROM worktime_day WHERE person_id = ?', actor.person_id)[0]
        for number in range(30):
            comments.add_comment(actor, 'worktime.day', day, f'Comment {number}: the **train** was late, @Marta Jiménez\n> signal failure')
    rounds = [(unit(), cpu_a_request(portal, f'/worktime/days/{day}', REQUESTS, worker.headers)) for _round in range(ROUNDS)]
    table(f'a working day with 30 comments ({statistics.median(page for _bare, page in rounds):.2f} ms)', statistics.median(page / bare for bare, page in rounds), 7, 'x')


@pytest.mark.parametrize('what, path, most', [('the structure of 203 departments', '/people/structure', 7), ('the same as a list', '/people/structure?as=list', 7)])
def test_many_departments(branched, unit, table, what, path, most):
    with serving(['appliance', 'web'], branched.box, log=branched.box.folder / 'web.log') as server:
        rounds = [(unit(), cpu_a_request(server, path, REQUESTS, branched.headers)) for _round in range(ROUNDS)]
    table(f'{what} ({statistics.median(page for _bare, page in rounds):.2f} ms)', statistics.median(page / bare for bare, page in rounds), most, 'x')


# Node has brotli, at the level that a server would prepare files with; Python has not.
SIZES = ("const z = require('zlib'), fs = require('fs'); "
         "console.log(process.argv.slice(1).reduce((sum, name) => sum + z.brotliCompressSync(fs.readFileSync(name)).length, 0))")


def test_base_bytes(table):
    files = [str(DIST / manifest()[name]) for name in ('app.css', 'app.js')]
    answer = subprocess.run([builder.node(), '-e', SIZES, *files], capture_output=True, text=True, check=True)
    table('base CSS + JS, brotli', int(answer.stdout) / 1024, 90, 'KiB')
