"""Identity's migrations on a portal that has people and a directory already."""

from appliance.core import db, migrations
from appliance.core.actor import SYSTEM
from appliance.core.people import Person, add_person, set_language
from appliance.core.settings import set_setting
from appliance.identity.directory import directories
from appliance.identity.models import DirectoryPerson

BASE = 'dc=company,dc=test'


def back_to_before(name, added):
    """Take a migration's columns ({table: [column, ...]}) and its entry in the history away."""
    for table, columns in added.items():
        for column in columns:
            db.database.execute_sql(f'ALTER TABLE {table} DROP COLUMN {column}')
    db.database.execute_sql(f"DELETE FROM identity_migration WHERE name = '{name}'")


def test_rows_from_before_several_servers_are_kept(box):
    set_setting(SYSTEM, 'company.language', 'es')
    number = directories.add_directory(SYSTEM, 'company', 'ldaps://dc1.company.test', BASE, 'secret', bind_dn=f'cn=portal,{BASE}')
    english, spanish = add_person(SYSTEM, 'english', 'E', language='en'), add_person(SYSTEM, 'spanish', 'S')
    set_language(SYSTEM, english, 'en')
    DirectoryPerson.create(directory=number, uuid='00000000-0000-0000-0000-000000000001', person=spanish, dn='')
    db.database.execute_sql('DROP INDEX person_employee_number')
    back_to_before('0005_servers', {'directory': ['more_servers', 'more_bases', 'failures'], 'directory_person': ['photo', 'photo_at'],
                                    'person': ['employee_number', 'has_chosen_language']})
    migrations.migrate()
    kept = directories.load(number)
    assert (kept.url, kept.base_dn, kept.bind_password) == ('ldaps://dc1.company.test', BASE, 'secret')
    assert {person.login: (person.employee_number, person.has_chosen_language) for person in Person.select()} == {
        'english': ('', True), 'spanish': ('', False)}
    tie = DirectoryPerson.get()
    assert (tie.person_id, tie.photo, tie.photo_at) == (spanish, '', None)
