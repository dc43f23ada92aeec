"""Comments: who reads, writes, changes and deletes them; mentions, quotes, notices, search; what nobody should send."""
import time

import pytest
import time_machine

from appliance.core import audit, clock, comments, db, likes, markup, notices, people, refs, search, settings, trash
from appliance.core.actor import SYSTEM
from appliance.core.comments import Comment, add_comment, delete_comment, edit_comment, restore_comment
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.limits import COMMENT_LENGTH, COMMENTS_SHOWN
from tests.core.shared.conftest import turn

KIND = 'planted.note'


def said(actor, note, **options):
    return [one['text'] for one in comments.comments_of(actor, KIND, note, **options)['comments']]


def found(actor, words):
    return [one['object_id'] for one in search.find(actor, words)['hits'] if one['kind'] == 'core.comment']


def test_who_sees_the_object_reads_and_writes(staff, note):
    one = add_comment(staff('ben'), KIND, note, ' First \r\nline ')
    assert one == {'id': one['id'], 'untold': [], 'unclear': []}
    assert said(staff('ana'), note) == [' First\nline'] == said(staff('ben'), note)
    shown = comments.comments_of(staff('ana'), KIND, note)['comments'][0]
    assert shown['person']['name'] == 'Ben Núñez' and not shown['may_edit'] and shown['may_delete'] and shown['quote'] is None
    for name in ('eva', 'gus', 'root'):
        for wrong in (lambda a: said(a, note), lambda a: add_comment(a, KIND, note, 'x'), lambda a: edit_comment(a, one['id'], 'x'),
                      lambda a: delete_comment(a, one['id']), lambda a: add_comment(a, KIND, note, 'x', one['id'])):
            with pytest.raises(NotFound):
                wrong(staff(name))
    assert [row['what'] for row in audit.listing(what='core.comment')['rows']] == ['core.comment.added']


def test_only_the_writer_edits_and_the_owner_may_delete(notes, staff, note):
    one = add_comment(staff('ben'), KIND, note, 'mine')['id']
    with pytest.raises(NotAllowed):
        edit_comment(staff('ana'), one, 'hers')
    notes.share_note(staff('ana'), note, 'everybody')
    with pytest.raises(NotAllowed):
        delete_comment(staff('eva'), one)
    edit_comment(staff('ben'), one, 'better')
    shown = comments.comments_of(staff('ben'), KIND, note)['comments'][0]
    assert shown['text'] == 'better' and shown['edited_at'] and shown['may_edit']
    delete_comment(staff('ana'), one)
    assert said(staff('ben'), note) == []
    with pytest.raises(NotFound):
        restore_comment(staff('ben'), one)      # it lies in the trash of who deleted it
    restore_comment(staff('ana'), one)
    assert said(staff('ben'), note) == ['better']


def test_a_tool_that_is_off_has_no_comments_and_gives_them_back(staff, note):
    one = add_comment(staff('ben'), KIND, note, 'zebra')['id']
    turn(False)
    for wrong in (lambda: said(staff('ben'), note), lambda: add_comment(staff('ben'), KIND, note, 'x'), lambda: comments.access_comment(staff('ben'), one),
                  lambda: likes.like(staff('ben'), KIND, note), lambda: edit_comment(staff('ben'), one, 'x')):
        with pytest.raises(NotFound):
            wrong()
    assert found(staff('ben'), 'zebra') == []
    search.rebuild('core.comment')
    turn(True)
    assert said(staff('ben'), note) == ['zebra'] and found(staff('ben'), 'zebra') == [one]


