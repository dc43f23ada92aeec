"""Fields of the company's own: defined, filled in, found, told, and gone again; on people and on the notes of the planted tool."""
import zipfile
from datetime import date

import pytest

from appliance.core import audit, db, history, search
from appliance.core.actor import SYSTEM
from appliance.core.custom_fields import defining, following, values
from appliance.core.custom_fields.models import ALL, MANAGER, OWNER, CustomValue
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.limits import FIELDS_A_KIND
from appliance.core.people import give_role
from appliance.core.personal import export, forgetting
from tests.core.shared.conftest import turn

PERSON = 'core.person'


@pytest.fixture
def boss(staff):
    """An administrator."""
    give_role(SYSTEM, staff('root').person_id, 'administrator')
    return staff('root')


def add(title='Shoe size', type='text', kind=PERSON, **more):
    return defining.add_field(SYSTEM, kind, title, type, **more)


def said(person_id, is_owner=True, kind=PERSON):
    """{code: text}."""
    return {one['code']: one['text'] for one in values.shown(kind, person_id, is_owner)}


def found(actor, words):
    return [(hit['kind'], hit['object_id']) for hit in search.find(actor, words)['hits']]


@pytest.mark.parametrize(('type', 'typed', 'shown'), [
    ('text', '  Grüße ', 'Grüße'), ('number', '0042', '42'), ('number', '-7', '-7'), ('number', 1984, '1984'), ('decimal', '12,5', '12.5'),
    ('decimal', '-0.0001', '-0.0001'), ('decimal', 2, '2'), ('decimal', '99999999999.9999', '99999999999.9999'), ('date', '2026-11-26', 'November 26, 2026'),
    ('date', date(1999, 1, 2), 'January 2, 1999'), ('flag', 'y', 'Yes'), ('flag', False, 'No'), ('flag', '0', 'No'),
    ('address', 'https://a.example/x?y=1', 'https://a.example/x?y=1')])
def test_each_type_keeps_what_it_is(staff, type, typed, shown):
    ana = staff('ana')
    add('One', type)
    assert values.fill(ana, PERSON, ana.person_id, {'UF_ONE': typed}) == ['UF_ONE']
    assert said(ana.person_id) == {'UF_ONE': shown}
    assert values.fill(ana, PERSON, ana.person_id, {'UF_ONE': typed}) == []
    assert values.fill(ana, PERSON, ana.person_id, {'UF_ONE': ''}) == ['UF_ONE'] and said(ana.person_id) == {} and not CustomValue.select().exists()


@pytest.mark.parametrize(('type', 'typed'), [
    ('text', 'x' * 501), ('text', 'a\nb'), ('text', '\u202e'), ('text', ['x']), ('text', {'a': 1}), ('text', 'a\0b'), ('number', '1.5'), ('number', 'x'), ('number', '٣'),
    ('number', '9' * 16), ('number', 1.5), ('decimal', '1.23456'), ('decimal', '1e3'), ('decimal', 'NaN'), ('decimal', float('inf')), ('decimal', '1.000,5'),
    ('decimal', '9' * 12), ('date', '26.11.2026'), ('date', '2026-02-30'), ('date', '2026-11-26T00:00'), ('flag', 'maybe'), ('flag', '2'), ('choice', 'Red'),
    ('choice', '999'), ('choice', 10 ** 30), ('address', 'javascript:alert(1)'), ('address', 'a.example'), ('address', 'http://'), ('address', 'https://[::1'),
    ('address', 'https://a.example/' + 'x' * 2000), ('address', 'ftp://a.example')])
def test_what_is_wrong_is_named_with_what_would_be_right(staff, type, typed):
    ana = staff('ana')
    add('One', type, choices=['Red', 'Green'] if type == 'choice' else ())
    with pytest.raises(Invalid) as wrong:
        values.fill(ana, PERSON, ana.person_id, {'UF_ONE': typed})
    assert wrong.value.field == 'UF_ONE' and len(str(wrong.value.message)) > 10
    assert not CustomValue.select().exists()


