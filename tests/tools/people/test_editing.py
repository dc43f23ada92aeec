"""Who may change which field of whom, what stands in the way, and what is told of it."""
from datetime import date, timedelta

import pytest

from appliance.core import audit, clock, db, settings
from appliance.core.actor import ANONYMOUS, SYSTEM
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.outbox import Outbox
from appliance.core.people import Person, add_person, update_person
from appliance.tools.people import OWN_FIELDS
from appliance.tools.people.editing import edit_profile, fields_of, opened
from appliance.tools.people.rules import access_person, filled_by
from tests.tools.people.test_routes import link_to_directory

ALL = ['photo', 'name', 'title', 'phone', 'mail', 'birthday', 'employee_number', 'department_id', 'login']


def may(lumbreras, role, whom):
    actor = lumbreras.actor(role)
    return fields_of(actor, access_person(actor, lumbreras.ids[whom]), filled_by(lumbreras.ids[whom]))


def stored(lumbreras, login='employee'):
    return Person.get_by_id(lumbreras.ids[login])


def told():
    """[(to, doors)] of the mails that told of a way in."""
    return [(one.recipient, one.data['doors']) for one in Outbox.select().where(Outbox.template == 'people/mail/door').order_by(Outbox.id)]


def test_who_may_what(lumbreras):
    own = ['photo', 'phone', 'birthday']
    assert may(lumbreras, 'administrator', 'employee') == ALL
    assert may(lumbreras, 'administrator', 'administrator') == ALL
    assert may(lumbreras, 'administrator', 'guest') == [*ALL[:7], 'contact', 'login']
    assert may(lumbreras, 'employee', 'employee') == may(lumbreras, 'guest', 'guest') == own
    for role, whom in (('head', 'employee'), ('outsider', 'employee'), ('employee', 'guest'), ('guest', 'employee')):
        assert may(lumbreras, role, whom) == []
        with pytest.raises(NotAllowed):
            opened(lumbreras.actor(role), lumbreras.ids[whom])


def test_the_unseen_cannot_be_edited_and_is_not_told_of(lumbreras):
    for actor, whom in ((lumbreras.actor('guest'), lumbreras.ids['outsider']), (lumbreras.actor('outsider'), lumbreras.ids['guest']),
                        (lumbreras.actor('administrator'), 10**6), (lumbreras.actor('administrator'), 0), (ANONYMOUS, lumbreras.ids['employee'])):
        with pytest.raises(NotFound):
            opened(actor, whom)
        with pytest.raises(NotFound):
            edit_profile(actor, whom, {'phone': '1'})


def test_the_company_decides_what_people_change_of_themselves(lumbreras):
    settings.set_setting(SYSTEM, 'people.own_fields', 'title, name')
    assert may(lumbreras, 'employee', 'employee') == ['name', 'title']
    assert edit_profile(lumbreras.actor('employee'), lumbreras.ids['employee'], {'title': 'Chief'}) == ['title']
    with pytest.raises(NotAllowed):
        edit_profile(lumbreras.actor('employee'), lumbreras.ids['employee'], {'phone': '1'})
    settings.set_setting(SYSTEM, 'people.own_fields', '')
    assert may(lumbreras, 'employee', 'employee') == []
    assert settings.get_setting('people.own_fields') == []
    for wrong in ('mail', 'login', 'phone;birthday', 'kind', 'photo phone', 'epoch'):
        with pytest.raises(Invalid):
            settings.set_setting(SYSTEM, 'people.own_fields', wrong)
    settings.set_setting(SYSTEM, 'people.own_fields', ' birthday ,photo,, photo')
    assert settings.get_setting('people.own_fields') == ['photo', 'birthday']
    assert not {'mail', 'login'} & set(OWN_FIELDS)


def test_nobody_widens_what_he_may(lumbreras):
    before, employee = stored(lumbreras).__data__, lumbreras.actor('employee')
    for values in ({'name': 'x'}, {'mail': 'x@y.example'}, {'login': 'x'}, {'title': 'x'}, {'department_id': 1}, {'kind': 'employee'}, {'epoch': 1},
                   {'id': 1}, {'contact': 'employee'}, {'language': 'es'}, {'phone': '1', 'mail': 'x@y.example'}, {'': ''}):
        with pytest.raises((NotAllowed, Invalid)):
            edit_profile(employee, lumbreras.ids['employee'], values)
    assert stored(lumbreras).__data__ == before


