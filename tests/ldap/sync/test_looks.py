"""A look at what changed: it sees what a look at everybody sees, and asks for little."""
import functools
from dataclasses import replace
from datetime import timedelta

import ldap
import pytest
import time_machine

from appliance.core import clock
from appliance.core.actor import SYSTEM
from appliance.core.people import Person, block, is_blocked, unblock, update_person
from appliance.identity.directory import directories
from appliance.identity.directory.client import Connection
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured
from appliance.identity.directory.sync import following, looking, marks, models, planning, positions, reading, runs
from appliance.identity.directory.sync.models import SyncMark, SyncStep
from appliance.identity.models import Directory, DirectoryPerson
from tests import looks
from tests.ldap.people import BASE, PEOPLE, PORTAL, SECRET
from tests.ldap.sync.conftest import TEN, nothing_written, tie, told, who
from tests.looks import watched

SYNCPROV = ('moduleload syncprov', 'overlay syncprov')
FORMER = f'ou=former,{BASE}'


@pytest.fixture(params=['cookie', 'list', 'seconds'])
def overlays(request):
    """OpenLDAP that says how far it is, one that does not, and a directory that shows whole seconds."""
    if isinstance(request.param, tuple):
        return request.param
    top, bottom = SYNCPROV if request.param == 'cookie' else ('', '')
    return f'{top}\nmoduleload memberof', f'overlay memberof\n{bottom}'


