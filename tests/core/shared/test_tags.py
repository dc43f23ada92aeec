"""Tags: the same without case and accents, seen only through what bears them, found, told and gone again."""
import pytest

from appliance.core import db, history, search, tags
from appliance.core.actor import SYSTEM
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.events import EventRow
from appliance.core.limits import TAGS_AN_OBJECT
from appliance.core.people import add_person, update_person
from appliance.core.personal import export, forgetting
from appliance.core.tags import Tagging
from tests.core.shared.conftest import turn
from tests.core.shared.test_custom_fields import _unpacked, boss  # noqa: F401 - a fixture

PERSON, NOTE = 'core.person', 'planted.note'


def of(kind, object_id):
    return [one['text'] for one in tags.listed(kind, object_id)]


def test_a_tag_keeps_the_spelling_of_its_first_use(staff):
    ana, ben = staff('ana'), staff('ben')
    assert tags.add_tags(ana, PERSON, ana.person_id, ' #Reunión , welding,WELDING;; réunion') == ['Reunión', 'welding']
    assert tags.add_tags(ben, PERSON, ben.person_id, 'REUNION, Welding') == ['Reunión', 'welding']
    assert tags.add_tags(ben, PERSON, ben.person_id, 'reunion') == []
    assert of(PERSON, ana.person_id) == of(PERSON, ben.person_id) == ['Reunión', 'welding']
    assert [(one['title'], one['kind']) for one in tags.bearing(ana, 'reunion')['found']] == [('Ben Núñez', PERSON), ('Ana Núñez', PERSON)]
    assert [hit['title'] for hit in search.find(ana, 'reunion')['hits']] == ['Ben Núñez', 'Ana Núñez']
    tags.remove_tag(ben, PERSON, ben.person_id, db.row('SELECT max(id) FROM tagging WHERE object_id = ? AND folded = ?', ben.person_id, 'reunion')[0])
    assert [hit['title'] for hit in search.find(ana, 'reunion')['hits']] == ['Ana Núñez']
    assert [one.name for one in EventRow.select().where(EventRow.name.startswith('core.tagging')).order_by(EventRow.id)] == ['core.tagging.added'] * 4 + ['core.tagging.removed']


@pytest.mark.parametrize('wrong', ['', ' ', ',;', '#', 'x' * 51, 'a\tb', '\u202e', '\u0301', None, 7, ['x'], 'a\0b', ',' * 100_000])
def test_what_is_no_tag_is_refused(staff, wrong):
    ana = staff('ana')
    with pytest.raises(Invalid):
        tags.add_tags(ana, PERSON, ana.person_id, wrong)
    assert not Tagging.select().exists()


def test_thirty_are_enough(staff):
    ana = staff('ana')
    tags.add_tags(ana, PERSON, ana.person_id, ','.join(f'tag {number}' for number in range(TAGS_AN_OBJECT)))
    with pytest.raises(Conflict, match='30'):
        tags.add_tags(ana, PERSON, ana.person_id, 'tag 1, one more')
    assert tags.add_tags(ana, PERSON, ana.person_id, 'TAG 1') == [] and len(of(PERSON, ana.person_id)) == TAGS_AN_OBJECT


def test_only_its_people_give_and_take(staff, note):
    ana, ben, gus = staff('ana'), staff('ben'), staff('gus')
    tags.add_tags(ana, NOTE, note, 'plan')
    number = tags.listed(NOTE, note)[0]['id']
    for actor, refusal in ((ben, NotAllowed), (staff('eva'), NotFound), (gus, NotFound)):
        with pytest.raises(refusal):
            tags.add_tags(actor, NOTE, note, 'mine')
        with pytest.raises(refusal):
            tags.remove_tag(actor, NOTE, note, number)
    with pytest.raises(NotAllowed):
        tags.add_tags(ben, PERSON, ana.person_id, 'lazy')
    with pytest.raises(NotFound):
        tags.remove_tag(ana, PERSON, ana.person_id, number)       # a tag of something else
    for kind, object_id in (('core.comment', 1), ('worktime.day', 1), ('none.such', 1), (PERSON, 10 ** 6), (PERSON, 0)):
        with pytest.raises(NotFound):
            tags.add_tags(ana, kind, object_id, 'x')
    assert tags.add_tags(staff('root'), PERSON, ana.person_id, 'first aid') == ['first aid']