def test_mentions_become_people_and_are_told_once(staff, note, hear, told):
    add_comment(staff('ana'), KIND, note, 'Look, @Ben Núñez, and @ben nunez!')
    text = Comment.get().text
    assert markup.mentioned(text) == [staff('ben').person_id] and text.startswith('Look, \ue000') and text.endswith('\ue001!')
    hear()
    assert told(staff('ben')) == ['Ana Núñez mentioned you: Note 1'] and told(staff('ana')) == []
    edit_comment(staff('ana'), Comment.get().id, 'Once more: @Ben Núñez')
    hear()
    assert notices.unread_count(staff('ben')) == 1
    assert notices.listing(staff('ben'))['notices'][0]['url'] == f'/comments/{Comment.get().id}'


def test_who_may_not_see_it_is_named_and_not_told(staff, note, hear, told):
    answer = add_comment(staff('ana'), KIND, note, '@Eva Núñez @Gus Partner @Ben Núñez')
    assert answer['untold'] == ['Eva Núñez', 'Gus Partner'] and answer['unclear'] == []
    hear()
    assert told(staff('eva')) == [] == told(staff('gus')) and len(told(staff('ben'))) == 1
    # One whom the writer does not see is not even a person to him.
    assert add_comment(staff('ben'), KIND, note, '@Gus Partner')['untold'] == [] and not markup.mentioned(said(staff('ben'), note)[-1])


def test_two_of_one_name_are_asked_about(staff, note):
    twin = people.add_person(SYSTEM, 'ben2', 'Ben Núñez')
    answer = add_comment(staff('ana'), KIND, note, f'@Ben Núñez and @Ben Núñez#{twin}, @Ben Núñez#999')
    assert answer['unclear'] == ['Ben Núñez'] and markup.mentioned(Comment.get().text) == [twin]
    from appliance.core import mentions     # slow: only here
    assert mentions.as_typed(Comment.get().text).count(f'@Ben Núñez#{twin}') == 1


@pytest.mark.parametrize('typed', ['ben@Ben Núñez', '@@Ben Núñez', '@', '@ Ben Núñez', '@Ben', '@Ben\nNúñez', '\ue0001\ue001', '@#1', '@' * 500, '#1'])
def test_what_only_looks_like_a_mention(staff, note, typed):
    add_comment(staff('ana'), KIND, note, f'x {typed}')
    assert markup.mentioned(Comment.get().text) == []


def test_at_most_twenty_are_mentioned(staff, note):
    for number in range(21):
        people.add_person(SYSTEM, f'n{number}', f'Number {number}')
    with pytest.raises(Invalid):
        add_comment(staff('ana'), KIND, note, ' '.join(f'@Number {number}' for number in range(21)))


def test_quotes_are_of_the_same_object_and_as_it_is_now(notes, staff, note):
    first = add_comment(staff('ana'), KIND, note, 'the first')['id']
    second = add_comment(staff('ben'), KIND, note, 'yes', first)['id']
    other = notes.add_note(staff('ana'), 'Another', 'everybody')
    with pytest.raises(NotFound):
        add_comment(staff('ana'), KIND, other, 'x', first)
    for wrong in (0, -1, 10**18, 99):
        with pytest.raises(NotFound):
            add_comment(staff('ana'), KIND, note, 'x', wrong)
    quote = comments.comments_of(staff('ana'), KIND, note)['comments'][1]['quote']
    assert (quote['id'], quote['name'], quote['text']) == (first, 'Ana Núñez', 'the first')
    delete_comment(staff('ana'), first)
    assert comments.comments_of(staff('ana'), KIND, note)['comments'][0]['quote']['text'] is None
    comments.erase_comment(staff('ana'), first)
    assert comments.comments_of(staff('ana'), KIND, note)['comments'][0]['quote'] is None and Comment.get().id == second