def test_who_fills_in_and_who_sees(staff, boss):
    ana, ben = staff('ana'), staff('ben')
    add('Skill')
    add('Grade', edited_by=MANAGER)
    add('Allergies', seen_by=OWNER)
    assert values.fill(ana, PERSON, ana.person_id, {'UF_SKILL': 'Welding', 'UF_ALLERGIES': 'Hazelnut'}) == ['UF_ALLERGIES', 'UF_SKILL']
    with pytest.raises(NotAllowed):
        values.fill(ana, PERSON, ana.person_id, {'UF_SKILL': 'x', 'UF_GRADE': 'A'})
    with pytest.raises(NotAllowed):
        values.fill(ben, PERSON, ana.person_id, {'UF_SKILL': 'x'})
    with pytest.raises(Invalid):
        values.fill(ana, PERSON, ana.person_id, {'UF_NONE': 'x'})
    for actor, kind, object_id in ((ana, PERSON, 10 ** 6), (ana, 'planted.note', 1), (ana, 'core.comment', 1)):
        with pytest.raises(NotFound):
            values.fill(actor, kind, object_id, {'UF_SKILL': 'x'})
    assert values.fill(boss, PERSON, ana.person_id, {'UF_GRADE': 'A'}) == ['UF_GRADE']
    assert said(ana.person_id) == {'UF_SKILL': 'Welding', 'UF_GRADE': 'A', 'UF_ALLERGIES': 'Hazelnut'}
    assert said(ana.person_id, is_owner=False) == {'UF_SKILL': 'Welding', 'UF_GRADE': 'A'}
    assert found(ben, 'weld') == [(PERSON, ana.person_id)] and found(boss, 'hazelnut') == []


def test_the_history_says_it_to_those_whose_it_is(staff, boss):
    ana = staff('ana')
    add('Colour', 'choice', choices=['Red', 'Green'])
    red, green = (number for number, _title in defining.listing(SYSTEM)[0][1][0].choices)
    values.fill(ana, PERSON, ana.person_id, {'UF_COLOUR': red})
    values.fill(boss, PERSON, ana.person_id, {'UF_COLOUR': str(green)})
    changes = history.of(ana, PERSON, ana.person_id)['changes']
    assert [(one['title'], one['old'], one['new']) for one in changes] == [('Colour', 'Red', 'Green'), ('Colour', None, 'Red')]
    with pytest.raises(NotAllowed):
        history.of(staff('ben'), PERSON, ana.person_id)
    assert [one.data['changed'] for one in audit.AuditRow.select().where(audit.AuditRow.what == 'core.person.updated')] == [['UF_COLOUR']] * 2
    assert 'Red' not in str([one.data for one in audit.AuditRow.select()])
    defining.delete_field(SYSTEM, defining.listing(SYSTEM)[0][1][0].id)
    assert history.of(ana, PERSON, ana.person_id)['changes'] == []


def test_only_who_may_defines(staff, boss):
    add()
    ana, field = staff('ana'), defining.listing(boss)[0][1][0].id
    for forbidden in (lambda: defining.add_field(ana, PERSON, 'x', 'text'), lambda: defining.change_field(ana, field, title='x'), lambda: defining.listing(ana),
                      lambda: defining.move_field(ana, field, True), lambda: defining.delete_field(ana, field), lambda: defining.access_field(ana, field)):
        with pytest.raises(NotAllowed):
            forbidden()
    for absent in (0, -1, field + 1, 'x', None, 10 ** 30):
        with pytest.raises(NotFound):
            defining.delete_field(boss, absent)