def test_an_administrator_changes_all(lumbreras):
    values = {'name': 'Tomás H. Ñ', 'title': 'Chief', 'phone': '+1', 'mail': 'new@lumbreras.example', 'birthday': date(1990, 2, 28),
              'department_id': 3, 'login': 'Tomas'}
    changed = edit_profile(lumbreras.actor('administrator'), lumbreras.ids['employee'], values)
    assert changed == sorted(values)
    person = stored(lumbreras)
    assert (person.name, person.login, person.birthday, person.department_id) == ('Tomás H. Ñ', 'tomas', date(1990, 2, 28), 3)
    assert person.sort_name == 'tomas h. n' and 'new@lumbreras' in person.words


def test_what_changed_is_told_and_written_down_by_its_name_alone(lumbreras):
    edit_profile(lumbreras.actor('employee'), lumbreras.ids['employee'], {'phone': '+34 SECRET', 'birthday': '1992-06-27'})
    row = audit.listing(what='core.person.updated')['rows'][0]
    assert (row['person_id'], row['object'], row['data']) == (lumbreras.ids['employee'], f'core.person:{lumbreras.ids["employee"]}', {'changed': ['phone']})
    event = db.row("SELECT object, data FROM event WHERE name = 'core.person.updated' ORDER BY id DESC LIMIT 1")
    assert event[0] == row['object'] and '"changed":["phone"]' in event[1] and 'SECRET' not in event[1]


def test_nothing_changed_is_nothing_told(lumbreras):
    person = stored(lumbreras)
    count = db.row('SELECT count(*) FROM event')
    assert edit_profile(lumbreras.actor('employee'), person.id, {'phone': person.phone, 'birthday': person.birthday.isoformat()}) == []
    assert db.row('SELECT count(*) FROM event') == count


WRONG = [
    ('name', ''), ('name', '   '), ('name', 'x' * 201), ('name', 'a\0b'), ('name', 'a\u202eb'), ('name', 7), ('name', None),
    ('mail', 'no address'), ('mail', 'a@b, c@d'), ('mail', 'x' * 250 + '@y.example'), ('mail', 'a\n@b.example'), ('login', ''), ('login', 'two words'),
    ('login', 'x' * 101), ('phone', 'x' * 51), ('phone', '1\r\n2'), ('title', 'x' * 201), ('birthday', 'yesterday'), ('birthday', '1992-13-01'),
    ('birthday', '1899-12-31'), ('birthday', (clock.now() + timedelta(days=2)).date()), ('birthday', 7), ('birthday', clock.now()),
    ('department_id', 99), ('department_id', 'x'), ('department_id', -1), ('contact', 'nobody'), ('contact', 'guest'), ('contact', 7), ('photo', 'x')]


def test_a_wrong_value_names_its_field(lumbreras):
    administrator = lumbreras.actor('administrator')
    for field, value in WRONG:
        with pytest.raises(Invalid) as refused:
            edit_profile(administrator, lumbreras.ids['guest' if field == 'contact' else 'employee'], {field: value})
        assert refused.value.field == field, value


def test_a_login_that_is_taken_is_a_conflict_at_its_field(lumbreras):
    with pytest.raises(Conflict) as refused:
        edit_profile(lumbreras.actor('administrator'), lumbreras.ids['employee'], {'login': 'HEAD'})
    assert refused.value.details['field'] == 'login'


def test_a_guest_gets_another_contact_or_none(lumbreras):
    administrator, guest = lumbreras.actor('administrator'), lumbreras.ids['guest']
    assert opened(administrator, guest)['values']['contact'] == 'employee'
    edit_profile(administrator, guest, {'contact': ' Head '})
    assert stored(lumbreras, 'guest').contact_id == lumbreras.ids['head']
    edit_profile(administrator, guest, {'contact': ''})
    assert stored(lumbreras, 'guest').contact_id is None


def test_empty_is_none(lumbreras):
    edit_profile(lumbreras.actor('administrator'), lumbreras.ids['employee'], {'birthday': None, 'phone': '', 'title': '', 'mail': '', 'department_id': None})
    person = stored(lumbreras)
    assert (person.birthday, person.phone, person.title, person.mail, person.department_id) == (None, '', '', '', None)


# A directory.

