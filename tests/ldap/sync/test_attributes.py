"""What else is taken from an entry: the employee number, the language where nobody chose one, and the photo."""

import io
import itertools
import tempfile
from datetime import timedelta

import pytest
import time_machine
from PIL import Image

from appliance.core import clock, photos
from appliance.core.actor import SYSTEM
from appliance.core.errors import Busy, Invalid
from appliance.core.people import PersonBlock, actor_for, set_language
from appliance.core.personal.forgotten import FORGOTTEN
from appliance.core.photos import PersonPhoto
from appliance.identity import accounts
from appliance.identity.directory import directories
from appliance.identity.directory.client import Connection
from appliance.identity.directory.errors import DirectoryDown
from appliance.identity.directory.sync import following, runs
from appliance.identity.directory.sync import photos as sync_photos
from appliance.identity.models import DirectoryPerson
from appliance.tools.people import editing, rules
from tests.ldap.people import PASSWORD, PEOPLE
from tests.ldap.sync.conftest import nothing_written, tie, who


def picture(colour, kind='JPEG'):
    """A small picture as bytes."""
    with io.BytesIO() as file:
        Image.new('RGB', (80, 60), colour).save(file, kind)
        return file.getvalue()


@pytest.fixture
def show(company):
    """Give an entry a picture, or take it away: show('worker1', bytes or None)."""
    return lambda login, data: company._root.modify_s(f'uid={login},{PEOPLE}', [(2, 'jpegPhoto', [data] if data is not None else None)])


@pytest.fixture
def look(followed):
    """Look at everybody, and at the pictures of all, as if another day had passed."""
    days = itertools.count(2, 2)

    def again():
        with time_machine.travel(clock.now() + timedelta(days=next(days))):
            following.follow_all()
    return again


def photo_of(login):
    return who(login).photo


def test_the_number_comes_and_goes(company, follow):
    company.change('worker1', employeeNumber='0042-A')
    assert follow().steps == {'change': [('Worker1', 'changed', 'applied')]}
    assert who('worker1').employee_number == '0042-A'
    company.change('worker1', employeeNumber=None)
    follow()
    assert who('worker1').employee_number == ''


@pytest.mark.parametrize('wrong', ['x' * 65, 'a\u202eb', b'\xff\xfe'.decode('latin-1') * 40])
def test_a_number_that_is_none_is_left_out(company, follow, wrong):
    company.change('worker1', employeeNumber=wrong)
    follow()
    assert who('worker1').employee_number == ''


def test_the_number_is_seen_by_himself_and_who_manages_people(company, follow):
    company.change('worker1', employeeNumber='42')
    follow()
    one = actor_for(who('worker1').id, 'test')
    assert rules.profile(one, one.person_id)['employee_number'] == rules.profile(SYSTEM, one.person_id)['employee_number'] == '42'
    assert 'employee_number' not in rules.profile(actor_for(who('worker2').id, 'test'), one.person_id)
    with pytest.raises(Invalid, match='directory'):
        editing.edit_profile(SYSTEM, one.person_id, {'employee_number': '7'})


@pytest.mark.parametrize(('said', 'language'), [('es', 'es'), ('es-MX, en;q=0.5', 'es'), ('fr, es;q=0.8', 'es'), ('ES_es', 'es'), ('fr', 'en'), ('', 'en'), ('x' * 300, 'en')])
def test_the_language_of_the_directory_is_a_newcomers(company, followed, follow, said, language):
    company.add('newcomer', **({'preferredLanguage': said} if said else {}))
    assert follow().steps == {'create': [('Newcomer', 'new', 'applied')]}
    assert who('newcomer').language == language
    assert follow() is None


def test_who_chose_a_language_keeps_it(company, follow):
    person_id = who('worker1').id
    set_language(actor_for(person_id, 'test'), person_id, 'en')     # what he has already is a choice, too
    company.change('worker1', preferredLanguage='es', title='Foreman')
    company.change('worker2', preferredLanguage='es', userPassword=PASSWORD)
    follow()
    assert (who('worker1').language, who('worker1').title, who('worker2').language) == ('en', 'Foreman', 'es')
    company.change('worker2', preferredLanguage=None)
    assert follow() is None and who('worker2').language == 'es'
    set_language(actor_for(who('worker2').id, 'test'), who('worker2').id, 'en')
    company.change('worker2', preferredLanguage='es')
    accounts.log_in('worker2', PASSWORD, '192.0.2.1')
    assert follow() is None and who('worker2').language == 'en'


def test_what_a_run_gave_is_taken_back(company, follow):
    company.change('worker1', employeeNumber='42', preferredLanguage='es')
    run = follow()
    runs.undo(SYSTEM, run.id)
    following.carry_on(run.id)
    assert (who('worker1').employee_number, who('worker1').language) == ('', 'en')


