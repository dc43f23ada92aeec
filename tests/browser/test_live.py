"""Open tabs follow what happens: by one stream a browser, by one a tab where there is no SharedWorker, by asking where there is none."""
import contextlib
import sqlite3
import subprocess
import sys
import time

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import log_in
from tests.browser.test_pages import AXE, RUN

WITHOUT_WORKER = 'delete window.SharedWorker'
# What a tab hears, with the moment; `say` takes the place of the worker where there is a false one.
LISTEN = '''() => { window.heard = []; for (const name of ["worktime", "reset"])
    document.body.addEventListener(`live:${name}`, (event) => heard.push([name, event.detail.ref])) }'''
FALSE_WORKER = '''window.SharedWorker = class { constructor() { window.sent = []; this.port = { postMessage: (data) => window.sent.push(data),
    set onmessage(hear) { window.say = (data) => hear({ data }) } } } }'''


@pytest.fixture
def people(portal):
    """Logins of the demo company who are nobody's in other tests; their days are closed afterwards."""
    with contextlib.closing(sqlite3.connect(portal.config.data.folder / 'portal.db', timeout=5)) as rows:
        found = [login for login, in rows.execute("SELECT login FROM person WHERE kind = 'employee' ORDER BY id DESC LIMIT 2")]
    yield found


@pytest.fixture
def tabs(visit, browser, portal, states):
    """`tabs(login, *paths)`: pages of one browser, each with complaints; `init` is a script that runs first in each."""
    contexts = []

    def open_tabs(login, *paths, init=''):
        context = browser.new_context(viewport={'width': 1280, 'height': 800}, locale='en', base_url=portal.address, storage_state=states(login))
        if init:
            context.add_init_script(init)
        contexts.append(context)
        pages = [context.new_page() for _path in paths]
        for page, path in zip(pages, paths, strict=True):
            page.goto(path)
            page.evaluate(LISTEN)
        return pages
    yield open_tabs
    for context in contexts:
        context.close()


def click(page):
    """Do the next step of the day, by its button; what the page says then."""
    state = page.locator('#worktime-card .tag')
    before = state.inner_text()
    page.click('#worktime-first')
    expect(state).not_to_have_text(before)
    return state.inner_text()