def test_owner_followers_and_who_said_no(staff, note, hear, told):
    from appliance.core import following    # slow: only here
    add_comment(staff('ben'), KIND, note, 'one')
    hear()
    assert told(staff('ana')) == ['Ben Núñez commented: Note 1'] and told(staff('ben')) == []
    add_comment(staff('ana'), KIND, note, 'two')
    hear()
    assert told(staff('ben')) == ['Ana Núñez commented: Note 1']        # he commented, so he follows
    following.follow(staff('ben'), KIND, note, False)
    following.follow(staff('ana'), KIND, note, False)
    add_comment(staff('ana'), KIND, note, 'three')
    add_comment(staff('ben'), KIND, note, 'four')
    hear()
    assert [notices.listing(staff(name))['notices'][0]['count'] for name in ('ana', 'ben')] == [1, 1]
    with pytest.raises(NotFound):
        following.follow(staff('eva'), KIND, note, True)


def test_who_does_not_see_it_any_more_is_told_nothing(notes, staff, note, hear, told):
    add_comment(staff('ben'), KIND, note, 'mine')
    notes.share_note(staff('ana'), note, '')
    add_comment(staff('ana'), KIND, note, 'alone @Ben Núñez')
    hear()
    assert told(staff('ben')) == []
    # And what he was told before is gone with his sight of it.
    notes.share_note(staff('ana'), note, 'everybody')
    add_comment(staff('ana'), KIND, note, 'again @Ben Núñez')
    hear()
    assert len(told(staff('ben'))) == 1
    notes.share_note(staff('ana'), note, '')
    assert told(staff('ben')) == []


def test_no_mail_tells_of_what_one_may_not_see_any_more(notes, staff, note, hear):
    with time_machine.travel('2026-11-26 10:00', tick=False) as moving:
        for name in ('ben', 'ana'):
            add_comment(staff(name), KIND, note, f'x @{"Ana" if name == "ben" else "Ben"} Núñez')
        hear()
        notes.share_note(staff('ana'), note, '')
        moving.shift(3600)
        with db.write('test'):
            assert notices.mail_unread(SYSTEM) == 1
    assert [one for one, in db.rows('SELECT person_id FROM outbox')] == [staff('ana').person_id] and notices.next_mail_due() is None


def test_who_is_searched_comes_before_what_he_wrote(notes, staff, note):
    for number in range(3):
        add_comment(staff('ana'), KIND, note, f'Word {number}')
    hits = search.find(staff('ben'), 'ana nun')['hits']
    assert [one['kind'] for one in hits] == ['core.person', *['core.comment'] * 3]


def test_the_search_finds_them_by_the_rights_of_their_object(notes, staff, note):
    one = add_comment(staff('ben'), KIND, note, 'Zebra and @Ana Núñez')['id']
    assert found(staff('ana'), 'zebra') == [one] == found(staff('ben'), 'ana zeb') and found(staff('eva'), 'zebra') == []
    notes.share_note(staff('ana'), note, 'everybody')
    assert found(staff('eva'), 'zebra') == [one]
    notes.share_note(staff('ana'), note, '')
    assert found(staff('eva'), 'zebra') == [] == found(staff('ben'), 'zebra')
    edit_comment_as_owner = add_comment(staff('ana'), KIND, note, 'quagga')['id']
    edit_comment(staff('ana'), edit_comment_as_owner, 'okapi')
    assert found(staff('ana'), 'quagga') == [] and found(staff('ana'), 'okapi') == [edit_comment_as_owner]
    delete_comment(staff('ana'), edit_comment_as_owner)
    assert found(staff('ana'), 'okapi') == []
    restore_comment(staff('ana'), edit_comment_as_owner)
    assert found(staff('ana'), 'okapi') == [edit_comment_as_owner]
    search.rebuild('core.comment')
    assert found(staff('ana'), 'okapi') == [edit_comment_as_owner] and found(staff('ana'), 'zebra') == [one]


def test_a_long_talk_follows_bit_by_bit(notes, staff, note, hear, monkeypatch):
    from appliance.core import comments_search      # slow: only here
    monkeypatch.setattr(comments_search, 'AT_ONCE', 3)
    made = [add_comment(staff('ben'), KIND, note, 'zebra')['id'] for _time in range(8)]
    notes.share_note(staff('ana'), note, 'everybody')
    assert sorted(found(staff('eva'), 'zebra')) == made[-3:]
    hear()
    assert sorted(found(staff('eva'), 'zebra')) == made
    notes.share_note(staff('ana'), note, '')        # what has not followed yet is confirmed by the access rows
    assert found(staff('eva'), 'zebra') == []


