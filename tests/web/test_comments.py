"""Comments on the day's page and in the talk: with and without htmx, for each role, and what nobody should send."""
import re

import pytest

from appliance.core import comments, db, following, likes, listeners, people, photos, settings, storage
from appliance.core.actor import SYSTEM
from appliance.core.comments import Comment, add_comment
from appliance.core.limits import COMMENT_LENGTH
from appliance.core.personal import forgetting
from appliance.tools.worktime import rules
from appliance.web import comments as web_comments
from tests.counting import queries

KIND = 'worktime.day'
HTMX = {'HX-Request': 'true', 'HX-Request-Type': 'partial'}


@pytest.fixture
def day(company):
    """The id of a working day of the demo's employee; the head may see it, nobody else."""
    rules.start_day(company.actor('employee'))
    return db.row('SELECT max(id) FROM worktime_day WHERE person_id = ?', company.ids['employee'])[0]


def name_of(company, login):
    return db.row('SELECT name FROM person WHERE id = ?', company.ids[login])[0]


def show_face(person_id, data):
    large, small = (storage.keep_bytes(data + size).hash for size in (b'large', b'small'))
    with db.write('test'):
        photos.keep(SYSTEM, person_id, large, small)


def post(browser, day, data, page=None, **options):
    return browser.post(f'/comments/{KIND}/{day}', data, page=page or f'/worktime/days/{day}', **options)


def test_saying_something_without_a_script(company, day):
    browser, page = company.browser('employee'), f'/worktime/days/{day}'
    text = browser.get(page).text
    assert 'No comments yet' in text and '/newer/0?' in text and 'data-mentions="/comments/people?on=worktime.day:' in text
    answer = post(browser, day, {'text': f'**Late** train, @{name_of(company, "head")}\r\n> said', 'next': page})
    assert (answer.status_code, answer.location) == (303, f'{page}#comment-1')
    text = company.browser('head').get(page).text
    assert '<strong>Late</strong> train, <a class="comment-person" href="/people/' in text and '<blockquote dir="auto">said</blockquote>' in text
    assert '/comments/1/edit' not in text and '/comments/1/edit' in browser.get(page).text


def test_htmx_gets_the_card_with_what_the_writer_should_know(company, day):
    answer = post(company.browser('employee'), day, {'text': f'@{name_of(company, "outsider")} <b>x'}, headers=HTMX)
    assert answer.status_code == 200 and '<html' not in answer.text and 'class="card comments"' in answer.text
    assert 'was not told: they may not see this.' in answer.text and '&lt;b&gt;x' in answer.text and '<b>x' not in answer.text


def test_what_is_refused_keeps_what_was_typed(company, day):
    browser = company.browser('employee')
    typed = 'x' * (COMMENT_LENGTH + 1)
    for headers in ({}, HTMX):
        answer = post(browser, day, {'text': typed}, headers=headers)
        assert answer.status_code == 422 and typed in answer.text and 'aria-invalid="true"' in answer.text
        assert post(browser, day, {'text': ' '}, headers=headers).status_code == 422
        assert post(browser, day, {'text': 'x', 'quote': 'y'}, headers=headers).status_code == 422
        assert post(browser, day, {'text': 'x', 'quote': '99'}, headers=headers).status_code == 404
        assert post(browser, day, {'text': 'x', 'person': '1'}, headers=headers).status_code == 422
    assert Comment.select().count() == 0


def test_editing_deleting_and_taking_back(company, day):
    browser, page = company.browser('employee'), f'/worktime/days/{day}'
    post(browser, day, {'text': f'first @{name_of(company, "head")}'})
    text = browser.get('/comments/1/edit').text
    assert f'first @{name_of(company, "head")}</textarea>' in text
    assert browser.post('/comments/1/edit', {'text': 'second', 'next': page}, page='/comments/1/edit').location == f'{page}#comment-1'
    text = browser.get(page).text
    assert 'second' in text and 'edited</a>' in text
    assert 'first' in browser.get('/history/core.comment/1').text
    assert browser.post('/comments/1/edit', {'text': 'third'}, page='/comments/1/edit', headers=HTMX).text.lstrip().startswith('<li class="comment"')
    assert 'third' in browser.get('/comments/1/row', headers=HTMX).text
    assert 'Take it back' in browser.post('/comments/1/removal', page=page, headers=HTMX).text
    assert browser.get('/comments/1').status_code == 404 and 'third' in browser.get('/trash').text
    assert 'third' in browser.post('/comments/1/restoring', page=page, headers=HTMX).text
    browser.post('/comments/1/removal', page=page)
    assert browser.post('/trash/2/restoring', page='/trash').status_code == 303 and 'third' in browser.get(page).text
    browser.post('/comments/1/removal', page=page)
    assert browser.post('/trash/3/erasing', page='/trash').status_code == 303 and Comment.select().count() == 0


