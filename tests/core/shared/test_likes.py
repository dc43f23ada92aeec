"""Likes: said once however often, counted once, seen by whom the object is seen by."""
import threading

import pytest

from appliance.core import db, likes
from appliance.core.errors import NotFound
from appliance.core.likes import Liking, like, likes_of, who_likes
from tests.core.shared.conftest import turn

KIND = 'planted.note'


def told():
    return [name for name, in db.rows('SELECT name FROM event WHERE name LIKE ? ORDER BY id', 'core.liking.%')]


def test_twice_is_once_and_back_is_none(staff, note):
    assert like(staff('ben'), KIND, note) == {'count': 1, 'is_liked': True} == like(staff('ben'), KIND, note)
    assert like(staff('ana'), KIND, note)['count'] == 2 and likes_of(staff('ben'), KIND, note) == {'count': 2, 'is_liked': True}
    assert like(staff('ben'), KIND, note, False) == {'count': 1, 'is_liked': False} == like(staff('ben'), KIND, note, False)
    assert told() == ['core.liking.added', 'core.liking.added', 'core.liking.removed']


def test_at_once_from_many_tabs_is_counted_once(staff, note, engine):
    actor, faults = staff('ben'), []

    def click():
        try:
            with db.connected():
                like(actor, KIND, note)
        except Exception as error:      # seen below
            faults.append(error)

    tabs = [threading.Thread(target=click) for _tab in range(4)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert faults == [] and likes_of(actor, KIND, note)['count'] == 1 and told() == ['core.liking.added']


def test_who_likes_it_page_by_page(notes, staff, note):
    notes.share_note(staff('ana'), note, 'everybody')
    for name in ('ana', 'ben', 'eva', 'root'):
        like(staff(name), KIND, note)
    page = who_likes(staff('ben'), KIND, note, most=3)
    assert [one['name'] for one in page['people']] == ['Root Núñez', 'Eva Núñez', 'Ben Núñez'] and all(one['is_seen'] for one in page['people'])
    rest = who_likes(staff('ben'), KIND, note, page['older'], most=3)
    assert [one['name'] for one in rest['people']] == ['Ana Núñez'] and rest['older'] is None


@pytest.mark.parametrize(('kind', 'object_id'), [('planted.note', 99), ('planted.note', -1), ('core.person', 1), ('core.comment', 99), ('x', 1)])
def test_what_cannot_be_liked(staff, note, kind, object_id):
    for call in (like, likes_of, who_likes):
        with pytest.raises(NotFound):
            call(staff('ana'), kind, object_id)


def test_unseen_or_off_is_absent_and_comes_back(staff, note):
    like(staff('ben'), KIND, note)
    for name in ('eva', 'gus', 'root'):
        for call in (like, likes_of, who_likes):
            with pytest.raises(NotFound):
                call(staff(name), KIND, note)
    turn(False)
    with pytest.raises(NotFound):
        likes_of(staff('ben'), KIND, note)
    turn(True)
    assert likes_of(staff('ana'), KIND, note) == {'count': 1, 'is_liked': False} and Liking.select().count() == 1
    assert likes.label() == 'Like'