@pytest.fixture
def followed(request, box, company):
    """As of the other tests; already looked at twice."""
    preset = '389' if 'seconds' in request.node.name else 'openldap'
    directory_id = directories.add_directory(SYSTEM, 'Company', company.server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none', preset=preset, sync='all')
    following.follow(directory_id)
    assert following.follow(directory_id) is None
    return directory_id


@pytest.fixture
def cheap(request):
    """looks.cheap; where marks are of whole seconds, those of the last second are read again, which here are all."""
    return functools.partial(looks.cheap, 15) if 'seconds' in request.node.name else looks.cheap


def only(kind):
    return pytest.mark.parametrize('overlays', [kind], indirect=True)


def steps(run):
    return {} if run is None else {kind: [(name, reason) for name, reason, _state in found] for kind, found in run.steps.items()}


def restarted(directory_id):
    """As another process: what this one remembers is gone."""
    looking.forget(directory_id)


def is_out(login):
    return is_blocked(who(login).id)


def test_who_goes_changes_or_comes_back_is_seen_by_a_cheap_look(company, follow, cheap):
    with cheap():
        assert follow() is None
    for do, seen in (
            (lambda: company.delete('worker0'), {'disable': [('Worker0', 'gone')]}),
            (lambda: company.move('worker1', FORMER), {'disable': [('Worker1', 'gone')]}),
            (lambda: company.change('worker2', shadowExpire='1'), {'disable': [('Worker2', 'expired')]}),
            (lambda: company.move_back('worker1'), {'enable': [('Worker1', 'back')]}),
            (lambda: company.change('worker2', shadowExpire=None), {'enable': [('Worker2', 'back')]}),
            (lambda: company.change('worker3', title='Foreman', departmentNumber='Office'), {'change': [('Worker3', 'changed')]}),
            (lambda: company.rename('worker4', 'ana'), {'change': [('Worker4', 'changed')]}),
            (lambda: company.add('ada'), {'create': [('Ada', 'new')]})):
        do()
        with cheap() as asked:
            assert steps(follow()) == seen
        assert asked.lists == 1
        with cheap():
            assert follow() is None, 'and what is done is done'
    assert who('ana').name == 'Worker4' and tie('ana').dn == f'uid=ana,{PEOPLE}' and who('worker3').department.name == 'Office'


def test_who_falls_out_of_the_filter_or_of_its_group_is_seen_by_a_cheap_look(company, followed, follow, cheap):
    """memberOf is written by the server: the person's entry does not say that it changed."""
    group = company.group('staff', *TEN)
    directories.edit_directory(SYSTEM, followed, person_filter=f'(&(memberOf={group})(!(title=Former)))')
    assert follow() is None and follow() is None
    company.change('worker1', title='Former')
    with cheap():
        assert steps(follow()) == {'disable': [('Worker1', 'filtered')]}
    company.group('staff', *TEN[:5])
    company.group('staff', *TEN[:8])
    with cheap():
        assert steps(follow()) == {'disable': [('Worker8', 'filtered'), ('Worker9', 'filtered')]}
    company.group('staff', *TEN)
    with cheap():
        assert steps(follow()) == {'enable': [('Worker8', 'back'), ('Worker9', 'back')]}
    company.add('ada')
    company.change('worker5', shadowExpire='1')
    assert steps(follow()) == {'disable': [('Worker5', 'expired')]}
    company.group('staff', *TEN[:5], *TEN[6:])
    company.change('worker5', shadowExpire=None)
    with cheap():
        assert follow() is None
    company.group('staff', *TEN, 'ada')     # nothing that is in their entries
    with cheap():
        assert steps(follow()) == {'enable': [('Worker5', 'back')], 'create': [('Ada', 'new')]}


def test_an_end_that_passes_is_seen_by_a_cheap_look(company, followed, follow, cheap):
    tomorrow = clock.EPOCH + timedelta(days=(clock.now() - clock.EPOCH).days + 1)
    company.change('worker1', shadowExpire=str((tomorrow - clock.EPOCH).days))
    with cheap():
        assert follow() is None
    assert DirectoryPerson.get(DirectoryPerson.person == who('worker1').id).expires_at is not None
    full_at = tomorrow - timedelta(minutes=1)
    SyncMark.update(full_at=full_at).execute()      # else the night's look at everybody would see it
    looking._memory[followed] = replace(looking._memory[followed], full_at=full_at)
    with time_machine.travel(tomorrow + timedelta(minutes=1)), cheap():
        assert steps(follow()) == {'disable': [('Worker1', 'expired')]}


def test_nothing_is_written_where_nothing_changed(company, followed, follow):
    with nothing_written():
        assert follow() is None and follow() is None


@only('cookie')
def test_another_process_goes_on_where_the_last_one_was(company, followed, follow, cheap):
    tomorrow = clock.now() + timedelta(days=1)
    company.change('worker3', shadowExpire=str((tomorrow - clock.EPOCH).days))
    company.change('worker5', shadowExpire='1')
    follow()
    restarted(followed)
    company.delete('worker0')
    company.change('worker2', title='Foreman')
    company.change('worker5', shadowExpire=None)
    with cheap(10) as asked:
        assert steps(follow()) == {'disable': [('Worker0', 'gone')], 'enable': [('Worker5', 'back')], 'change': [('Worker2', 'changed')]}
    assert asked.lists == 1
    restarted(followed)
    SyncMark.update(full_at=tomorrow).execute()
    with time_machine.travel(tomorrow + timedelta(minutes=1)), cheap():
        assert steps(follow()) == {'disable': [('Worker3', 'expired')]}


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


def test_killed_between_reading_and_planning_nothing_is_lost(monkeypatch, company, followed, follow):
    company.delete('worker0')
    company.change('worker2', title='Foreman')
    for module, name in ((planning, 'make'), (runs, 'keep')):
        with monkeypatch.context() as killed:
            killed.setattr(module, name, dies)
            with pytest.raises(KeyboardInterrupt):
                follow()
        restarted(followed)
    assert steps(follow()) == {'disable': [('Worker0', 'gone')], 'change': [('Worker2', 'changed')]}


def dies(*args, **kwargs):
    raise KeyboardInterrupt


@only('cookie')
def test_what_a_run_left_undone_is_looked_at_again_by_another_process(monkeypatch, company, followed, follow, cheap):
    """Its entry does not change any more."""
    company.change('worker2', title='Foreman')
    monkeypatch.setattr(following.applying, 'apply', dies)
    with pytest.raises(KeyboardInterrupt):
        follow()
    monkeypatch.undo()
    SyncStep.update(state=models.SKIPPED).execute()
    restarted(followed)
    with cheap(10):
        assert steps(follow()) == {'change': [('Worker2', 'changed')]} and who('worker2').title == 'Foreman'


def test_what_was_written_here_is_put_right_by_a_cheap_look(company, followed, follow, cheap):
    update_person(SYSTEM, who('worker1').id, title='Chief of everything')
    with cheap():
        assert steps(follow()) == {'change': [('Worker1', 'changed')]} and who('worker1').title == 'Worker'
    unblocked = who('worker2').id
    company.delete('worker2')
    follow()
    unblock(SYSTEM, unblocked, directories.source_of(followed))
    with cheap():
        assert steps(follow()) == {'disable': [('Worker2', 'gone')]}
    block(SYSTEM, who('worker3').id, directories.source_of(followed), 'gone')
    with cheap():
        assert steps(follow()) == {'enable': [('Worker3', 'back')]}


@only('cookie')
def test_the_brake_holds_a_cheap_look_too(company, follow, cheap):
    company.delete(*TEN[:6])
    with cheap():
        run = follow()
    assert (run.state, run.brake, run.absent, run.known) == ('held', 'many', 6, 10)
    with cheap():
        assert follow() is None
    assert told(run.id).state == 'held', 'it is not over because nothing changed'
    for number in range(6):
        assert not is_out(TEN[number])
    company.change('worker9', shadowExpire='1')
    with cheap():
        assert steps(follow()) == {'disable': [('Worker9', 'expired')]}


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
def test_who_comes_in_while_the_list_is_made_stays(monkeypatch, company, followed, follow, cheap):
    real = reading.read

    def read(*args):
        snapshot = real(*args)
        DirectoryPerson.update(seen_at=clock.now()).where(DirectoryPerson.person == who('worker1').id).execute()
        return snapshot
    company.delete('worker1')
    monkeypatch.setattr(reading, 'read', read)
    with cheap():
        assert follow() is None and not is_out('worker1')
    monkeypatch.undo()
    with cheap():
        assert steps(follow()) == {'disable': [('Worker1', 'gone')]}, 'until the next look, though nothing was written there'


@only('cookie')
def test_a_dry_run_moves_no_mark(company, followed, follow, cheap):
    mark = SyncMark.get().high, SyncMark.get().full_at
    company.change('worker1', title='Foreman')
    runs.ask(SYSTEM, followed, creates=True)
    Directory.update(sync='off').execute()
    following.follow_all()
    assert (SyncMark.get().high, SyncMark.get().full_at) == mark
    Directory.update(sync='all').execute()
    with cheap():
        assert steps(follow()) == {'change': [('Worker1', 'changed')]}


@only('cookie')
def test_what_was_taken_back_is_compared_again(company, followed, follow):
    company.change('worker1', title='Foreman')
    run = follow()
    runs.undo(SYSTEM, run.id)
    following.follow_all()
    restarted(followed)
    assert who('worker1').title == 'Worker'
    Directory.update(sync='all').execute()
    assert steps(follow()) == {'change': [('Worker1', 'changed')]}


def test_two_processes_at_once_see_the_same(company, followed, follow):
    """Each has its own memory; the mark of the other takes nothing from it."""
    mine = looking._memory[followed], looking.settled.of(followed)
    company.change('worker1', title='Foreman')
    company.delete('worker2')
    restarted(followed)
    directory = directories.load(followed)
    others = list(looking.looks(directory, True))
    looking.settled.keep(followed, mine[1])
    looking._memory[followed] = mine[0]
    assert steps(follow()) == {'disable': [('Worker2', 'gone')], 'change': [('Worker1', 'changed')]}
    for look in others:
        plan = planning.make(directory, look.snapshot, True)
        looking.keep(look, plan, is_run=True)
    company.change('worker3', title='Foreman')
    assert steps(follow()) == {'change': [('Worker3', 'changed')]}


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
def test_departments_that_people_are_not_in_unsettle_nobody(company, followed, follow, cheap):
    from appliance.core.departments import add_department
    add_department(SYSTEM, 'A new one')
    with cheap() as asked:
        assert follow() is None
    assert asked.read in (0, 10)


@only('cookie')
def test_a_mark_is_of_what_decides(box, company, followed):
    directory = directories.load(followed)
    assert marks.is_of(SyncMark.get().sign, directory, True) and not marks.is_of(SyncMark.get().sign, directory, False)
    assert SECRET not in SyncMark.get().sign and len(Person.select()) == 10
