"""Access rows: written from one function, the difference only; lists, counts and answers that never show what is not somebody's."""
import random
from dataclasses import replace

import pytest

from appliance.core import access, db, departments, derived, explain, live, live_pages, people, switch
from appliance.core.actor import SYSTEM, Actor
from appliance.core.errors import NotAllowed, NotFound
from appliance.core.tool import registry


@pytest.fixture
def notes(box):
    """The rules of the planted tool, which is on."""
    switch.turn(SYSTEM, 'planted', True)
    switch.load()
    switch.settle(SYSTEM, lambda text: None)
    return next(module for one, module in registry.load('rules') if one.name == 'planted')


@pytest.fixture
def staff(notes):
    """Actors: ana and ben of the department Sales (1), eva of none, gus a guest of ana."""
    sales = departments.add_department(SYSTEM, 'Sales')
    ids = {name: people.add_person(SYSTEM, name, name.title(), department_id=sales if name in ('ana', 'ben') else None) for name in ('ana', 'ben', 'eva')}
    ids['gus'] = people.add_person(SYSTEM, 'gus', 'Gus', kind='guest', contact_id=ids['ana'])
    return lambda name: people.actor_for(ids[name], 'test')


def held(note_id):
    return sorted(db.rows('SELECT subject, level FROM planted_note_access WHERE object_id = ?', note_id))


def seen(notes, actor):
    return [note_id for note_id, _title in notes.list_notes(actor)]


def test_only_the_difference_is_written(notes, staff, monkeypatch):
    note = notes.add_note(staff('ana'), 'x', 'everybody')
    me = f'person:{staff("ana").person_id}'
    assert held(note) == [('everybody', 1), (me, 2)]
    statements = []
    execute = db.database.obj.execute_sql
    monkeypatch.setattr(db.database.obj, 'execute_sql', lambda sql, *args, **kw: statements.append(sql) or execute(sql, *args, **kw))
    with db.write('test'):
        access.changed('planted.note', [note])
    assert not [sql for sql in statements if sql.startswith(('INSERT', 'DELETE', 'UPDATE'))]
    notes.share_note(staff('ana'), note, 'department:1')
    assert held(note) == [('department:1', 1), (me, 2)]


def test_who_sees_what(notes, staff):
    own, shared = notes.add_note(staff('ana'), 'own'), notes.add_note(staff('ana'), 'shared', 'everybody')
    team = notes.add_note(staff('ana'), 'team', 'department:1')
    for name, ids in (('ana', [team, shared, own]), ('ben', [team, shared]), ('eva', [shared]), ('gus', [])):
        actor = staff(name)
        assert seen(notes, actor) == ids, name
        assert sorted(note_id for note_id, _title in notes.list_by_title(actor)) == sorted(ids)
        assert access.count(notes.NOTES, actor, 10) == len(ids)
        for note in (own, shared, team):
            if note in ids:
                assert notes.access_note(actor, note)['id'] == note
            else:
                with pytest.raises(NotFound):
                    notes.access_note(actor, note)
    with pytest.raises(NotAllowed):
        notes.access_note(staff('eva'), shared, to='edit')


@pytest.mark.parametrize('wrong', [0, -1, 1 << 63, '1', None, 1.5, True])
def test_what_is_no_id_is_not_found(notes, staff, wrong):
    with pytest.raises(NotFound):
        access.require_seen(notes.NOTES, staff('ana'), wrong)


def test_nobody_and_anonymous_see_nothing(notes, staff):
    notes.add_note(staff('ana'), 'x', 'everybody')
    nobody = Actor(None, 'anonymous')
    assert seen(notes, nobody) == [] == notes.list_by_title(nobody) and access.count(notes.NOTES, nobody, 9) == 0