def test_who_may_what(company, day):
    add_comment(company.actor('employee'), KIND, day, 'secret')
    head = company.browser('head')
    assert 'secret' in head.get(f'/comments/{KIND}/{day}').text and head.get('/comments/1/edit').status_code == 403
    assert head.post('/comments/1/removal', page='/').status_code == 403
    for role in ('outsider', 'guest', 'administrator'):
        browser = company.browser(role)
        for path in (f'/comments/{KIND}/{day}', '/comments/1', '/comments/1/edit', '/comments/1/row', f'/comments/{KIND}/{day}/composer',
                     f'/comments/people?on={KIND}:{day}', f'/likes/{KIND}/{day}', '/likes/core.comment/1', '/history/core.comment/1', f'/history/{KIND}/{day}'):
            assert browser.get(path).status_code == 404, (role, path)
        for path in (f'/comments/{KIND}/{day}', '/comments/1/edit', '/comments/1/removal', '/comments/1/restoring', f'/comments/{KIND}/{day}/following',
                     f'/likes/{KIND}/{day}', '/likes/core.comment/1', '/trash/1/restoring', '/trash/1/erasing'):
            assert browser.post(path, page='/').status_code == 404, (role, path)
    assert Comment.get().text == 'secret'


def test_addresses_of_nothing(company, day):
    browser = company.browser('employee')
    for path in ('/comments/99', '/comments/0', '/comments/' + '9' * 30, '/comments/planted.note/1', '/comments/core.person/1', '/comments/x/1',
                 '/comments/people', '/comments/people?on=x', '/comments/people?on=core.person:1', '/likes/core.person/1', '/history/core.person/999999',
                 f'/comments/{KIND}/{day}?quote=99'):
        assert browser.get(path).status_code == 404, path
    assert browser.get(f'/history/core.person/{company.ids["head"]}').status_code == 403     # seen, but what changed there is not
    for path in (f'/comments/{KIND}/{day}?before=x', f'/comments/{KIND}/{day}?before=-1', f'/comments/{KIND}/{day}?quote=x', '/trash?older=x',
                 f'/likes/{KIND}/{day}?older=%00'):
        assert browser.get(path).status_code == 422, path


def test_quoting(company, day):
    add_comment(company.actor('employee'), KIND, day, 'the <first>')
    browser = company.browser('head')
    composer = browser.get(f'/comments/{KIND}/{day}/composer?quote=1', headers=HTMX).text
    assert 'name="quote" value="1"' in composer and 'the &lt;first&gt;' in composer and ' autofocus' in composer
    assert 'name="quote" value="1"' in browser.get(f'/comments/{KIND}/{day}?quote=1').text
    assert post(browser, day, {'text': 'answer', 'quote': '1'}).status_code == 303
    assert 'class="comment-quote"' in browser.get(f'/worktime/days/{day}').text
    company.browser('employee').post('/comments/1/removal', page=f'/worktime/days/{day}')
    text = browser.get(f'/worktime/days/{day}').text
    assert 'A comment that was deleted.' in text and 'the &lt;first' not in text