def test_what_a_directory_fills_is_changed_there(lumbreras):
    link_to_directory(lumbreras.ids['employee'])
    assert may(lumbreras, 'administrator', 'employee') == may(lumbreras, 'employee', 'employee') == ['photo', 'birthday']
    for field in ('name', 'title', 'phone', 'mail', 'login', 'department_id'):
        for role in ('administrator', 'employee'):
            with pytest.raises(Invalid) as refused:
                edit_profile(lumbreras.actor(role), lumbreras.ids['employee'], {field: 'x'})
            assert refused.value.field == field and 'Company LDAP' in str(refused.value)
    assert edit_profile(lumbreras.actor('employee'), lumbreras.ids['employee'], {'birthday': '1992-06-28'}) == ['birthday']


# Doors.

def test_the_old_address_is_told(lumbreras):
    administrator, whom = lumbreras.actor('administrator'), lumbreras.ids['employee']
    edit_profile(administrator, whom, {'phone': '1', 'title': 'x'})
    assert told() == []
    edit_profile(administrator, whom, {'mail': 'new@lumbreras.example'})
    assert told() == [('employee@lumbreras.example', ['mail'])]
    edit_profile(administrator, whom, {'login': 'tomas'})
    assert told()[1:] == [('new@lumbreras.example', ['login'])]
    edit_profile(administrator, whom, {'login': 'tomas2', 'mail': ''})
    assert told()[2:] == [('new@lumbreras.example', ['login', 'mail'])]
    edit_profile(administrator, whom, {'mail': 'again@lumbreras.example'})
    assert len(told()) == 3      # there was no address
    mail = Outbox.select().where(Outbox.template == 'people/mail/door').first()
    assert mail.data['by'] == 'Inés Navarro' and 'new@' not in str(mail.data)


def test_nobody_is_told_of_what_was_taken_back(lumbreras):
    with pytest.raises(Invalid):
        edit_profile(lumbreras.actor('administrator'), lumbreras.ids['employee'], {'mail': 'new@lumbreras.example', 'department_id': 99})
    assert told() == [] and stored(lumbreras).mail == 'employee@lumbreras.example'


# Two at once.

def test_two_who_change_different_fields_both_keep_theirs(lumbreras):
    administrator, whom = lumbreras.actor('administrator'), lumbreras.ids['employee']
    page = opened(administrator, whom)
    edit_profile(lumbreras.actor('employee'), whom, {'phone': '+34 theirs'})
    # The form sends all of its fields, as it showed them.
    assert edit_profile(administrator, whom, page['values'] | {'title': 'Ours'}, page['seen']) == ['title']
    assert (stored(lumbreras).phone, stored(lumbreras).title) == ('+34 theirs', 'Ours')


def test_two_who_change_the_same_field_are_told(lumbreras):
    administrator, whom = lumbreras.actor('administrator'), lumbreras.ids['employee']
    page = opened(administrator, whom)
    edit_profile(lumbreras.actor('employee'), whom, {'phone': '+34 theirs'})
    with pytest.raises(Conflict) as refused:
        edit_profile(administrator, whom, page['values'] | {'phone': '+34 ours'}, page['seen'])
    assert refused.value.details['field'] == 'phone' and '+34 theirs' in str(refused.value)
    again = opened(administrator, whom)
    assert edit_profile(administrator, whom, page['values'] | {'phone': '+34 ours'}, again['seen']) == ['phone']


def test_two_who_want_the_same_agree(lumbreras):
    administrator, whom = lumbreras.actor('administrator'), lumbreras.ids['employee']
    page = opened(administrator, whom)
    update_person(SYSTEM, whom, phone='+34 same')
    assert edit_profile(administrator, whom, page['values'] | {'phone': '+34 same'}, page['seen']) == []


def test_marks_of_somebody_else_do_no_harm(lumbreras):
    for number, seen in enumerate(('', 'x', '[]', '{}', '{"phone": 7}', '{"phone": ["a"]}', 'null', '7', '"' * 100)):
        try:
            edit_profile(lumbreras.actor('employee'), lumbreras.ids['employee'], {'phone': f'+34 {number}'}, seen)
        except Conflict:
            continue
        assert stored(lumbreras).phone == f'+34 {number}'


def test_marks_say_nothing(lumbreras):
    page = opened(lumbreras.actor('administrator'), lumbreras.ids['employee'])
    assert '1992' not in page['seen'] and 'lumbreras' not in page['seen']


def test_a_service_account_has_no_profile_of_its_own(lumbreras):
    robot = add_person(SYSTEM, 'robot', 'Robot', kind='service')
    assert opened(lumbreras.actor('administrator'), robot)['fields'] == ALL
    with pytest.raises(NotFound):
        opened(lumbreras.actor('employee'), robot)