@pytest.mark.slow
def test_ten_thousand_come_by_pages(staff, note):
    with db.write('test'):
        for start in range(0, 10_000, 100):
            Comment.insert_many([{'kind': KIND, 'object_id': note, 'person': staff('ana').person_id, 'text': str(number), 'at': clock.now()}
                                 for number in range(start, start + 100)]).execute()
    seen, before = [], None
    began = time.monotonic()
    for _page in range(4):
        page = comments.comments_of(staff('ben'), KIND, note, before)
        seen, before = [one['text'] for one in page['comments']] + seen, page['before']
    assert seen == [str(number) for number in range(10_000 - 4 * COMMENTS_SHOWN, 10_000)] and time.monotonic() - began < 5
    first = comments.comments_of(staff('ben'), KIND, note, Comment.select().order_by(Comment.id).offset(5).first().id)
    assert [one['text'] for one in first['comments']] == ['0', '1', '2', '3', '4'] and first['before'] is None


@pytest.mark.parametrize('text', ['', '   ', '\n\n', '\0', '\u202e', '\ue000', '>', '```', '***', None, 7, ['x'], 'x' * (COMMENT_LENGTH + 1), 'x' * 10**6])
def test_what_is_no_comment(staff, note, text):
    with pytest.raises(Invalid) as refused:
        add_comment(staff('ana'), KIND, note, text)
    assert refused.value.field == 'text' and Comment.select().count() == 0


@pytest.mark.parametrize('text', ['<script>alert(1)</script>', 'שלום \u200fworld\u200e', 'exe\u202efdp.txt', '🦤' * 500, 'a\0b', '\ud800x', "'; DROP TABLE comment; --"])
def test_hostile_text_is_only_text(staff, note, text):
    add_comment(staff('ana'), KIND, note, text)
    kept = said(staff('ben'), note)[0]
    assert kept and not set(kept) & set('\0\u202e\ud800') and ('\u200f' in kept) == ('\u200f' in text)


@pytest.mark.parametrize(('kind', 'object_id'), [('planted.note', 99), ('planted.note', 0), ('planted.note', -1), ('planted.note', 10**30), ('core.person', 1),
                                                 ('core.comment', 1), ('core.nothing', 1), ('', 1), ('planted.note;', 1), ('worktime.day', 1)])
def test_what_cannot_be_commented_on(staff, note, kind, object_id):
    add_comment(staff('ana'), KIND, note, 'x')
    with pytest.raises(NotFound):
        add_comment(staff('ana'), kind, object_id, 'x')


def test_twice_by_a_request_key_is_once(staff, note):
    answers = [add_comment(staff('ana'), KIND, note, 'x', request_key='a key of the tests') for _time in range(2)]
    assert answers[0] == answers[1] and Comment.select().count() == 1
    with pytest.raises(Conflict):
        add_comment(staff('ana'), KIND, note, 'y', request_key='a key of the tests')