def test_nobody_learns_of_a_tag_from_what_he_does_not_see(staff, note, notes):
    ana, ben, eva, gus = staff('ana'), staff('ben'), staff('eva'), staff('gus')
    secret = notes.add_note(ana, 'Secret')
    tags.add_tags(ana, NOTE, secret, 'layoffs 2027')
    tags.add_tags(ana, NOTE, note, 'layouts')
    tags.add_tags(ana, PERSON, ana.person_id, 'layers')
    assert tags.suggested(ana, NOTE, 'lay') == ['layoffs 2027', 'layouts'] and tags.suggested(ben, NOTE, 'LÁY') == ['layouts'] and tags.suggested(eva, NOTE) == []
    assert tags.suggested(gus, PERSON) == ['layers'] and tags.suggested(eva, PERSON, 'x') == []
    assert tags.bearing(ben, 'layoffs 2027')['found'] == [] and tags.bearing(gus, 'layouts')['found'] == []
    assert [one['object_id'] for one in tags.bearing(ana, 'LAYOFFS  2027')['found']] == [secret]
    with pytest.raises(NotFound):
        tags.suggested(ana, 'worktime.day')
    with pytest.raises(NotFound):
        tags.tags_of(eva, NOTE, note)
    turn(False)
    assert tags.bearing(ana, 'layouts') == {'tag': 'layouts', 'found': [], 'older': None}


def test_pages_of_what_bears_a_tag(staff, notes):
    ana = staff('ana')
    made = [notes.add_note(ana, f'Note {number}') for number in range(5)]
    for one in made:
        tags.add_tags(ana, NOTE, one, 'plan')
    first = tags.bearing(ana, 'plan', most=3)
    second = tags.bearing(ana, 'plan', first['older'], most=3)
    assert [one['object_id'] for one in first['found'] + second['found']] == made[::-1] and second['older'] is None


def test_history_export_and_forgetting(staff, boss, note, notes, tmp_path):  # noqa: F811
    ana, ben = staff('ana'), staff('ben')
    tags.add_tags(ana, PERSON, ana.person_id, 'welding')
    tags.add_tags(boss, PERSON, ana.person_id, 'first aid')
    theirs = notes.add_note(ben, 'Who helps')
    update_person(SYSTEM, ana.person_id, name='Zoë Ångström')
    tags.add_tags(ben, NOTE, theirs, 'zoe angstrom, other')
    assert [(one['person'], one['new']) for one in history.of(ana, PERSON, ana.person_id)['changes'] if one['title'] == 'Tag'] == [
        ('Root Núñez', 'first aid'), ('Zoë Ångström', 'welding')]
    with open(tmp_path / 'x.zip', 'wb+') as file:
        export.write(ana.person_id, file)
        assert b'welding' in _unpacked(file) and b'first aid' in _unpacked(file)
    with open(tmp_path / 'y.zip', 'wb+') as file:
        export.write(boss.person_id, file)
        assert b'first aid' not in _unpacked(file)
    tags.remove_tag(ben, NOTE, theirs, tags.listed(NOTE, theirs)[1]['id'])
    tags.add_tags(ben, NOTE, theirs, 'Zoë Ångström')
    forgetting.forget(boss, ana.person_id)
    assert of(PERSON, ana.person_id) == [] and not {'welding', 'first aid'} & {one.text for one in Tagging.select()}
    assert len(of(NOTE, theirs)) == 2 and not any('angstrom' in one.folded for one in Tagging.select())
    assert 'welding' not in str(db.rows('SELECT old, new FROM history'))


def test_a_deleted_note_takes_its_tags_along(staff, note):
    from appliance.tools.planted.deleting import delete_note, erase_note, restore_note  # cycle: the tool is on by now
    ana = staff('ana')
    tags.add_tags(ana, NOTE, note, 'plan')
    delete_note(ana, note)
    assert tags.bearing(ana, 'plan')['found'] == []
    restore_note(ana, note)
    assert len(tags.bearing(ana, 'plan')['found']) == 1
    delete_note(ana, note)
    erase_note(ana, note)
    assert not Tagging.select().exists()


def test_who_never_was_there(box):
    person_id = add_person(SYSTEM, 'nora', 'Nora')
    assert of(PERSON, person_id) == [] and tags.searched(PERSON, [person_id]) == {}
