"""The index: what is found, by whom, in which order; and that words never become rights."""
import pytest

from appliance.core import access, db, departments, derived, people, search, switch
from appliance.core.actor import SYSTEM, Actor
from appliance.core.errors import Invalid
from appliance.core.tool import registry


@pytest.fixture
def notes(box):
    """The rules of the planted tool, which is on."""
    switch.turn(SYSTEM, 'planted', True)
    switch.load()
    switch.settle(SYSTEM, lambda text: None)
    switch.load()
    return next(module for one, module in registry.load('rules') if one.name == 'planted')


def titles(actor, text, **options):
    return [one['title'] for one in search.find(actor, text, **options)['hits']]


@pytest.mark.parametrize('typed', ['reunion', 'reunión', 'REUNIÓN', 'reun', 'anual reunion', '  reunión,  anual!', 'an reu', 'anual anual'])
def test_accents_case_order_and_beginnings_do_not_matter(notes, staff, typed):
    notes.add_note(staff('ana'), 'La Reunión anual')
    assert titles(staff('ana'), typed) == ['La Reunión anual']


@pytest.mark.parametrize('typed', ['', '   ', '!!!', 'eunion', 'anual x', 'reunionx', '"', '*', 'reunion" OR "x', 'words:reunion OR audience:everybody', "'", '\\', '%', '_', '\0'])
def test_what_does_not_fit_finds_nothing_and_breaks_nothing(notes, staff, typed):
    notes.add_note(staff('ana'), 'La Reunión anual')
    assert titles(staff('ana'), typed) == []


@pytest.mark.parametrize('typed', ['everybody', 'person1', 'person:1', 'allofplantednote', '@everybody', 'department1', 'audience', 'NEAR', 'AND', 'NOT x'])
def test_a_typed_word_is_never_a_right(notes, staff, typed):
    notes.add_note(staff('ana'), 'secret words', 'everybody')
    assert titles(staff('eva'), typed) == [] == titles(staff('ana'), typed, is_newest=True)


def test_everybody_finds_what_he_may_see_and_nothing_else(notes, staff):
    notes.add_note(staff('ana'), 'alpha own')
    notes.add_note(staff('ana'), 'alpha team', 'department:1')
    notes.add_note(staff('ana'), 'alpha all', 'everybody')
    for name, wanted in (('ana', {'alpha own', 'alpha team', 'alpha all'}), ('ben', {'alpha team', 'alpha all'}), ('eva', {'alpha all'}), ('gus', set())):
        assert set(titles(staff(name), 'alpha')) == wanted == set(titles(staff(name), 'alpha', is_newest=True))
    assert titles(Actor(None, 'anonymous'), 'alpha') == []


def test_people_are_found_by_colleagues_and_guests_find_their_contact_only(notes, staff):
    assert set(titles(staff('eva'), 'nunez')) == {f'{name} Núñez' for name in ('Ana', 'Ben', 'Eva', 'Root')}
    assert titles(staff('eva'), 'sales ana') == ['Ana Núñez'] and titles(staff('eva'), 'ana@company.example') == ['Ana Núñez']
    assert titles(staff('gus'), 'nunez') == ['Ana Núñez'] and titles(staff('gus'), 'gus') == ['Gus Partner']
    assert titles(staff('eva'), 'gus') == [] and titles(staff('ana'), 'gus') == ['Gus Partner']
    people.block(SYSTEM, staff('ben').person_id, 'portal')
    assert titles(staff('eva'), 'ben') == [] and titles(staff('root'), 'ben') == ['Ben Núñez']


def test_a_login_that_not_everybody_sees_is_not_found(notes, staff):
    people.add_person(SYSTEM, 'hiddenlogin', 'Someone Else')
    assert titles(staff('eva'), 'hiddenlogin') == []