def test_what_was_drawn_before_is_never_shown_where_anything_differs(company, day):
    """After each change both see what would be drawn anew, and each other's buttons and forms nowhere."""
    employee, head = company.actor('employee'), company.actor('head')
    first = add_comment(employee, KIND, day, f'Hello @{name_of(company, "head")}')['id']
    add_comment(head, KIND, day, 'Why?', first)

    def talk_of(role):
        text = company.browser(role).get(f'/comments/{KIND}/{day}').text
        assert len(set(re.findall(r'[0-9a-f]{16}\.[0-9a-f]{32}', text))) == 1 and '\x01' not in text and '\x02' not in text
        talk = text[text.index('class="card comments"'):text.index('</section>')]
        return re.sub(r'name="request_key" value="[\w-]{22}"', 'key', re.sub(r'[0-9a-f]{16}\.[0-9a-f]{32}', 'token', talk))

    seen = set()
    for change in (lambda: None, lambda: comments.edit_comment(employee, first, f'Good day @{name_of(company, "head")}'), lambda: likes.like(head, 'core.comment', first),
                   lambda: likes.like(employee, 'core.comment', first), lambda: likes.like(head, 'core.comment', first, False),
                   lambda: people.update_person(SYSTEM, company.ids['head'], name='Renamed'), lambda: people.update_person(SYSTEM, company.ids['employee'], name='Also renamed'),
                   lambda: people.update_person(SYSTEM, company.ids['employee'], language='es'), lambda: people.update_person(SYSTEM, company.ids['employee'], language='en'),
                   lambda: people.update_person(SYSTEM, company.ids['head'], zone='Asia/Tokyo'), lambda: settings.set_setting(SYSTEM, 'likes.label', 'Bravo'),
                   lambda: likes.like(head, KIND, day), lambda: following.follow(head, KIND, day, False), lambda: following.follow(head, KIND, day, True),
                   lambda: show_face(company.ids['employee'], b'a face'), lambda: show_face(company.ids['employee'], b'another'),
                   lambda: comments.delete_comment(employee, first), lambda: comments.restore_comment(employee, first)):
        change()
        kept = {role: talk_of(role) for role in ('employee', 'head')}
        web_comments._talks.clear()
        assert kept == {role: talk_of(role) for role in ('employee', 'head')} and kept['employee'] != kept['head']
        seen |= set(kept.values())
    assert len(seen) > 25


def test_who_is_forgotten_is_named_in_no_talk_that_was_drawn_before(company, day):
    head = company.ids['head']
    add_comment(company.actor('head'), KIND, day, 'I said so.')
    browser = company.browser('employee')
    before = browser.get(f'/worktime/days/{day}').text
    name = name_of(company, 'head')
    assert f'>{name}<' in before
    forgetting.forget(SYSTEM, head)
    after = browser.get(f'/worktime/days/{day}').text
    assert 'I said so.' in after and name not in after[after.index('class="card comments"'):]
    assert db.row("SELECT count(*) FROM search_document WHERE kind = 'core.comment'")[0] == 1
    assert not db.rows('SELECT 1 FROM search_document WHERE words LIKE ?', f'%{name.split()[0].lower()}%')


def test_a_talk_that_changes_while_it_is_drawn_is_not_kept_as_it_was_before(company, day, monkeypatch):
    """Between looking whether a talk is kept and reading it a comment goes; once it is back, both are shown."""
    employee, read = company.actor('employee'), comments.unfolded
    first, _second = (add_comment(employee, KIND, day, text)['id'] for text in ('the first', 'the second'))
    web_comments._talks.clear()

    def meanwhile(*args):
        comments.delete_comment(employee, first)
        return read(*args)
    browser = company.browser('head')
    with monkeypatch.context() as patched:
        patched.setattr(comments, 'unfolded', meanwhile)
        assert 'the first' not in browser.get(f'/worktime/days/{day}').text
    comments.restore_comment(employee, first)
    assert 'the first' in browser.get(f'/worktime/days/{day}').text


def test_a_long_talk_comes_page_by_page(company, day):
    for number in range(70):
        add_comment(company.actor('employee'), KIND, day, f'number {number}.')
    browser, page = company.browser('head'), f'/worktime/days/{day}'
    text = browser.get(page).text
    assert 'number 69.' in text and 'number 40.' in text and 'number 39.' not in text
    earlier = browser.get(f'/comments/{KIND}/{day}?before=41', headers=HTMX).text
    assert 'number 39.' in earlier and 'number 10.' in earlier and '<html' not in earlier and '?before=11' in earlier
    first = browser.get(f'/comments/{KIND}/{day}?before=11').text
    assert 'number 0.' in first and 'Earlier comments' not in first
    assert browser.get('/comments/70').location == f'{page}#comment-70'
    assert browser.get('/comments/3').location == f'/comments/{KIND}/{day}?before=4#comment-3'


def test_the_page_asks_little(company, day):
    employee, head = company.actor('employee'), company.actor('head')
    for number in range(40):
        add_comment(employee if number % 2 else head, KIND, day, f'@{name_of(company, "head")} {number}', number or None)
    for path in (f'/worktime/days/{day}', f'/comments/{KIND}/{day}', '/comments/40', f'/comments/people?on={KIND}:{day}&q=a', f'/likes/{KIND}/{day}',
                 f'/history/{KIND}/{day}', '/trash'):
        for login in ('employee', 'head'):
            browser = company.browser(login)
            browser.get(path)
            with queries() as asked:
                assert browser.get(path).status_code in (200, 303)
            assert len(asked) <= 8, f'{login} {path}: {len(asked)}\n' + '\n'.join(asked)