def test_a_photo_comes_is_replaced_and_goes(company, show, look):
    show('worker1', picture('red'))
    look()
    red = photo_of('worker1')
    assert red and photo_of('worker2') is None
    show('worker1', picture('blue', 'PNG'))
    look()
    assert photo_of('worker1') not in (None, red)
    show('worker1', None)
    look()
    assert photo_of('worker1') is None and not PersonPhoto.select().exists()


def test_an_unchanged_photo_is_not_made_again(company, show, look, monkeypatch):
    show('worker1', picture('red'))
    look()
    made = []
    monkeypatch.setattr(photos, 'make', lambda file: made.append(file))
    look()
    assert made == [] and photo_of('worker1')


def test_a_look_at_everybody_carries_no_picture_and_writes_nothing(company, followed, follow, show):
    show('worker1', picture('red'))
    following.follow_all()
    with nothing_written():
        following.follow_all()
    assert b'JFIF' not in repr(following._read(directories.load(followed)).found).encode()


def test_who_changed_shows_his_picture_at_once(company, followed, show):
    following.follow_all()
    show('worker1', picture('red'))
    following.follow_all()
    assert photo_of('worker1') is None, 'his turn comes within a day'
    company.change('worker1', title='Foreman')
    following.follow_all()
    assert photo_of('worker1')


def test_his_own_photo_stays_where_the_directory_has_none(company, show, look):
    with tempfile.TemporaryFile() as file:
        file.write(picture('green'))
        file.flush()
        large, small = photos.make(file)
    one = actor_for(who('worker1').id, 'test')
    own = editing.set_photo(one, one.person_id, large, small)
    look()
    assert photo_of('worker1') == own
    show('worker1', picture('red'))
    look()
    assert photo_of('worker1') != own
    with pytest.raises(Invalid, match='directory'):
        editing.set_photo(one, one.person_id, large, small)
    show('worker1', None)
    look()
    editing.set_photo(one, one.person_id, large, small)


@pytest.mark.parametrize('data', [b'no picture', b'\xff\xd8\xff\x00 cut short', picture('red', 'GIF'), b'<svg xmlns="http://www.w3.org/2000/svg"/>', picture('red')[:200]],
                         ids=['text', 'a mark', 'gif', 'svg', 'half'])
def test_what_is_no_picture_changes_nothing_and_is_tried_once(company, show, look, data, monkeypatch):
    show('worker1', picture('red'))
    look()
    red = photo_of('worker1')
    show('worker1', data)
    look()
    assert photo_of('worker1') == red and tie('worker1').photo.startswith('!')
    made = []
    monkeypatch.setattr(sync_photos, '_made', made.append)
    look()
    assert made == []
    assert 'photo' not in rules.filled_by(who('worker1').id)['fields'], 'so that he may send one himself'


def test_others_that_open_pictures_keep_no_directory_from_being_followed(company, followed, show, monkeypatch):
    show('worker1', picture('red'))

    def busy(file):
        raise Busy()
    monkeypatch.setattr(photos, 'make', busy)
    following.follow_all()
    assert tie('worker1').photo == '' and tie('worker1').photo_at is None
    monkeypatch.undo()
    following.follow_all()
    assert photo_of('worker1')


def test_a_search_that_fails_lets_the_others_come(company, followed, show, monkeypatch):
    show('worker9', picture('red'))
    monkeypatch.setattr(sync_photos, 'A_SEARCH', 1)
    monkeypatch.setattr(sync_photos, 'AT_ONCE', 3)
    first, failed, real = min(sync_photos._due(directories.load(followed))), [], Connection.search

    def search(connection, search_filter, attributes, **more):
        if first in search_filter and search_filter.startswith('(|'):        # a search for photos
            failed.append(first)
            raise DirectoryDown('silent')
        return real(connection, search_filter, attributes, **more)
    monkeypatch.setattr(Connection, 'search', search)
    for _go in range(5):
        following.follow_all()
    assert failed == [first] and not DirectoryPerson.select().where(DirectoryPerson.photo_at.is_null()).exists()
    assert photo_of('worker9') or tie('worker9').uuid == first


def test_a_forgotten_person_gets_no_photo_back(company, followed, show):
    show('worker1', picture('red'))
    PersonBlock.insert(person=who('worker1').id, source=FORGOTTEN, reason='', at=clock.now()).execute()
    following.follow_all()
    assert photo_of('worker1') is None


def test_without_a_mapping_nobody_is_asked(company, followed, show):
    directories.edit_directory(SYSTEM, followed, mapping={'photo': [], 'employee_number': [], 'language': []})
    show('worker1', picture('red'))
    company.change('worker1', employeeNumber='42', preferredLanguage='es')
    following.follow_all()
    assert (photo_of('worker1'), who('worker1').employee_number, who('worker1').language) == (None, '', 'en')