def test_what_changes_is_found_anew_and_what_goes_is_gone(notes, staff):
    note = notes.add_note(staff('ana'), 'alpha', 'everybody')
    before = search.find(staff('ana'), 'alpha')['hits'][0]['id']
    with db.write('test'):
        access.changed('planted.note', [note])
    assert search.find(staff('ana'), 'alpha')['hits'][0]['id'] == before        # nothing changed: nothing was written
    notes.share_note(staff('ana'), note, '')
    assert titles(staff('eva'), 'alpha') == [] and search.find(staff('ana'), 'alpha')['hits'][0]['id'] > before
    with db.write('test'):
        db.database.execute_sql(f"UPDATE planted_note SET title = 'beta' WHERE id = {note}")
        access.changed('planted.note', [note])
    assert titles(staff('ana'), 'alpha') == [] and titles(staff('ana'), 'beta') == ['beta']
    with db.write('test'):
        db.database.execute_sql(f'DELETE FROM planted_note WHERE id = {note}')
        access.changed('planted.note', [note])
    assert titles(staff('ana'), 'beta') == [] and db.row('SELECT count(*) FROM planted_note_access')[0] == 0


def test_an_index_that_lies_shows_nothing(notes, staff):
    """The access table decides, whatever the index says."""
    notes.add_note(staff('ana'), 'alpha', 'everybody')
    with db.write('test'):
        db.database.execute_sql("DELETE FROM planted_note_access WHERE subject = 'everybody'")
    assert titles(staff('eva'), 'alpha') == []


def test_a_word_in_the_title_comes_first_then_the_newest(notes, staff):
    for title in ('budget first', 'other', 'budget second'):
        notes.add_note(staff('ana'), title)
    people.add_person(SYSTEM, 'x', 'Xavier', title='budget of people')
    assert titles(staff('ana'), 'budget') == ['budget second', 'budget first', 'Xavier']
    assert titles(staff('ana'), 'budget', is_newest=True) == ['Xavier', 'budget second', 'budget first']
    assert titles(staff('ana'), 'budget', only=['planted.note']) == ['budget second', 'budget first']


@pytest.mark.parametrize('way', [search.RAREST, search.SEEN, None])
def test_whichever_list_is_looked_through_the_same_is_found(notes, staff, monkeypatch, way):
    for title, shared in (('budget plans', 'everybody'), ('budgeting', ''), ('planned budget', 'department:1'), ('budget for all', 'department:11'),
                          ('rebudget', 'everybody'), ('budgets 2026', 'everybody')):
        notes.add_note(staff('ana'), title, shared)
    asked = []
    monkeypatch.setattr(search, '_short_list', lambda *arguments: asked.append(arguments) or way)
    assert titles(staff('ana'), 'budget') == ['budgets 2026', 'budget for all', 'planned budget', 'budgeting', 'budget plans']
    assert titles(staff('ben'), 'budget') == ['budgets 2026', 'planned budget', 'budget plans'] == titles(staff('ben'), 'budget', is_newest=True)
    assert titles(staff('eva'), 'bud') == ['budgets 2026', 'budget plans'] and titles(staff('eva'), 'pla budge') == ['budget plans']
    assert titles(staff('eva'), 'budgets') == ['budgets 2026'] == titles(staff('eva'), '2026 budgets', only=['planned.note', 'planted.note'])
    # What others see between takes no place from it.
    assert titles(staff('eva'), 'budget', most=2, is_newest=True) == ['budgets 2026', 'budget plans']
    assert titles(staff('gus'), 'budget') == [] and len(asked) == 9
    newest = search.find(staff('ana'), 'budget', most=2, is_newest=True)
    assert [one['title'] for one in search.find(staff('ana'), 'budget', most=2, is_newest=True, older_than=newest['older'])['hits']] == ['planned budget', 'budgeting']


@pytest.mark.parametrize('way', [search.SEEN, None])
@pytest.mark.parametrize('glanced', [1, 2, 3, 4, 9])
def test_the_newest_titles_are_looked_at_first_and_change_nothing(notes, staff, monkeypatch, way, glanced):
    """Three titles hold the word; who asks for more of them than the newest hold gets what ranks below them too."""
    for title in ('budget one', 'budget two', 'other', 'budget three'):
        notes.add_note(staff('ana'), title)
    people.add_person(SYSTEM, 'x', 'Xavier', title='budget of people')
    monkeypatch.setattr(search, '_short_list', lambda *_arguments: way)
    monkeypatch.setattr(search, 'GLANCED', glanced)
    ranked = ['budget three', 'budget two', 'budget one', 'Xavier']
    for most in range(1, 6):
        assert titles(staff('ana'), 'budget', most=most) == ranked[:most]
    assert titles(staff('eva'), 'budget') == ['Xavier']


