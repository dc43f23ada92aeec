"""The history of fields: written by the action, read by whom the object is seen by, gone with it."""
import pytest

from appliance.core import db, history
from appliance.core.actor import SYSTEM
from appliance.core.errors import NotFound

KIND = 'planted.note'


def read(actor, note, **options):
    return [(one['person'], one['title'], one['old'], one['new']) for one in history.of(actor, KIND, note, **options)['changes']]


def test_a_rule_writes_what_changed_and_nothing_else(notes, staff, note):
    notes.share_note(staff('ana'), note, 'everybody')
    notes.share_note(staff('ana'), note, 'everybody')
    notes.share_note(staff('ana'), note, '')
    assert read(staff('ana'), note) == [('Ana Núñez', 'Shared with', 'everybody', None), ('Ana Núñez', 'Shared with', 'department:1', 'everybody')]
    for name in ('ben', 'eva', 'root'):
        with pytest.raises(NotFound):
            read(staff(name), note)


def test_what_is_not_declared_or_not_his_to_see_is_not_shown(staff, note, monkeypatch):
    with db.write('test'):
        history.note(SYSTEM, KIND, note, {'secret': (None, 'x'), 'shared': ('a', 'b')})
        history.note(SYSTEM, KIND, note + 1, {'shared': ('c', 'd')})
    assert read(staff('ben'), note) == [(None, 'Shared with', 'a', 'b')]
    owner = staff('ana').person_id
    secret = {'secret': history.Field('Secret', is_seen=lambda actor, note_id: actor.person_id == owner)}
    known = history.declared()[KIND]
    monkeypatch.setitem(history._fields, KIND, lambda: known() | secret)
    assert len(read(staff('ana'), note)) == 2 and len(read(staff('ben'), note)) == 1


def test_it_comes_by_pages(staff, note):
    with db.write('test'):
        for number in range(5):
            history.note(SYSTEM, KIND, note, {'shared': (str(number), str(number + 1))})
    page = history.of(staff('ben'), KIND, note, most=3)
    rest = history.of(staff('ben'), KIND, note, page['older'], most=3)
    assert [one['new'] for one in page['changes'] + rest['changes']] == ['5', '4', '3', '2', '1'] and rest['older'] is None


def test_it_is_written_in_an_action_only(box):
    with pytest.raises(RuntimeError):
        history.note(SYSTEM, KIND, 1, {'shared': (1, 2)})