@pytest.mark.parametrize(('values_', 'field'), [
    ({'title': ''}, 'title'), ({'title': 'x' * 101}, 'title'), ({'title': 7}, 'title'), ({'title': 'a\nb'}, 'title'), ({'type': 'file'}, 'type'), ({'type': ''}, 'type'),
    ({'code': 'a b'}, 'code'), ({'code': 'UF_'}, 'code'), ({'code': 'UF_Ñ'}, 'code'), ({'code': 'x' * 51}, 'code'), ({'code': '__'}, 'code'), ({'is_required': 'y'}, 'is_required'),
    ({'edited_by': 'all'}, 'edited_by'), ({'seen_by': ''}, 'seen_by'), ({'type': 'choice'}, 'choices'), ({'type': 'choice', 'choices': ['Red', ' réd']}, 'choices'),
    ({'type': 'choice', 'choices': ['x' * 101]}, 'choices'), ({'type': 'choice', 'choices': map(str, range(201))}, 'choices')])
def test_a_field_that_is_not_right_is_refused(box, values_, field):
    with pytest.raises(Invalid) as wrong:
        defining.add_field(SYSTEM, PERSON, **{'title': 'One', 'type': 'text', **values_})
    assert wrong.value.field == field and defining.listing(SYSTEM)[0][1] == []


def test_codes_are_made_and_taken_once(box):
    for title, code, made in (('Größe in cm', '', 'UF_GROSSE_IN_CM'), ('Größe in cm', '', 'UF_GROSSE_IN_CM_2'), ('身長', '', 'UF_FIELD'), ('x' * 100, '', 'UF_' + 'X' * 42),
                              ('A', 'size', 'UF_SIZE'), ('Department', '', 'UF_DEPARTMENT_2')):
        add(title, code=code)
        assert defining.listing(SYSTEM)[0][1][-1].code == made
    for taken in ('UF_SIZE', 'Size', 'UF_DEPARTMENT'):
        with pytest.raises(Conflict):
            add('A', code=taken)
    for _place in range(FIELDS_A_KIND - 6):
        add('Another')
    with pytest.raises(Conflict, match='100'):
        add('One too many')


def test_order_name_and_need_change_and_the_type_only_without_values(staff):
    ana = staff('ana')
    ids = [add(title) for title in ('A', 'B', 'C')]
    defining.move_field(SYSTEM, ids[2], True)
    defining.move_field(SYSTEM, ids[0], True)
    assert [one.title for one in defining.listing(SYSTEM)[0][1]] == ['A', 'C', 'B']
    assert defining.change_field(SYSTEM, ids[0], title='Alpha', type='number', is_required=True) == ['is_required', 'title', 'type']
    assert defining.change_field(SYSTEM, ids[0], title='Alpha') == []
    values.fill(ana, PERSON, ana.person_id, {'UF_A': '7'})
    with pytest.raises(Invalid):
        values.fill(ana, PERSON, ana.person_id, {'UF_A': ''})
    with pytest.raises(Conflict):
        defining.change_field(SYSTEM, ids[0], type='text')
    with pytest.raises(Invalid):
        defining.change_field(SYSTEM, ids[1], type='choice')
    assert said(ana.person_id) == {'UF_A': '7'}


def test_what_is_off_is_nowhere_and_comes_back(staff):
    ana = staff('ana')
    field = add('Skill')
    values.fill(ana, PERSON, ana.person_id, {'UF_SKILL': 'Welding'})
    defining.change_field(SYSTEM, field, is_on=False)
    assert said(ana.person_id) == {} and found(ana, 'welding') == []
    with pytest.raises(Invalid):
        values.fill(ana, PERSON, ana.person_id, {'UF_SKILL': 'x'})
    defining.change_field(SYSTEM, field, is_on=True, seen_by=OWNER)
    assert said(ana.person_id) == {'UF_SKILL': 'Welding'} and found(ana, 'welding') == []
    defining.change_field(SYSTEM, field, seen_by=ALL)
    assert found(ana, 'welding') == [(PERSON, ana.person_id)]
    assert defining.delete_field(SYSTEM, field) == 1
    assert found(ana, 'welding') == [] and not CustomValue.select().exists()


