"""Directories that break off, point elsewhere, are not who they say, or say nothing: nobody is cut off for it, and nothing hangs."""
import os
import time
from dataclasses import replace

import pytest
import time_machine

from appliance.core import clock, db
from appliance.core.actor import SYSTEM
from appliance.core.people import Person, PersonBlock
from appliance.demo import directory as slapd
from appliance.identity.directory import directories
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured, WrongPair
from appliance.identity.directory.login import ask
from appliance.identity.directory.sync import batches, applying, following, planning, reading, runs
from appliance.identity.directory.sync.models import SyncRun, SyncStep
from appliance.identity.models import Directory, DirectoryPerson
from tests.actions import killing
from tests.ldap.authority import Authority
from tests.ldap.cutting import listener, wire
from tests.ldap.people import BASE, PASSWORD, PEOPLE, PORTAL, SECRET, person
from tests.ldap.silence import drip, grant_then_silence, never_answer, silent_server
from tests.ldap.sync.conftest import TEN
from tests.postgresql import free_port


def through(directory_id, port):
    """The directory is reached by another port from now on."""
    Directory.update(url=f'ldap://127.0.0.1:{port}', failed_at=None).where(Directory.id == directory_id).execute()


def test_an_answer_that_breaks_off_anywhere_cuts_nobody_off(company, followed, monkeypatch):
    """At whichever byte: in the bind, in an entry, between two pages, in the last word."""
    monkeypatch.setattr(reading, 'PAGE', 3)
    whole, gaps = 10, set()
    for cut in [*range(1, 3600, 173), 100_000]:
        with wire(company.server.port, cut) as port:
            through(followed, port)
            try:
                found = reading.read(directories.load(followed))
            except (DirectoryDown, DirectoryMisconfigured):
                gaps.add('nothing')
                continue
            plan = planning.make(directories.load(followed), found, creates=True)
        gaps.add(found.gap)
        assert not [step for step in plan.steps if step.kind == planning.DISABLE], cut
        assert bool(found.gap) == (len(found.found) < whole), cut
        assert not found.gap or plan.brake == 'lost', cut
    assert gaps == {'nothing', 'lost', ''}, 'cut before the first page, midway, and not at all'


def test_a_look_through_a_slow_wire_ends_in_time(company, followed, monkeypatch):
    monkeypatch.setattr(reading, 'READ_S', 1.5)
    with wire(company.server.port, each_s=0.1) as port:
        through(followed, port)
        begun = time.monotonic()
        with pytest.raises(DirectoryDown) as caught:
            reading.read(directories.load(followed))
        assert caught.value.reason == 'silent' and time.monotonic() - begun < 3
        begun = time.monotonic()
        with pytest.raises(DirectoryDown) as caught:
            ask(directories.load(followed), 'worker1', PASSWORD)
        assert caught.value.reason == 'silent' and time.monotonic() - begun < 3


@pytest.mark.parametrize(('scheme', 'tls', 'behave'), [
    ('ldap', 'none', never_answer), ('ldaps', 'ldaps', never_answer), ('ldap', 'starttls', grant_then_silence), ('ldaps', 'ldaps', drip)])
def test_a_look_at_a_silent_server_ends_in_time(company, followed, monkeypatch, scheme, tls, behave):
    monkeypatch.setattr(reading, 'READ_S', 1)
    with silent_server(behave) as port:
        there = replace(directories.load(followed), url=f'{scheme}://127.0.0.1:{port}', tls=tls, ca_pem=Authority().pem)
        begun = time.monotonic()
        with pytest.raises(DirectoryDown) as caught:
            reading.read(there)
        assert caught.value.reason == 'silent' and time.monotonic() - begun < 2


def test_a_look_tells_a_stranger_with_a_certificate_nothing(server, directory):
    """`server` is the one with TLS; its CA is not the one that the directory's row names."""
    for url, tls in ((server.tls_url, 'ldaps'), (server.url, 'starttls')):
        with pytest.raises(DirectoryDown) as caught:
            reading.read(replace(directory, url=url, tls=tls, ca_pem=Authority('Stranger').pem))
        assert caught.value.reason == 'tls'