def wait_for(page, truth, seconds=3):
    """Wait until an expression is true in a page; the policy forbids the browser to do it by itself."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(truth):
        assert time.monotonic() < deadline, truth
        time.sleep(0.05)


def test_all_tabs_of_a_browser_follow_within_a_second_by_one_stream(tabs, people):
    one, *others = tabs(people[0], '/', '/worktime', '/', '/people', '/settings')     # more than a session may have streams
    time.sleep(1.5)
    for _step in range(3):
        state = click(one)
        begun = time.monotonic()
        for page in others[:2]:
            expect(page.locator('#worktime-card .tag')).to_have_text(state, timeout=3000)
        dot = 1 if state == 'In a pause' else 0
        for page in others:
            expect(page.locator('#worktime-top .worktime-dot-paused')).to_have_count(dot, timeout=3000)
        assert time.monotonic() - begun < 3
    assert all(page.evaluate('heard.length') == 3 for page in others)
    workers = one.context.browser.new_browser_cdp_session().send('Target.getTargets')['targetInfos']
    assert len([target for target in workers if target['type'] == 'shared_worker' and 'live-worker' in target['url']]) == 1
    assert [page.evaluate('document.activeElement.tagName') for page in others] == ['BODY'] * 4


def test_another_browser_of_the_person_follows_too_and_nobody_elses(tabs, people):
    (mine,), (mine_too,), (theirs,) = tabs(people[0], '/'), tabs(people[0], '/'), tabs(people[1], '/')
    time.sleep(1.5)
    expect(mine_too.locator('#worktime-card .tag')).to_have_text(mine.locator('#worktime-card .tag').inner_text())
    state = click(mine)
    expect(mine_too.locator('#worktime-card .tag')).to_have_text(state, timeout=3000)
    assert theirs.evaluate('heard') == []


def test_without_a_shared_worker_each_tab_has_a_stream_and_the_fourth_asks(tabs, people):
    pages = tabs(people[0], '/', '/', '/', '/', init=WITHOUT_WORKER)
    time.sleep(2)
    state = click(pages[0])
    begun = time.monotonic()
    for page in pages[1:]:
        expect(page.locator('#worktime-card .tag')).to_have_text(state, timeout=40_000)
    quick = [page for page in pages if page.evaluate('heard.length') >= 1]
    assert len(quick) == 4 and time.monotonic() - begun < 40


def test_while_the_stream_is_away_tabs_ask_and_then_have_it_again(tabs, people, portal):
    one, two = tabs(people[0], '/', '/')
    time.sleep(1.5)
    portal.stop('live')
    try:
        state = click(one)
        expect(two.locator('#worktime-card .tag')).to_have_text(state, timeout=40_000)
    finally:
        portal.start('live')
    time.sleep(25)      # the longest pause before it is tried again
    state = click(one)
    expect(two.locator('#worktime-card .tag')).to_have_text(state, timeout=3000)
    assert two.evaluate('heard.length') == 2


@pytest.mark.parametrize('init', ['', WITHOUT_WORKER])
def test_a_worker_never_becomes_another_persons(tabs, people, portal, states, init):
    former, = tabs(people[0], '/', init=init)
    if init:        # then only live itself can refuse it
        former.route('**/live/poll?*', lambda route: route.abort())
    time.sleep(1.5)
    former.evaluate('heard.length = 0')     # what came shortly before it was opened
    former.context.clear_cookies()
    former.context.add_cookies(states(people[1])['cookies'])
    theirs = former.context.new_page()
    theirs.goto('/')
    theirs.evaluate(LISTEN)
    portal.stop('live')         # the former's worker has to come again, with the cookie that the browser has now
    portal.start('live')
    time.sleep(8)
    state = click(theirs)
    (elsewhere,) = tabs(people[1], '/')
    expect(elsewhere.locator('#worktime-card .tag')).to_have_text(state)
    click(elsewhere)
    wait_for(theirs, 'heard.length >= 1')
    time.sleep(1)
    assert former.evaluate('heard') == []


def test_a_tab_hears_by_type_and_by_object_and_takes_its_time_when_asked(tabs, people):
    page, = tabs(people[0], '/', init=FALSE_WORKER)
    assert page.evaluate('sent.length') == 1 and page.evaluate('sent[0].tag.length') == 16
    page.evaluate('document.body.addEventListener("live:worktime:worktime.day:7", (event) => heard.push(["exact", event.detail.data.n]))')
    page.evaluate('say({type: "worktime", ref: "worktime.day:7", data: {n: 1}})')
    assert page.evaluate('heard') == [['worktime', 'worktime.day:7'], ['exact', 1]]
    page.evaluate('heard = []; for (let n = 0; n < 50; n++) say({type: "worktime", ref: "", data: null, spread: 1000})')
    at_once = page.evaluate('heard.length')
    wait_for(page, 'heard.length === 50')
    assert at_once < 10
    page.evaluate('''Object.defineProperty(document, "hidden", {value: true, configurable: true}); heard = [];
        for (let n = 0; n < 5; n++) say({type: "worktime", ref: "", data: null, spread: 10}); say({type: "reset", ref: "", data: null})''')
    page.wait_for_timeout(200)
    assert page.evaluate('heard') == [['reset', '']]       # what a crowd hears waits until somebody looks, once
    page.evaluate('Object.defineProperty(document, "hidden", {value: false}); document.dispatchEvent(new Event("visibilitychange"))')
    assert page.evaluate('heard') == [['reset', ''], ['worktime', '']]


def test_a_tab_that_may_have_missed_something_fetches_anew(tabs, people):
    page, = tabs(people[0], '/', init=FALSE_WORKER)
    with page.expect_response('**/worktime/now/**') as answer:
        page.evaluate('say({type: "reset", ref: "", data: null})')
    assert answer.value.status == 204


NOTICE = """import pathlib, sys
from appliance.cli.context import open_all
from appliance.core import config, core_notices, db, notices
open_all(config.load(pathlib.Path(sys.argv[1])))
with db.connected(), db.write('test'):
    notices.put('core.person.promoted', int(sys.argv[2]), {'role': 'portal_admin'})"""


def test_the_bell_counts_without_a_reload(tabs, people, portal):
    one, two, three = *tabs(people[0], '/notices', '/people'), *tabs(people[1], '/')
    time.sleep(1.5)
    with contextlib.closing(sqlite3.connect(portal.config.data.folder / 'portal.db', timeout=5)) as rows:
        person_id, = rows.execute('SELECT id FROM person WHERE login = ?', (people[0],)).fetchone()
    for count in ('1', '2'):
        subprocess.run([sys.executable, '-c', NOTICE, portal.config.path, str(person_id)], check=True)
        for page in (one, two):
            expect(page.locator('.bell .bell-count')).to_have_text(count, timeout=3000)
    two.goto('/notices')
    two.get_by_role('button', name='Mark all as read').click()
    expect(one.locator('.bell .bell-count')).to_have_count(0, timeout=3000)
    expect(three.locator('.bell .bell-count')).to_have_count(0)


def test_the_page_of_a_day_follows_for_its_head(tabs, people, portal):
    mine, = tabs(people[0], '/')
    while click(mine) != 'Working':
        pass
    with contextlib.closing(sqlite3.connect(portal.config.data.folder / 'portal.db', timeout=5)) as rows:
        day_id, head = rows.execute("""SELECT w.id, h.login FROM worktime_day w JOIN person p ON p.id = w.person_id
            JOIN department d ON d.id = p.department_id JOIN person h ON h.id = d.head_id
            WHERE p.login = ? AND w.state = 'opened'""", (people[0],)).fetchone()
    theirs, = tabs(head, f'/worktime/days/{day_id}')
    token = theirs.get_attribute('#worktime-facts', 'data-live-page')
    time.sleep(1.5)
    theirs.evaluate('heard.length = 0')     # what came shortly before it was opened
    before = theirs.locator('#worktime-steps').inner_text()
    for state in ('In a pause', 'Working'):
        assert click(mine) == state
        expect(theirs.locator('#worktime-facts .tag')).to_have_text(state, timeout=3000)
    assert theirs.evaluate('heard') == [['worktime', f'worktime.day:{day_id}']] * 2
    expect(theirs.locator('#worktime-steps')).not_to_have_text(before, use_inner_text=True)
    assert theirs.locator('#worktime-facts, #worktime-steps').count() == 2 and theirs.get_attribute('#worktime-facts', 'data-live-page') != token


def test_nothing_is_asked_by_a_page_without_a_session(visit):
    page = visit()
    page.goto('/login')
    assert page.evaluate('document.body.dataset.live === undefined') and page.complaints == []


@pytest.mark.parametrize(('width', 'scheme'), [(1440, 'light'), (360, 'dark')])
def test_a_dot_is_accessible(portal, visit, width, scheme):
    with contextlib.closing(sqlite3.connect(portal.config.data.folder / 'portal.db', timeout=5)) as rows, rows:
        rows.execute('INSERT INTO presence SELECT id, ? FROM person WHERE true ON CONFLICT (person_id) DO UPDATE SET seen_at = excluded.seen_at',
                     (int((time.time() + 30) * 1e6),))
    page = visit('head', width, scheme)
    for path in ('/', '/people/3'):
        page.goto(path)
        assert page.locator('.face-here').count() >= 1
        page.evaluate(AXE.read_text())
        assert [(one['id'], [node['html'] for node in one['nodes']]) for one in page.evaluate(RUN)] == []
        assert page.evaluate('document.documentElement.scrollWidth - window.innerWidth') <= 0
    assert page.complaints == []


def test_after_the_logout_the_former_tab_is_silent(browser, portal, people):
    context = browser.new_context(locale='en', base_url=portal.address)
    page = context.new_page()
    log_in(page, portal, people[1])
    page.evaluate(LISTEN)
    other = context.new_page()
    other.goto('/')
    other.locator('.shell-top [data-bs-toggle=dropdown]').last.click()
    other.get_by_role('button', name='Log out').click()
    other.wait_for_url('**/login')
    time.sleep(6)
    log_in(other, portal, people[1])
    click(other)
    time.sleep(2)
    assert page.evaluate('heard') == []
    context.close()
