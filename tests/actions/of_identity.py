"""Examples: accounts, sessions, tokens, links, throttles, directories."""
import uuid

from appliance.core import db, people
from appliance.core.actor import ANONYMOUS, SYSTEM
from appliance.identity import accounts, one_time_links, owed_steps, password_changes, passwords, services, sessions, throttle, tokens
from appliance.identity.directory import directories, group_rules, removing, servers, wizard
from appliance.identity.directory.adoption import ticking
from appliance.identity.directory.adoption.models import Adoption
from appliance.identity.directory.mapping import Entry
from appliance.identity.directory.sync import runs
from appliance.identity.models import Directory, Token
from tests import syncs
from tests.actions.stage import HASH, example


def _directory(at):
    """The id of a directory that nobody asks; there is one active at most."""
    return directories.add_directory(SYSTEM, at.word(), 'ldap://127.0.0.1:1', 'dc=firma,dc=example', secret='x', tls='none', is_active=False)


def _entry(at):
    login = at.word()
    return Entry(uuid.uuid4(), f'uid={login},dc=firma', {'login': login, 'name': login.title(), 'department': 'From the directory'})


@example('identity.accounts.person_of_entry')
def _(at):
    directory, entry = _directory(at), _entry(at)
    return lambda: accounts.person_of_entry(SYSTEM, directory, entry)


@example('identity.accounts.add_local')
def _(at):
    return lambda: accounts.add_local(SYSTEM, 'localone', 'Local One', 'local@firma.example', password_hash=HASH)


@example('identity.accounts._use_rescue')
def _(at):
    path = one_time_links.make_link(SYSTEM, one_time_links.RESCUE, at.ids['administrator'])
    return lambda: accounts._use_rescue(ANONYMOUS, path.rpartition('/')[2], '127.0.0.1', 'a browser')


@example('identity.accounts._use_setup')
def _(at):
    token = one_time_links.make_link(SYSTEM, one_time_links.SETUP).rpartition('/')[2]
    return lambda: accounts._use_setup(ANONYMOUS, token, 'first', 'First Administrator', 'first@firma.example', HASH, {'company.name': 'Firm'}, '127.0.0.1', 'a')


@example('identity.passwords.keep_hash')
def _(at):
    person_id = at.person()
    return lambda: passwords.keep_hash(SYSTEM, person_id, HASH)


@example('identity.sessions.open_session')
def _(at):
    person_id = at.person()
    return lambda: sessions.open_session(SYSTEM, person_id, ['password'])


def _with_session(at):
    """(Actor by a session of his, the id of another session of his)."""
    person_id = at.person()
    ids = [sessions.open_session(SYSTEM, person_id, ['password'])[1] for _number in range(2)]
    return people.actor_for(person_id, f'session:{ids[0]}'), ids[1]


@example('identity.sessions.end_session')
def _(at):
    actor, other = _with_session(at)
    return lambda: sessions.end_session(actor, other)


@example('identity.sessions.end_other_sessions')
def _(at):
    actor, _other = _with_session(at)
    return lambda: sessions.end_other_sessions(actor)


@example('identity.tokens.make_token')
def _(at):
    return lambda: tokens.make_token(at.ana, 'a program', ['user'])


def _token(at):
    return tokens.make_token(at.ana, at.word(), ['user'])[1]


@example('identity.tokens.revoke_token')
def _(at):
    number = _token(at)
    return lambda: tokens.revoke_token(at.ana, number)


@example('identity.tokens.release_token')
def _(at):
    number = _token(at)
    with db.write('test'):
        Token.update(is_held=True).where(Token.id == number).execute()
    return lambda: tokens.release_token(SYSTEM, number)


@example('identity.services.add_service')
def _(at):
    return lambda: services.add_service(at.admin, 'robot', 'The robot', 'employee')


@example('identity.services.hand_over')
def _(at):
    number = services.add_service(at.admin, at.word(), 'A robot', 'employee')
    return lambda: services.hand_over(at.admin, number, 'head')


@example('identity.throttle.take_directory_try')
def _(at):
    return lambda: throttle.take_directory_try(SYSTEM, 'directory:new')


@example('identity.throttle.count_ticket')
def _(at):
    return lambda: throttle.count_ticket(ANONYMOUS, 'somebody@COMPANY.TEST', '10.0.0.7')


@example('identity.throttle.give_directory_try_back')
def _(at):
    throttle.take_directory_try(SYSTEM, 'directory:back')
    return lambda: throttle.give_directory_try_back(SYSTEM, 'directory:back')


@example('identity.throttle.count_failure')
def _(at):
    return lambda: throttle.count_failure(SYSTEM, 'employee', '127.0.0.1', True)


@example('identity.throttle.clear')
def _(at):
    throttle.count_failure(SYSTEM, 'head', '127.0.0.1', True)
    return lambda: throttle.clear(SYSTEM, 'head', '127.0.0.1')


@example('identity.directory.directories.add_directory')
def _(at):
    return lambda: directories.add_directory(SYSTEM, 'Another', 'ldap://127.0.0.1:1', 'dc=x', secret='secret', tls='none', is_active=False)


