"""What pages know of the stream, and what a browser gets that asks now and then instead."""
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.core import clock, config, db, live, live_pages, people, presence
from appliance.core.actor import SYSTEM
from appliance.core.live import LiveEvent
from appliance.identity import sessions
from appliance.web.app import create_app
from tests.counting import queries

REF = 'crm.deal:7'


def tell(company, channels, type='x', **options):
    with db.write('test'):
        live.tell([f'person:{company.ids[one]}' if one in company.ids else one for one in channels], type, **options)


def age_all(hours=1):
    with db.write('test'):
        LiveEvent.update(at=LiveEvent.at - hours * 3_600_000_000).execute()


def ask(browser, **query):
    """(status, [(type, ref, data)], the id to ask from next time)."""
    with browser.get('/live/poll', query_string=query) as answer:
        events = [(one['type'], one['ref'], one['data']) for one in answer.json['events']] if answer.status_code == 200 else []
        return answer.status_code, events, answer.headers.get('Live-After')


def test_what_concerns_a_person_since_he_asked_last(company):
    ana = company.browser('employee')
    status, events, after = ask(ana)
    assert (status, events, after) == (204, [], str(live.bounds()[1]))
    tell(company, ['employee'], 'worktime', ref='worktime.day:7', data={'n': 1})
    tell(company, ['outsider'], 'theirs')
    tell(company, ['everybody'], 'news')
    status, events, after = ask(ana, after=after)
    assert (status, events, after) == (200, [('worktime', 'worktime.day:7', {'n': 1}), ('news', '', None)], str(live.bounds()[1]))
    assert ask(ana, after=after) == (204, [], after)
    tell(company, ['outsider'], 'theirs')
    assert ask(ana, after=after) == (204, [], str(int(after) + 1))
    assert [one[0] for one in ask(company.browser('guest'), after=int(after) - 3)[1]] == []


def test_a_page_that_is_new_hears_what_came_while_it_was_drawn(company):
    ana = company.browser('employee')
    tell(company, ['employee'], 'old')
    age_all()
    tell(company, ['employee'], 'new')
    assert [one[0] for one in ask(ana, age=5000)[1]] == ['new']
    assert ask(ana, age=700_000)[1] == [('reset', '', None)]


@pytest.mark.parametrize('query', [{'after': 'x'}, {'after': '-1'}, {'after': '9' * 18}, {'after': '9' * 40}, {'after': ''}, {'after': '٣'}, {'age': 'x'},
                                   {'age': '9' * 40}, {'after': "1' OR '1'='1"}])
def test_a_hostile_place_is_answered_with_reset(company, query):
    tell(company, ['employee'])
    status, events, after = ask(company.browser('employee'), **query)
    assert (status, events, after) == (200, [('reset', '', None)], str(live.bounds()[1]))


def test_what_the_table_has_lost_is_said(company):
    ana = company.browser('employee')
    for name in ('a', 'b', 'c'):
        tell(company, ['employee'], name)
    first = live.bounds()[0]
    age_all(2)
    with db.write('test'):
        live.forget(clock.now() - timedelta(hours=1))
    assert ask(ana, after=first)[1] == [('reset', '', None)]


def test_a_stranger_is_sent_to_the_login(app, stranger):
    answer = stranger.get('/live/poll')
    assert (answer.status_code, answer.location) == (303, '/login?next=/live/poll')


def test_another_site_learns_nothing(company):
    for headers in ({'Sec-Fetch-Site': 'cross-site'}, {'Sec-Fetch-Site': 'same-site'}, {'Origin': 'http://evil.example'}):
        assert company.browser('employee').get('/live/poll', headers=headers).status_code == 403


def tag_in(page):
    return re.search(r'data-live-tag="([^"]+)"', page)[1]


def test_a_page_names_the_stream_and_its_session(company):
    ana, again, other = company.browser('employee'), company.browser('employee'), company.browser('outsider')
    page = ana.get('/').text
    assert 'data-live="http://127.0.0.1:18102/live"' in page and re.search(r'data-live-worker="/static/dist/live-worker-\w+\.js"', page)
    tags = [tag_in(browser.get('/people').text) for browser in (ana, again, other)]
    assert len(set(tags)) == 3 and tag_in(page) == tags[0]
    assert ask(ana, tag=tags[0])[0] == 204 and ask(ana, tag=tags[1])[0] == 409 and ask(ana, tag='')[0] == 409
    assert 'data-live=' not in ana._client.application.test_client().get('/login', base_url=ana._base).text


@pytest.mark.parametrize(('public', 'address', 'policy'), [
    ('https://portal.example', '/live', ''), ('http://127.0.0.1:18100', 'http://127.0.0.1:9000/live', "; connect-src 'self' http://127.0.0.1:9000/live")])
def test_behind_a_proxy_it_is_at_the_same_address(company, public, address, policy):
    box = company.box.config
    portal = replace(box, server=replace(box.server, public_address=public), live=config.Live('127.0.0.1:9000'))
    client = create_app(portal).test_client()
    token, _row = sessions.open_session(SYSTEM, company.ids['employee'], ['password'])
    client.set_cookie(portal.cookie('session'), token, domain=public.partition('://')[2].partition(':')[0], secure=portal.is_secure)
    answer = client.get('/', base_url=public)
    assert f'data-live="{address}"' in answer.text
    assert answer.headers['Content-Security-Policy'].partition("frame-ancestors 'none'")[2] == policy


def test_a_page_is_heard_by_whom_its_token_names(company):
    ana, after = company.browser('employee'), live.bounds()[1]
    mine, theirs = (live_pages.make_token(company.actor(login), REF) for login in ('employee', 'outsider'))
    tell(company, [f'page:{REF}'], 'deal')
    assert [one[0] for one in ask(ana, after=after, page=mine)[1]] == ['deal']
    assert ask(ana, after=after, page=theirs)[1] == ask(ana, after=after)[1] == ask(ana, after=after, page='x' * 500)[1] == []
    with db.write('test'):
        live_pages.close([REF])
    assert ask(ana, after=after, page=mine)[1] == []
    again = live_pages.make_token(company.actor('employee'), REF)
    assert [one[0] for one in ask(ana, after=after, page=again)[1]] == ['deal']
    with db.write('test'):
        people.raise_epoch(company.ids['employee'])
    assert live_pages.opened([again], company.ids['employee']) == {}


def test_who_polls_is_here_and_it_is_written_once_in_a_while(company):
    ana = company.browser('employee')
    ask(ana)
    assert presence.is_present(company.ids['employee'])
    with queries() as asked:
        ask(ana)
    assert not [text for text in asked if text.startswith('INSERT')] and len(asked) <= 5, asked