def test_many_follow_bit_by_bit(staff, hear, monkeypatch):
    monkeypatch.setattr(following, 'AT_ONCE', 2)
    field, people = add('Skill'), [staff(login) for login in ('ana', 'ben', 'eva', 'root')]
    for one in people:
        values.fill(one, PERSON, one.person_id, {'UF_SKILL': 'Welding'})
    assert len(found(people[0], 'welding')) == 4
    defining.delete_field(SYSTEM, field)
    hear()
    assert found(people[0], 'welding') == []


def test_choices_are_called_otherwise_and_go_when_nobody_chose_them(staff):
    ana = staff('ana')
    field = add('Colour', 'choice', choices=['Red', ' ', 'Green'])
    (red, _red), (green, _green) = defining.access_field(SYSTEM, field).choices
    values.fill(ana, PERSON, ana.person_id, {'UF_COLOUR': str(red)})
    assert defining.change_field(SYSTEM, field, choices=[(None, 'Blue'), (red, 'Crimson'), (green, '')]) == ['choices']
    assert [title for _number, title in defining.access_field(SYSTEM, field).choices] == ['Blue', 'Crimson']
    assert said(ana.person_id) == {'UF_COLOUR': 'Crimson'} and found(ana, 'crimson') == [(PERSON, ana.person_id)] and found(ana, 'red') == []
    with pytest.raises(Conflict):
        defining.change_field(SYSTEM, field, choices=[(None, 'Blue')])
    other = add('Size', 'choice', choices=['S'])
    with pytest.raises(Invalid):
        defining.change_field(SYSTEM, other, choices=[(red, 'S')])
    with pytest.raises(Invalid):
        values.fill(ana, PERSON, ana.person_id, {'UF_SIZE': str(red)})


def test_export_has_it_and_forgetting_leaves_nothing(staff, boss, tmp_path):
    ana, ben = staff('ana'), staff('ben')
    add('Skill')
    values.fill(ana, PERSON, ana.person_id, {'UF_SKILL': 'Welding'})
    values.fill(ben, PERSON, ben.person_id, {'UF_SKILL': 'Brazing'})
    add('Torch length', 'decimal')
    add('Gas', 'choice', choices=['Argon'])
    values.fill(ana, PERSON, ana.person_id, {'UF_TORCH_LENGTH': '12,5', 'UF_GAS': str(db.row('SELECT id FROM custom_choice')[0])})
    with open(tmp_path / 'ana.zip', 'wb+') as file:
        export.write(ana.person_id, file)
        text = _unpacked(file).decode(errors='replace')
        assert all(word in text for word in ('Skill', 'Welding', 'Torch length', '"12.5"', 'Argon')) and 'Brazing' not in text and 'field:' not in text
    forgetting.forget(boss, ana.person_id)
    assert [one.object_id for one in CustomValue.select()] == [ben.person_id]
    assert 'Welding' not in str(db.rows('SELECT * FROM history')) and found(boss, 'welding') == []


def _unpacked(file):
    with zipfile.ZipFile(file) as packed:
        return b''.join(packed.read(name) for name in packed.namelist())


def test_another_kind_has_its_own(staff, notes, note):
    ana, ben = staff('ana'), staff('ben')
    add('Source', kind='planted.note')
    add('Price', 'decimal', kind='planted.note', seen_by=OWNER)
    assert values.fill(ana, 'planted.note', note, {'UF_SOURCE': 'Archive', 'UF_PRICE': '3.50'}) == ['UF_PRICE', 'UF_SOURCE']
    assert said(note, False, 'planted.note') == {'UF_SOURCE': 'Archive'} and found(ben, 'archive') == [('planted.note', note)]
    with pytest.raises(NotAllowed):
        values.fill(ben, 'planted.note', note, {'UF_SOURCE': 'x'})
    assert [one['title'] for one in history.of(ben, 'planted.note', note)['changes']] == ['Source']
    assert {one['title'] for one in history.of(ana, 'planted.note', note)['changes']} == {'Source', 'Price'}
    turn(False)
    assert [kind.name for kind, _fields in defining.listing(SYSTEM)] == [PERSON]
    with pytest.raises(NotFound):
        values.fill(ana, 'planted.note', note, {'UF_SOURCE': 'x'})