@pytest.fixture
def pointing():
    """(a slapd that points elsewhere, what came there): by a referral among its people, by one to all it does not hold, and by one at the base."""
    with listener() as (port, came):
        elsewhere = f'ldap://127.0.0.1:{port}'
        ldif = '\n'.join((
            slapd.ldif_entry(BASE, {'objectClass': ['dcObject', 'organization'], 'dc': 'company', 'o': 'Company'}),
            slapd.ldif_entry(PEOPLE, {'objectClass': 'organizationalUnit', 'ou': 'people'}),
            slapd.ldif_entry(PORTAL, {'objectClass': ['applicationProcess', 'simpleSecurityObject'], 'cn': 'portal', 'userPassword': SECRET}),
            slapd.ldif_entry(f'ou=branch,{PEOPLE}', {'objectClass': ['referral', 'extensibleObject'], 'ou': 'branch', 'ref': f'{elsewhere}/ou=branch,{PEOPLE}'}),
            slapd.ldif_entry(f'ou=moved,{BASE}', {'objectClass': ['referral', 'extensibleObject'], 'ou': 'moved', 'ref': f'{elsewhere}/ou=moved,{BASE}'}),
            person('worker1')))
        with slapd.Slapd(ldif, base=BASE, port=free_port(), top=f'referral {elsewhere}') as running:
            yield running, came


def test_nobody_follows_a_pointer_to_elsewhere(directory, pointing):
    """Not with the search, and least of all with a password."""
    server, came = pointing
    there = replace(directory, url=server.url)
    assert ask(there, 'worker1', PASSWORD).fields['login'] == 'worker1'
    with pytest.raises(WrongPair):
        ask(there, 'nobody', PASSWORD)
    assert len(reading.read(there).found) == 1
    for moved in (replace(there, base_dn='dc=another,dc=test'), replace(there, base_dn=f'ou=moved,{BASE}'), replace(there, bind_dn='cn=portal,dc=another,dc=test'),
                  replace(there, bind_dn=f'cn=portal,ou=moved,{BASE}')):
        with pytest.raises(DirectoryMisconfigured):
            ask(moved, 'worker1', PASSWORD)
        with pytest.raises(DirectoryMisconfigured):
            reading.read(moved)
    time.sleep(0.3)
    assert came == []


def at_once(box, *calls):
    """Each call in a process of its own, all at the same moment; AssertionError where one failed."""
    db.disconnect()
    read, write = os.pipe()
    children = []
    for call in calls:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(write)
                db.open_database(box.config.database.url, box.config.database.password_file or None)
                db.database.connect()
                os.read(read, 1)        # until the parent closes the other end
                call()
                status = 0
            finally:
                os._exit(status)
        children.append(pid)
    os.close(read)
    os.close(write)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0] * len(calls)
    db.database.connect(reuse_if_open=True)


def test_two_looks_at_once_do_each_thing_once(box, company, followed):
    company.delete('worker0', 'worker1')
    company.change('worker2', title='Foreman')
    for login in ('ada', 'bob', 'eva'):
        company.add(login)
    at_once(box, *[lambda: following.follow(followed)] * 3)
    assert {person.login for person in Person.select()} == {*TEN, 'ada', 'bob', 'eva'}
    assert DirectoryPerson.select().count() == 13 and PersonBlock.select().count() == 2
    done = SyncStep.select(SyncStep.kind, SyncStep.uuid).where(SyncStep.state == 'applied').tuples()
    assert len(done) == len(set(done)), 'nothing was done twice'
    assert {run.state for run in SyncRun.select()} == {'done'}
    assert following.follow(followed) is None


def test_killed_anywhere_on_postgresql_it_goes_on_to_the_same_end(monkeypatch, postgresql_template, postgres, company, tmp_path):
    """Ids may differ there: a number that a killed transaction took is not given again."""
    from tests.boxes import opened
    with postgresql_template.box(tmp_path / 'box') as box, opened(box), time_machine.travel(clock.now(), tick=False):
        directory_id = directories.add_directory(SYSTEM, 'Company', company.server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')
        Directory.update(sync='all').execute()
        following.follow(directory_id)
        company.delete('worker0', 'worker1')
        company.change('worker2', title='Foreman', departmentNumber='Office')
        company.add('ada')
        company.add('bob')
        monkeypatch.setattr(batches, 'BATCH', 2)
        directory = directories.load(directory_id)
        run_id = runs.keep(planning.make(directory, reading.read(directory), creates=True), directory_id)
        copies = killing.PostgresqlCopies(box, postgres)

        def call():
            applying.apply(run_id)

        def ended(url):
            with_names = copies.contents(url)
            return {name: len(rows) for name, rows in with_names.items()}, sorted(row[1] for row in with_names['person']), [row[-2:] for row in with_names['sync_step']]
        killing.end_alike(copies, call, lambda statements: range(2, statements, max(1, statements // 8)), ended)