@pytest.mark.parametrize('merged', [60, 0])
def test_every_way_of_listing_shows_the_same(notes, staff, monkeypatch, merged):
    """Random shares and random pages, by merging and by walking, forth and back, against the definition itself."""
    monkeypatch.setattr(access, 'MERGED', merged)
    chance, made = random.Random(7), {}
    for number in range(120):
        who = chance.choice(['ana', 'ben', 'eva'])
        share = chance.choice(['', '', 'everybody', 'department:1', f'person:{staff("eva").person_id}'])
        made[notes.add_note(staff(who), f'{chance.randrange(5)}', share)] = (who, share)
    # Some at the very same moment: the id decides.
    with db.write('test'):
        db.database.execute_sql('UPDATE planted_note SET created_at = created_at / 1000000 * 1000000')
        access.changed('planted.note', list(made))
    keys = dict(db.rows('SELECT id, created_at FROM planted_note'))
    for name in ('ana', 'ben', 'eva'):
        actor = staff(name)
        mine = [one for one, (who, share) in made.items() if who == name or share in actor.subjects]
        wanted = sorted(mine, key=lambda one: (keys[one], one), reverse=True)
        for is_backwards in (False, True):
            found, place = [], None
            while True:
                sql, values = access.page(notes.NOTES, actor, 7, place, is_backwards)
                page = db.rows(sql, *values)
                if not page:
                    break
                found += [one for _key, one in page]
                place = page[-1]
            assert found == (wanted[::-1] if is_backwards else wanted)


@pytest.mark.parametrize('counted', [5_000, 3])
def test_another_order_by_sorting_or_by_walking(notes, staff, monkeypatch, counted):
    monkeypatch.setattr(access, 'COUNTED', counted)
    monkeypatch.setattr(access, '_many', {})
    for title in ('d', 'a', 'c', 'b', 'a'):
        notes.add_note(staff('ana'), title, 'everybody')
    notes.add_note(staff('ana'), '0 hidden')
    found = notes.list_by_title(staff('eva'))
    assert [title for _id, title in found] == ['a', 'a', 'b', 'c', 'd']
    assert notes.list_by_title(staff('eva'), ('a', found[1][0])) == found[2:]
    # By two subjects, one of which shows him some of them a second time.
    own = notes.add_note(staff('eva'), 'aa', 'everybody')
    assert notes.list_by_title(staff('eva')) == sorted([*found, (own, 'aa')], key=lambda one: (one[1], one[0]))


def test_another_order_shows_what_he_sees_now_whichever_way_it_was_read_a_moment_ago(notes, staff, monkeypatch):
    monkeypatch.setattr(access, 'COUNTED', 3)
    monkeypatch.setattr(access, '_many', {})
    ids = [notes.add_note(staff('ana'), title, 'everybody') for title in 'cab']
    assert [title for _id, title in notes.list_by_title(staff('eva'))] == ['a', 'b', 'c'] and not any(many for _until, many in access._many.values())
    ids += [notes.add_note(staff('ana'), title, 'everybody') for title in 'fed']
    assert [title for _id, title in notes.list_by_title(staff('eva'))] == list('abcdef')
    access._many.clear()
    assert len(notes.list_by_title(staff('eva'))) == 6 and all(many for _until, many in access._many.values())
    for note_id in ids[:4]:
        notes.share_note(staff('ana'), note_id, '')
    own = notes.add_note(staff('eva'), 'x')     # by a subject that had shown him nothing
    assert notes.list_by_title(staff('eva')) == [(ids[5], 'd'), (ids[4], 'e'), (own, 'x')]


def test_rebuilding_makes_what_is_missing_and_takes_what_is_too_much(notes, staff):
    ids = [notes.add_note(staff('ana'), 'x', 'everybody') for _number in range(3)]
    before = db.rows('SELECT * FROM planted_note_access ORDER BY subject, key, object_id')
    with db.write('test'):
        db.database.execute_sql('DELETE FROM planted_note_access WHERE object_id = ' + str(ids[0]))
        db.database.execute_sql("UPDATE planted_note_access SET level = 9 WHERE subject = 'everybody'")
        db.database.execute_sql("INSERT INTO planted_note_access (subject, key, object_id, level) VALUES ('everybody', 1, 999, 1)")
    told = []
    assert access.rebuild('planted.note', lambda done, total: told.append((done, total))) == 3
    assert db.rows('SELECT * FROM planted_note_access ORDER BY subject, key, object_id') == before and told == [(3, 3)]