def test_deleted_ones_lie_in_the_trash_until_their_time(staff, note, run_due):
    settings.set_setting(SYSTEM, 'trash.keep_days', '10')
    with time_machine.travel('2026-11-26 10:00', tick=False) as moving:
        kept = add_comment(staff('ben'), KIND, note, 'kept')['id']
        one = add_comment(staff('ben'), KIND, note, 'gone @Ana Núñez', kept)['id']
        likes.like(staff('ana'), 'core.comment', one)
        edit_comment(staff('ben'), one, 'gone, too')
        delete_comment(staff('ben'), one)
        with pytest.raises(NotFound):
            delete_comment(staff('ben'), one)
        row, = trash.listing(staff('ben'))['deleted']
        assert (row['kind_title'], row['words'], (row['gone_at'] - row['at']).days) == ('Comment', 'gone, too', 10)
        assert trash.listing(staff('ana'))['deleted'] == []
        for name in ('ana', 'eva', 'root'):
            for wrong in (trash.restore, trash.erase):
                with pytest.raises(NotFound):
                    wrong(staff(name), row['id'])
        trash.restore(staff('ben'), row['id'])
        assert said(staff('ben'), note) == ['kept', 'gone, too'] and trash.listing(staff('ben'))['deleted'] == []
        assert comments.comments_of(staff('ana'), KIND, note)['comments'][1]['is_liked']
        with pytest.raises(NotFound):
            trash.restore(staff('ben'), row['id'])
        delete_comment(staff('ben'), one)
        run_due()
        moving.shift(9 * 86400)
        run_due('core.empty_trash')
        assert Comment.select().count() == 2
        moving.shift(2 * 86400)
        assert 'core.empty_trash' in run_due('core.empty_trash')
    assert [row.id for row in Comment.select()] == [kept] and trash.TrashRow.select().count() == 0
    assert likes.Liking.select().count() == 0 and db.rows('SELECT * FROM history') == [] == db.rows('SELECT * FROM comment_mention')


def test_what_hangs_on_a_deleted_object_comes_back_with_it_and_is_erased_with_it(notes, staff, note):
    from appliance.tools.planted import deleting        # slow: on only here
    one = add_comment(staff('ben'), KIND, note, 'zebra')['id']
    gone = add_comment(staff('ben'), KIND, note, 'okapi')['id']
    likes.like(staff('ben'), KIND, note)
    delete_comment(staff('ben'), gone)
    deleting.delete_note(staff('ana'), note)
    assert found(staff('ben'), 'zebra') == []
    with pytest.raises(NotFound):
        said(staff('ben'), note)
    with pytest.raises(Conflict):
        trash.restore(staff('ben'), trash.listing(staff('ben'))['deleted'][0]['id'])
    trash.restore(staff('ana'), trash.listing(staff('ana'))['deleted'][0]['id'])
    assert said(staff('ben'), note) == ['zebra'] and found(staff('ben'), 'zebra') == [one] and likes.likes_of(staff('ana'), KIND, note)['count'] == 1
    trash.restore(staff('ben'), trash.listing(staff('ben'))['deleted'][0]['id'])
    delete_comment(staff('ben'), gone)
    deleting.delete_note(staff('ana'), note)
    deleting.erase_note(staff('ana'), note)
    for table in ('comment', 'comment_mention', 'liking', 'follow', 'history', 'trash', 'planted_note'):
        assert db.rows(f'SELECT * FROM {table}') == [], table
    assert db.rows("SELECT * FROM search_document WHERE kind IN ('core.comment', 'planted.note')") == []


def test_refs_are_read_strictly_and_unseen_is_no_card(staff, note):
    assert str(refs.Ref.read('planted.note:7')) == 'planted.note:7' == str(refs.Ref('planted.note', 7))
    for wrong in ('planted.note', 'planted.note:', 'planted.note:x', 'planted.note:-1', 'planted.note:٣', 'planted.note:1 ', ':1', None, 7, 'a.b:' + '9' * 30):
        with pytest.raises(NotFound):
            refs.Ref.read(wrong)
    assert refs.card(staff('ben'), KIND, note) == {'kind': KIND, 'id': note, 'kind_title': 'Note', 'title': 'Note 1', 'url': f'/planted/{note}'}
    assert [refs.card(staff('eva'), KIND, note), refs.card(staff('ben'), KIND, 99), refs.card(staff('ben'), 'a.b', 1)] == [None] * 3
    assert refs.verbs_at(KIND, 'view') == {'view', 'comment', 'like', 'history'} and 'moderate' in refs.verbs_at(KIND, 'edit')