def test_following_by_a_button(company, day):
    browser, path = company.browser('head'), f'/comments/{KIND}/{day}/following'
    assert 'aria-pressed="true"' in browser.post(path, {'is_on': 'y'}, page=f'/worktime/days/{day}', headers=HTMX).text
    add_comment(company.actor('employee'), KIND, day, 'x')
    while listeners.deliver():
        pass
    assert 'commented' in browser.get('/notices').text
    assert browser.post(path, page='/').status_code == 303
    assert 'aria-pressed="false"' in browser.post(path, page='/', headers=HTMX).text


def test_liking_is_what_the_button_says(company, day):
    head, page = company.browser('head'), f'/worktime/days/{day}'
    for _click in range(2):
        text = head.post(f'/likes/{KIND}/{day}', {'is_liked': 'y'}, page=page, headers=HTMX).text
        assert 'aria-pressed="true"' in text and '1 person likes it' in text
    company.browser('employee').post(f'/likes/{KIND}/{day}', {'is_liked': 'y', 'next': page}, page=page)
    who = head.get(f'/likes/{KIND}/{day}').text
    assert name_of(company, 'head') in who and name_of(company, 'employee') in who
    for _click in range(2):
        assert 'aria-pressed="false"' in head.post(f'/likes/{KIND}/{day}', page=page, headers=HTMX).text
    settings.set_setting(SYSTEM, 'likes.label', 'Bravo <b>')
    assert 'Bravo &lt;b&gt;' in head.get(page).text


def test_people_are_offered_who_see_the_object(company, day):
    browser = company.browser('employee')
    text = browser.get(f'/comments/people?on={KIND}:{day}&q={name_of(company, "head")[:3]}').text
    assert f'data-mention="@{name_of(company, "head")}"' in text
    assert 'role="option"' not in browser.get(f'/comments/people?on={KIND}:{day}&q={name_of(company, "outsider")}').text
    for typed in ('%', '_', '%00', '@' * 50, 'x' * 5000, '<b>', '!'):
        assert browser.get(f'/comments/people?on={KIND}:{day}&q={typed}').status_code == 200


def test_a_comment_is_found_and_leads_to_its_place(company, day):
    add_comment(company.actor('employee'), KIND, day, 'The zebra crossing was closed')
    assert 'href="/comments/1"' in company.browser('head').get('/search?q=zebra').text
    assert 'href="/comments/1"' not in company.browser('administrator').get('/search?q=zebra').text
    assert comments.is_near_the_end(comments.access_comment(company.actor('head'), 1))


def test_a_stranger_is_sent_to_the_login(company, day, stranger):
    for path in (f'/comments/{KIND}/{day}', '/trash', f'/likes/{KIND}/{day}'):
        answer = stranger.get(path)
        assert answer.status_code == 303 and '/login' in answer.location


def test_a_page_that_hears_of_it_fetches_what_is_new(company, day):
    add_comment(company.actor('employee'), KIND, day, 'one')
    browser = company.browser('head')
    assert f'/comments/{KIND}/{day}/newer/1?' in browser.get(f'/worktime/days/{day}').text
    assert db.row("SELECT channel, type, ref FROM live_event WHERE type = 'comments'") == (f'page:{KIND}:{day}', 'comments', f'{KIND}:{day}')
    assert 'class="comment"' not in browser.get(f'/comments/{KIND}/{day}/newer/1', headers=HTMX).text
    add_comment(company.actor('employee'), KIND, day, 'two')
    text = browser.get(f'/comments/{KIND}/{day}/newer/1', headers=HTMX).text
    assert 'two' in text and 'one' not in text and '/newer/2?' in text
    for _number in range(40):
        add_comment(company.actor('employee'), KIND, day, 'more')
    assert browser.get(f'/comments/{KIND}/{day}/newer/1', headers=HTMX).headers['HX-Refresh'] == 'true'
    for role in ('outsider', 'guest', 'administrator'):
        assert company.browser(role).get(f'/comments/{KIND}/{day}/newer/0').status_code == 404