def test_a_short_list_is_looked_through(notes, staff, monkeypatch):
    """Of a rare word on SQLite, else of who sees little, else none."""
    for number in range(4):
        notes.add_note(staff('ana'), f'alpha {number}', 'everybody')
    short = []
    monkeypatch.setattr(search, '_short_list', lambda *arguments, known=search._short_list: short.append(known(*arguments)) or short[-1])
    for rare, ranked in ((9, 1000), (3, 1000), (3, 3)):
        monkeypatch.setattr(search, 'RARE', rare)
        monkeypatch.setattr(search, 'RANKED', ranked)
        assert titles(staff('eva'), 'alpha')[:3] == ['alpha 3', 'alpha 2', 'alpha 1']
    assert short == [search.RAREST if db.is_sqlite() else search.SEEN, search.SEEN, None]


def test_the_newest_come_by_pages(notes, staff):
    for number in range(45):
        notes.add_note(staff('ana'), f'alpha {number:02d}')
    found, older = [], None
    while True:
        page = search.find(staff('ana'), 'alpha', is_newest=True, older_than=older)
        found += [one['title'] for one in page['hits']]
        older = page['older']
        if not older:
            break
    assert found == [f'alpha {number:02d}' for number in range(44, -1, -1)]


def test_a_tool_that_is_off_is_not_found_and_found_again(notes, staff):
    notes.add_note(staff('ana'), 'alpha')
    switch.turn(SYSTEM, 'planted', False)
    switch.load()
    assert titles(staff('ana'), 'alpha') == []
    switch.settle(SYSTEM, lambda text: None)
    switch.turn(SYSTEM, 'planted', True)
    switch.load()
    with db.write('test'):
        db.database.execute_sql("UPDATE planted_note SET title = 'beta'")      # as a migration might
    switch.settle(SYSTEM, lambda text: None)
    assert titles(staff('ana'), 'beta') == ['beta']


def test_making_it_anew_gives_the_same(notes, staff):
    for title in ('alpha', 'beta'):
        notes.add_note(staff('ana'), title, 'everybody')
    before = sorted(db.rows('SELECT kind, object_id, words, audience FROM search_document'))
    with db.write('test'):
        for table in ('search_document', 'search_vector') if not db.is_sqlite() else ('search_document',):
            db.database.execute_sql(f'DELETE FROM {table}')
        if db.is_sqlite():
            db.database.execute_sql("INSERT INTO search_fts (search_fts) VALUES ('rebuild')")
    assert titles(staff('ana'), 'alpha') == []
    derived.make([name for name in derived.makers() if name.startswith('search:')])
    assert sorted(db.rows('SELECT kind, object_id, words, audience FROM search_document')) == before
    assert titles(staff('eva'), 'alpha') == ['alpha'] and search.counts()['planted.note'] == 2


def test_too_long_a_question_is_refused(notes, staff):
    with pytest.raises(Invalid):
        search.find(staff('ana'), 'x' * 101)
    assert titles(staff('ana'), 'a ' * 50) is not None


@pytest.mark.parametrize('title', ['日本語のノート', 'Ελληνικά', 'नमस्ते दुनिया', '\u202eevil', 'a' * 200, '🦊 fox', '½ price', 'naïve—dash', "O'Brien \\ %"])
def test_every_script_is_found_by_what_it_begins_with(notes, staff, title):
    notes.add_note(staff('ana'), title)
    assert title in titles(staff('ana'), search.tokens(title)[0][:3])


def test_corrected_days_are_found_by_their_reason(notes, staff):
    from appliance.tools.worktime import rules      # slow: only here
    departments.set_head(SYSTEM, 1, staff('ben').person_id)
    day = rules.start_day(staff('ana'))
    with db.write('test'):
        db.database.execute_sql("UPDATE worktime_day SET started_at = started_at - 864000000000, on_date = '2020-01-01'")
    opened = rules.access_day(staff('ana'), day)
    rules.correct(staff('ana'), day, opened['expires_at'], 'Forgot in the hurry of the fair')
    for name, wanted in (('ana', 1), ('ben', 1), ('eva', 0)):
        assert len(titles(staff(name), 'hurry fair')) == wanted
