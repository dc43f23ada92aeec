"""Where a look at what changed cannot be trusted, everybody is read."""
from dataclasses import replace
from datetime import timedelta

import ldap
import pytest

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.people import Person
from appliance.identity.directory import directories
from appliance.identity.directory.client import Connection
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured
from appliance.identity.directory.group_models import DirectoryGroupRule
from appliance.identity.directory.sync import looking, marks, positions, reading
from appliance.identity.directory.sync.models import SyncMark
from appliance.identity.models import Directory
from tests.ldap.people import SECRET
from tests.ldap.sync.conftest import TEN
from tests.looks import watched
from tests.ldap.sync.looks.conftest import is_out, only, restarted, steps


@only('list')
def test_without_a_cookie_another_process_reads_everybody_once(company, followed, follow, cheap):
    restarted(followed)
    with watched() as asked:
        assert follow() is None
    assert asked.wholes == 1
    with cheap():
        assert follow() is None


@pytest.mark.parametrize('doubt', [
    lambda: SyncMark.delete().execute(), lambda: SyncMark.update(server='another').execute(), lambda: SyncMark.update(sign='0 x').execute(),
    lambda: Directory.update(person_filter='(objectClass=person)').execute(), lambda: Directory.update(mapping={'phone': ['mobile']}).execute(),
    lambda: Directory.update(sync='known').execute(), lambda: SyncMark.update(full_at=clock.now() - timedelta(hours=4, minutes=1)).execute(),
    lambda: SyncMark.update(full_at=clock.now() + timedelta(hours=1)).execute()],
    ids=['no mark', 'server', 'sign', 'filter', 'mapping', 'sync', 'hours', 'clock set back'])
@only('cookie')
def test_what_cannot_be_trusted_is_a_look_at_everybody(company, followed, follow, doubt, cheap):
    doubt()
    company.delete('worker0')
    with watched() as asked:
        assert steps(follow()) == {'disable': [('Worker0', 'gone')]}
    assert asked.wholes == 1
    with cheap():
        assert follow() is None


@only('cookie')
def test_a_server_that_was_set_back_is_read_whole(company, followed, follow):
    """A copy from before: its newest change is older than what was seen."""
    restarted(followed)
    SyncMark.update(high={whose: text.replace('2026', '2027') for whose, text in SyncMark.get().high.items()}).execute()
    with watched() as asked:
        follow()
    assert asked.wholes == 1
    restarted(followed)
    SyncMark.update(high={**SyncMark.get().high, 'x 001': '20200101000000.000000Z#000000#001#000000'}).execute()
    with watched() as asked:
        follow()
    assert asked.wholes == 1, 'nor one that lost the number of another'


def test_a_server_that_was_away_is_read_whole(monkeypatch, company, followed, follow):
    """It may come back from a backup."""
    real = Connection.search
    monkeypatch.setattr(Connection, 'search', lambda *args, **kwargs: (_ for _ in ()).throw(DirectoryDown('closed')))
    with pytest.raises(DirectoryDown):
        follow()
    monkeypatch.setattr(Connection, 'search', real)
    with watched() as asked:
        assert follow() is None
    assert asked.wholes == 1


@only('cookie')
def test_whoever_must_go_does_not_wait_for_the_look_at_everybody(monkeypatch, company, followed, follow):
    """That one takes long where a filter walks through groups, so what changed comes first."""
    SyncMark.update(full_at=clock.now() - timedelta(hours=5)).execute()
    looking._memory[followed] = replace(looking._memory[followed], full_at=SyncMark.get().full_at)
    company.delete('worker0')
    real, out = reading.read, []

    def read(*args):
        out.append(is_out('worker0'))
        return real(*args)
    monkeypatch.setattr(reading, 'read', read)
    follow()
    assert out == [False, True] and SyncMark.get().full_at > clock.now() - timedelta(minutes=1)


@only('cookie')
@pytest.mark.parametrize('error', [ldap.SIZELIMIT_EXCEEDED, ldap.SERVER_DOWN, ldap.OPERATIONS_ERROR])
def test_a_list_that_breaks_off_makes_nobody_absent(monkeypatch, company, follow, error):
    monkeypatch.setattr(reading, 'PAGE', 4)
    real = Connection.pages

    def broken(self, search_filter, attributes, *args):
        for number, page in enumerate(real(self, search_filter, attributes, *args)):
            if number and len(attributes) == 2:
                raise error()
            yield page
    monkeypatch.setattr(Connection, 'pages', broken)
    company.delete('worker0')
    with watched() as asked:
        assert steps(follow()) == {'disable': [('Worker0', 'gone')]}
    assert asked.wholes == 1


@only('cookie')
def test_much_at_once_is_a_look_at_everybody(monkeypatch, company, follow):
    monkeypatch.setattr(looking, 'MOST_ASKED', 3)
    for login in TEN[:4]:
        company.change(login, title='Foreman')
    with watched() as asked:
        assert len(follow().steps['change']) == 4
    assert asked.wholes == 1


@only('cookie')
@pytest.mark.parametrize('nonsense', [{'contextcsn': [b'x'], 'entryuuid': [b'\xff']}, {'contextcsn': [b'']}, {'contextcsn': []}])
def test_a_server_that_says_nonsense_is_read_whole(monkeypatch, company, follow, nonsense):
    real = positions.plain
    monkeypatch.setattr(positions, 'plain', lambda values: real(values) | (nonsense if 'contextCSN' in values else {}))
    company.change('worker1', title='Foreman')
    with watched() as asked:
        assert steps(follow()) == {'change': [('Worker1', 'changed')]}
    assert asked.wholes == 1


@pytest.mark.parametrize('overlays', [('access to dn.base="" by * none', ''), ('', 'access to attrs=entryCSN,modifyTimestamp by * none')], indirect=True, ids=['root', 'marks'])
def test_a_server_that_shows_little_is_read_all_the_same(company, follow):
    for login in ('worker1', 'worker2'):
        company.delete(login)
        assert steps(follow()) == {'disable': [(login.title(), 'gone')]}


@only('cookie')
def test_a_refused_account_is_not_tried_twice(monkeypatch, company, followed, follow):
    directories.edit_directory(SYSTEM, followed, secret='another')
    real, tried = Connection.bind, []
    monkeypatch.setattr(Connection, 'bind', lambda self, *args: tried.append(args) or real(self, *args))
    with pytest.raises(DirectoryMisconfigured):
        follow()
    assert len(tried) == 1


@only('cookie')
def test_a_mark_is_of_what_decides(box, company, followed):
    directory = directories.load(followed)
    assert marks.is_of(SyncMark.get().sign, directory, True, []) and not marks.is_of(SyncMark.get().sign, directory, False, [])
    assert not marks.is_of(SyncMark.get().sign, directory, True, [DirectoryGroupRule(uuid='x', kind='role', what='y')])
    assert SECRET not in SyncMark.get().sign and len(Person.select()) == 10