def test_a_newer_maker_makes_all_anew(notes, staff, monkeypatch):
    note = notes.add_note(staff('ana'), 'x')
    derived.make(derived.outdated())
    assert derived.outdated() == []
    monkeypatch.setitem(access._kinds, 'planted.note', replace(notes.NOTES, version=2, audiences=lambda ids: {one: (1, {'everybody': ('view', '')}) for one in ids}))
    assert derived.outdated() == ['access:planted.note'] and derived.of_tool('planted') == ['access:planted.note', 'search:planted.note']
    derived.make(derived.outdated())
    assert held(note) == [('everybody', 1)] and derived.outdated() == []


def test_moving_a_person_moves_what_hangs_on_his_place(box):
    from appliance.tools.worktime import rules  # slow: only here
    top, low, other = (departments.add_department(SYSTEM, name) for name in ('Top', 'Low', 'Other'))
    head, ana = people.add_person(SYSTEM, 'head', 'Head'), people.add_person(SYSTEM, 'ana', 'Ana', department_id=low)
    departments.Department.update(parent=top).where(departments.Department.id == low).execute()
    departments.set_head(SYSTEM, top, head)
    day = rules.start_day(people.actor_for(ana, 'test'))
    assert rules.access_day(people.actor_for(head, 'test'), day)
    assert [one['person_id'] for one in rules.team_days(people.actor_for(head, 'test'))['days']] == [ana]
    people.update_person(SYSTEM, ana, department_id=other)
    with pytest.raises(NotFound):
        rules.access_day(people.actor_for(head, 'test'), day)
    assert rules.team_days(people.actor_for(head, 'test'))['days'] == []
    assert rules.team_days(people.actor_for(ana, 'test'))['days'] == []


def test_the_answer_to_why_is_the_rule_itself(notes, staff):
    note = notes.add_note(staff('ana'), 'a secret title', 'department:1')
    auditor = replace(SYSTEM, via='test')
    ben, eva = explain.why(auditor, staff('ben').person_id, f'planted.note:{note}'), explain.why(auditor, staff('eva').person_id, f'planted.note:{note}')
    assert ben['sees'] and [(one['who'], one['reason']) for one in ben['reasons']] == [('The department Sales', 'It is shared with him.')]
    assert not eva['sees'] and eva['reasons'] == [] and {one['who'] for one in eva['rows']} == {'Ana', 'The department Sales'}
    assert 'a secret title' not in str(ben)
    assert explain.who_sees(staff('ben'), f'planted.note:{note}')['rows'][0]['who'] == 'Ana'
    with pytest.raises(NotFound):
        explain.who_sees(staff('eva'), f'planted.note:{note}')
    with pytest.raises(NotAllowed):
        explain.why(staff('ana'), staff('ben').person_id, f'planted.note:{note}')


@pytest.mark.parametrize('text', ['', 'planted.note', 'planted.note:', 'planted.note:x', 'nothing.here:1', "planted.note:1' OR 1=1", 'planted.note:' + '9' * 30])
def test_what_names_no_object_is_not_found(notes, staff, text):
    with pytest.raises(NotFound):
        explain.who_sees(staff('ana'), text)


def test_who_loses_his_right_to_an_object_hears_no_more_of_it_on_an_open_page(notes, staff):
    ana, eva = staff('ana'), staff('eva')
    note = notes.add_note(ana, 'Plan', f'person:{eva.person_id}')
    mine, theirs = (live_pages.make_token(actor, f'planted.note:{note}') for actor in (ana, eva))
    notes.share_note(ana, note, f'person:{eva.person_id}')
    notes.rename_note(ana, note, 'Plans')
    assert live_pages.opened([theirs], eva.person_id) and live_pages.opened([mine], ana.person_id)      # nobody lost anything
    notes.share_note(ana, note, 'everybody')
    assert not live_pages.opened([theirs], eva.person_id)
    again = live_pages.make_token(ana, f'planted.note:{note}')
    notes.give_note(ana, note, eva.person_id)
    assert not live_pages.opened([again], ana.person_id)
    assert [one.channels for one in live.read(0) if one.type == 'planted.renamed'] == [(f'page:planted.note:{note}',)]