@example('identity.directory.directories.edit_directory')
def _(at):
    number = _directory(at)
    return lambda: directories.edit_directory(SYSTEM, number, base_dn='dc=another')


@example('identity.directory.removing.remove_directory')
def _(at):
    number = directories.add_directory(SYSTEM, 'Mistaken', 'ldap://127.0.0.1:1', 'dc=x', secret='secret', tls='none', is_active=False)
    return lambda: removing.remove_directory(SYSTEM, number)


@example('identity.directory.directories.note_failure')
def _(at):
    number = _directory(at)
    return lambda: directories.note_failure(SYSTEM, number, 'refused')


@example('identity.directory.wizard.note_check')
def _(at):
    return lambda: wizard.note_check(SYSTEM, None, 'dc1.firma.example:636', 'server')


@example('identity.directory.directories._forget_failure')
def _(at):
    number = _directory(at)
    directories.note_failure(SYSTEM, number, 'refused')
    return lambda: directories._forget_failure(SYSTEM, number)


@example('identity.directory.servers.note')
def _(at):
    number = _directory(at)
    return lambda: servers.note(SYSTEM, number, 'ldaps://dc2.company.test', 'refused')


def _rule(number):
    return group_rules.add_rule(SYSTEM, number, {'uuid': syncs.number_of('staff'), 'name': 'Staff', 'dn': 'cn=staff,dc=firma,dc=example'}, 'role', 'portal_admin')


@example('identity.directory.group_rules.add_rule')
def _(at):
    number = _directory(at)
    return lambda: _rule(number)


@example('identity.directory.group_rules.remove_rule')
def _(at):
    number = _directory(at)
    rule = _rule(number)
    return lambda: group_rules.remove_rule(SYSTEM, number, rule)


def _run(at, name):
    return syncs.make(_directory(at), at.person())[name]


@example('identity.directory.sync.runs.ask')
def _(at):
    number = _directory(at)
    syncs.make(number, at.person())
    return lambda: runs.ask(SYSTEM, number)


@example('identity.directory.sync.runs.start')
def _(at):
    run_id = _run(at, 'held_id')
    return lambda: runs.start(SYSTEM, run_id, with_held=True)


@example('identity.directory.sync.runs.discard')
def _(at):
    run_id = _run(at, 'plan_id')
    return lambda: runs.discard(SYSTEM, run_id)


@example('identity.directory.sync.runs.undo')
def _(at):
    run_id = _run(at, 'run_id')
    return lambda: runs.undo(SYSTEM, run_id)


def _proposed(at):
    number = _directory(at)
    syncs.make(number, at.person())
    return number, Adoption.get(Adoption.directory == number).step_id


@example('identity.directory.adoption.ticking.tick')
def _(at):
    number, step_id = _proposed(at)
    return lambda: ticking.tick(SYSTEM, number, [step_id], [step_id])


@example('identity.directory.adoption.ticking.join')
def _(at):
    number, step_id = _proposed(at)
    ticking.tick(SYSTEM, number, [step_id], [step_id])
    Directory.update(is_active=True).where(Directory.id == number).execute()
    return lambda: ticking.join(SYSTEM, number)


@example('identity.directory.adoption.ticking.decline')
def _(at):
    number, step_id = _proposed(at)
    return lambda: ticking.decline(SYSTEM, number, [step_id])


@example('identity.directory.adoption.ticking.reconsider')
def _(at):
    number, step_id = _proposed(at)
    ticking.decline(SYSTEM, number, [step_id])
    return lambda: ticking.reconsider(SYSTEM, number)


@example('identity.one_time_links.make_link')
def _(at):
    one_time_links.make_link(SYSTEM, one_time_links.SETUP)
    return lambda: one_time_links.make_link(SYSTEM, one_time_links.SETUP)


@example('identity.owed_steps.open_step')
def _(at):
    directory, known_by = _directory(at), uuid.uuid4()
    owed_steps.open_step(ANONYMOUS, owed_steps.DIRECTORY_PASSWORD, directory, known_by)
    return lambda: owed_steps.open_step(ANONYMOUS, owed_steps.DIRECTORY_PASSWORD, directory, known_by)


@example('identity.owed_steps.end_step')
def _(at):
    token = owed_steps.open_step(ANONYMOUS, owed_steps.DIRECTORY_PASSWORD, _directory(at), uuid.uuid4())
    step_id = owed_steps.find_step(owed_steps.DIRECTORY_PASSWORD, token).id
    return lambda: owed_steps.end_step(ANONYMOUS, step_id)


@example('identity.password_changes._note')
def _(at):
    directory, entry = _directory(at), _entry(at)
    accounts.person_of_entry(SYSTEM, directory, entry)
    return lambda: password_changes._note(SYSTEM, directory, str(entry.uuid))


@example('identity.throttle.forgive_directory')
def _(at):
    throttle.take_directory_try(SYSTEM, 'forgiven')
    return lambda: throttle.forgive_directory(SYSTEM, ['directory:forgiven'])


@example('identity.one_time_links.use_link')
def _(at):
    token = one_time_links.make_link(SYSTEM, one_time_links.RESCUE, at.ids['administrator']).rpartition('/')[2]
    return lambda: one_time_links.use_link(ANONYMOUS, one_time_links.RESCUE, token)
