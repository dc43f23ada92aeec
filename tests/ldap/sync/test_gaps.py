"""A directory that cannot be followed: told once after a quarter of an hour, and once when it is back; the check says it all the time."""
from datetime import timedelta

import pytest
import time_machine

from appliance.core import checks, clock, listeners, notices
from appliance.core.actor import ADMINISTRATOR, SYSTEM
from appliance.core.db import row, rows
from appliance.core.i18n import language
from appliance.core.people import actor_for, add_person, give_role
from appliance.identity.directory import gaps
from appliance.identity.directory.sync import following
from appliance.identity.models import Directory
from tests.ldap.sync.conftest import nothing_written
from tests.postgresql import free_port


@pytest.fixture
def lost(company, followed):
    """The id of the directory, which is not where its row says."""
    Directory.update(url=f'ldap://127.0.0.1:{free_port()}').execute()
    return followed


def found(box):
    return next(one for one in checks.run(box.config) if one['name'] == 'directory')


def events():
    return [name for name, in rows("SELECT name FROM event WHERE name IN ('identity.directory.lost', 'identity.directory.found') ORDER BY id")]


def test_it_is_told_once_and_once_when_it_is_back(box, company, lost):
    with time_machine.travel(clock.now(), tick=False) as traveller:
        begun = clock.now()
        for _minute in range(40):
            following.follow_all()
            traveller.shift(timedelta(minutes=1))
        assert events() == ['identity.directory.lost']
        assert gaps.open_gaps()[0][2] == begun
        Directory.update(url=company.server.url).execute()
        following.follow_all()
        assert events() == ['identity.directory.lost', 'identity.directory.found'] and gaps.open_gaps() == []
        with nothing_written():
            following.follow_all()


def test_what_passes_within_a_quarter_of_an_hour_is_told_to_nobody(company, lost):
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for _minute in range(14):
            following.follow_all()
            traveller.shift(timedelta(minutes=1))
        Directory.update(url=company.server.url).execute()
        following.follow_all()
    assert events() == [] and row('SELECT count(*) FROM directory_gap')[0] == 0


def test_a_failure_that_goes_on_writes_nothing(lost):
    following.follow_all()
    with nothing_written():
        following.follow_all()


def test_the_check_warns_and_then_fails_and_says_what_to_do(box, company, lost):
    with time_machine.travel(clock.now(), tick=False) as traveller:
        following.follow_all()
        assert (found(box)['code'], found(box)['state']) == ('directory.missed', 'warning')
        traveller.shift(timedelta(minutes=16))
        one = found(box)
        assert (one['code'], one['state']) == ('directory.lost', 'failed') and 'Company since' in one['message'] and 'still gets at' in one['meaning']
    Directory.update(sync='off').execute()
    assert found(box)['code'] == 'directory.none'
    following.follow_all()
    assert row('SELECT count(*) FROM directory_gap')[0] == 0
    Directory.update(sync='known', url=company.server.url).execute()
    following.follow_all()
    assert found(box)['code'] == 'directory.well'


def test_administrators_read_it_in_their_language(lost):
    person_id = add_person(SYSTEM, 'boss', 'The boss')
    give_role(SYSTEM, person_id, ADMINISTRATOR)
    with time_machine.travel(clock.now(), tick=False) as traveller:
        following.follow_all()
        traveller.shift(timedelta(minutes=16))
        following.follow_all()
        while listeners.deliver():
            pass
    boss = actor_for(person_id, 'test')
    (one,) = [notice for notice in notices.listing(boss)['notices'] if notice['url'].startswith('/admin/directories')]
    assert 'Nothing listens' in one['text'] and one['url'] == f'/admin/directories/{lost}'
    with language('es'):
        assert 'El directorio Company no se puede seguir' in [notice['text'] for notice in notices.listing(boss)['notices'] if notice['url'] == one['url']][0]
