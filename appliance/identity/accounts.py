"""Accounts: where a login is decided, and the rules by which people get and keep one.

A local account of the typed login wins, else the directories, where exactly one entry of one of them decides. Whoever the name belongs to,
and also when it belongs to nobody, the same steps run: one argon2 hash, then one question to each directory and one bind.
"""

import logging

from peewee import JOIN

from appliance.core import audit, clock
from appliance.core.actions import action
from appliance.core.actor import ADMINISTRATOR, ANONYMOUS, EMPLOYEE, SYSTEM
from appliance.core.db import row, rows, write
from appliance.core.errors import Conflict, Invalid, NotFound, PortalError
from appliance.core.i18n import language, texts
from appliance.core.limits import LOGIN_LENGTH, MAIL_LENGTH, PASSWORD_LENGTH
from appliance.core.outbox import send_mail
from appliance.core.people import Person, PersonBlock, PersonRole, add_person, give_role, unblock, update_person
from appliance.core.person_fields import fold_login
from appliance.core.permissions import permitted
from appliance.core.personal.forgotten import is_forgotten
from appliance.core.settings import set_setting
from appliance.identity import one_time_links, passwords, sessions, throttle
from appliance.identity.directory import directories, resolving
from appliance.identity.directory import password as directory_password
from appliance.identity.directory.adoption.models import FormerTie
from appliance.identity.directory.errors import WrongPair
from appliance.identity.directory.filling import person_values
from appliance.identity.directory.sync import giving
from appliance.identity.models import DirectoryPerson
from appliance.identity.owed_steps import DIRECTORY_PASSWORD, StepOwed, open_step

_ = texts(__name__)
log = logging.getLogger('appliance.login')


def log_in(login, password, address, agent='', is_remembered=False):
    """Check a pair and open a session; returns (token, person id, language).

    `login` is a login or a mail. Raises WrongPair (the same for known and unknown names), TooMany with the seconds to wait,
    DirectoryDown or DirectoryMisconfigured, StepOwed where the directory wants a new password first and takes it from here, Busy when too many ask at once. Failures are counted, successes forgive.
    """
    if not _is_usable(login, max(LOGIN_LENGTH, MAIL_LENGTH)) or not _is_usable(password, PASSWORD_LENGTH):
        raise WrongPair('unusable')
    local_id = _local_account(login)
    is_known = _is_known_place(login, address)
    throttle.require_budget(login, address, is_known)
    if not password.strip():
        passwords.verify(None, 'x')
        return _refuse(WrongPair('blank'), login, address, is_known)

    def let_in(person_of, hint=None, tries=None):
        return _let_in(person_of, hint, tries, login, address, agent, is_remembered)
    try:
        opened = _check_pair(local_id, login, password, is_remembered, let_in)
    except WrongPair as wrong:
        return _refuse(wrong, login, address, is_known)
    return opened or _refuse(WrongPair('disabled'), login, address, is_known)


def _let_in(person_of, hint, tries, login, address, agent, is_remembered):
    """(token, person id, language) of who proved who he is, and what his directory says of him, in one transaction; None for who is blocked."""
    with write('identity.accounts.log_in'):
        person_id = person_of()
        spoken, is_out = row(_STANDING, person_id)
        if is_out:
            return None
        throttle.clear(ANONYMOUS, login, address, tries)
        token, session_id = sessions.open_session(ANONYMOUS, person_id, ['password'], is_remembered, address, agent)
        if hint:
            with language(spoken):
                sessions.keep_flashes(session_id, [{'text': str(hint), 'about': 'password'}])
        return token, person_id, spoken


def _is_usable(text, limit):
    """Whether a text fits its limit and every database and directory can be asked for it."""
    return len(text) <= limit and '\0' not in text and not any('\ud800' <= char <= '\udfff' for char in text)


def _refuse(wrong, login, address, is_known):
    log.info('login refused (%s) from %s', wrong.reason, throttle.network(address))
    with write('identity.accounts.refuse'):
        throttle.count_failure(ANONYMOUS, login, address, is_known)
        # People type passwords into the login field: only a name that somebody has is written down.
        meant = _person_meant(login)
        audit.count(ANONYMOUS, 'identity.login.refused', f'core.person:{meant}' if meant else '', reason=wrong.reason)
    raise wrong


def _check_pair(local_id, login, password, is_remembered, let_in):
    """let_in(what gives the person's id, what the directory says of his password: a policy.Hint or None, the throttle.Tries of binds). The
    order of the steps is the same for every name.
    """
    if passwords.verify(local_id, password):
        return let_in(lambda: local_id)
    asked = directories.all_active()
    if not asked:
        raise WrongPair('password' if local_id else 'unknown')
    if local_id is not None:
        # A local account of this login wins; the directories are asked for a name that nobody has, so that the answer takes
        # as long as anybody's, and whether it is up or down changes nothing for local accounts.
        _ask_for_nobody(asked)
        raise WrongPair('password')
    return _ask_directories(asked, login, password, is_remembered, let_in)


def _ask_directories(asked, login, password, is_remembered, let_in):
    """let_in(...) for whom a pair proves, as far as tries are left. StepOwed where the pair is right, and the directory takes the new
    password that it wants from here.
    """
    try:
        with throttle.directory_tries() as tries:
            directory, found = resolving.authenticate(asked, login, password, before_bind=tries)
            return let_in(lambda: person_of_entry(SYSTEM, directory.id, found), found.hint, tries)
    except WrongPair as wrong:
        number, _colon, known_by = wrong.key.partition(':')
        directory = next((one for one in asked if str(one.id) == number), None)
        if directory is None or not directory_password.is_owed(directory, wrong.reason):
            raise
        if is_kept_out(directory.id, known_by):
            raise WrongPair('disabled', wrong.key) from None
        raise StepOwed(DIRECTORY_PASSWORD, open_step(ANONYMOUS, DIRECTORY_PASSWORD, directory.id, known_by, is_remembered)) from None


def is_kept_out(directory_id, known_by):
    """Whether somebody or something here keeps the person of an entry out; what the directory's own block says is over once it lets him in."""
    return (PersonBlock.select().join(DirectoryPerson, on=PersonBlock.person == DirectoryPerson.person)
            .where((DirectoryPerson.directory == directory_id) & (DirectoryPerson.uuid == known_by)
                   & (PersonBlock.source != directories.source_of(directory_id))).exists())


def _ask_for_nobody(asked):
    try:
        resolving.authenticate(asked, 'nobody-of-this-name', 'x')
    except PortalError:
        pass


def _local_account(login):
    """The id of the person with a password here whose login, or else whose only mail, this is; or None."""
    folded, with_password = fold_login(login), "SELECT p.id FROM person p JOIN password w ON w.person_id = p.id WHERE p.kind <> 'service' AND"
    found = rows(f'{with_password} p.login = ?', folded)
    if not found and '@' in folded:
        found = rows(f'{with_password} p.mail = ? LIMIT 2', login.strip())
    return found[0][0] if len(found) == 1 else None


_MEANT = 'SELECT id FROM person WHERE login = ? OR mail = ? LIMIT 1'


def _is_known_place(login, address):
    """Whether who is meant has a session that was opened from that network: strangers' failures do not count there."""
    network = throttle.network(address)
    opened = rows(f'SELECT address FROM session WHERE person_id = ({_MEANT})', fold_login(login), login.strip())
    return any(throttle.network(one) == network for one, in opened)


def _person_meant(login):
    found = row(_MEANT, fold_login(login), login.strip())
    return found and found[0]


_IS_OUT = 'EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = p.id)'
_STANDING = f'SELECT p.language, {_IS_OUT} FROM person p WHERE p.id = ?'
_TIED = f'''
    SELECT p.id, p.has_chosen_language, p.login, {_IS_OUT} FROM directory_person t JOIN person p ON p.id = t.person_id WHERE t.directory_id = ? AND t.uuid = ?'''


@action
def person_of_entry(actor, directory_id, entry):
    """The id of the person an entry belongs to, by its UUID; made at the first login, brought up to date at each.

    Of somebody new a login that somebody else has already stops it (Conflict): names join no accounts. Who is known keeps his old one then.
    """
    tied = row(_TIED, directory_id, str(entry.uuid))
    fields = person_values(actor, entry.fields)
    if tied is None:
        if FormerTie.select().where((FormerTie.directory == directory_id) & (FormerTie.uuid == str(entry.uuid))).exists():
            raise Conflict(_('You come in by another entry or directory now. Ask your administrator.'))
        if Person.select().where(Person.login == fold_login(fields['login'])).exists():
            raise Conflict(_('The login %(login)s belongs to another account here. Ask your administrator.', login=fields['login']))
        person_id = add_person(actor, **fields)
        DirectoryPerson.create(directory=directory_id, uuid=entry.uuid, person=person_id, dn=entry.dn, seen_at=clock.now(), expires_at=entry.expires_at)
        giving.at_login(directory_id, person_id, entry)
        return person_id
    person_id, has_chosen_language, login, is_out = tied
    if is_out and is_forgotten(person_id):
        return person_id        # who is still in the directory does not come back by logging in: he is blocked, and stays empty
    if has_chosen_language:
        fields.pop('language', None)
    if fold_login(fields['login']) != login and Person.select().where(Person.login == fold_login(fields['login'])).exists():
        del fields['login']     # he is who he is by his entry's number; the next look gives him the login once it is free
    update_person(actor, person_id, **fields)
    giving.at_login(directory_id, person_id, entry)
    if is_out:      # whom the directory lets in again is in before the sync has noticed; what was blocked here stays
        unblock(actor, person_id, directories.source_of(directory_id))
    rows('UPDATE directory_person SET dn = ?, seen_at = ?, expires_at = ? WHERE directory_id = ? AND uuid = ? RETURNING person_id',
         entry.dn, clock.microseconds(clock.now()), entry.expires_at and clock.microseconds(entry.expires_at), directory_id, str(entry.uuid))
    return person_id


@action(rights=permitted('core.people.manage'))
def add_local(actor, login, name, mail='', kind=EMPLOYEE, password_hash=None, **fields):
    """A person with a local account; returns the id. The password comes hashed: hashing does not belong in here."""
    person_id = add_person(actor, login, name, mail, kind, **fields)
    if password_hash:
        passwords.keep_hash(actor, person_id, password_hash)
    return person_id


def person_by_login(login):
    """The Person of a login; NotFound names it. For the console."""
    person = Person.get_or_none(Person.login == fold_login(login))
    if person is None:
        raise NotFound(_('There is no person with the login %(login)s.', login=login))
    return person


def all_people():
    """Everybody as dicts, by id: id, login, name, mail, kind, roles, source (local, directory), is_active."""
    roles = {}
    for person_id, role in PersonRole.select(PersonRole.person_id, PersonRole.role).order_by(PersonRole.role).tuples():
        roles.setdefault(person_id, []).append(role)
    blocked = {row[0] for row in PersonBlock.select(PersonBlock.person_id).tuples()}
    found = (Person.select(Person.id, Person.login, Person.name, Person.mail, Person.kind, DirectoryPerson.directory_id)
             .join(DirectoryPerson, JOIN.LEFT_OUTER, on=DirectoryPerson.person == Person.id).order_by(Person.id).tuples())
    return [{'id': row[0], 'login': row[1], 'name': row[2], 'mail': row[3], 'kind': row[4], 'roles': roles.get(row[0], []),
             'source': 'directory' if row[5] else 'local', 'is_active': row[0] not in blocked} for row in found]


def administrators():
    """The active administrators, the first one first."""
    blocked = PersonBlock.select(PersonBlock.person)
    return list(Person.select().join(PersonRole).where((PersonRole.role == ADMINISTRATOR) & Person.id.not_in(blocked))
                .order_by(Person.id))


def administrator_to_rescue(login=None):
    """The administrator whom a rescue link lets in: the named one, or the first active one. Invalid says what is missing."""
    found = administrators()
    if login is not None:
        found = [person for person in found if person.login == fold_login(login)]
    if not found:
        raise Invalid(_('There is no such active administrator. appliance person make-admin LOGIN makes one; '
                        'without anybody at all, appliance init prints a set-up link.'))
    return found[0]


def rescue(token, address, agent=''):
    """Log in by a rescue link; returns (session token, person id). All administrators are told by mail."""
    return _use_rescue(ANONYMOUS, token, address, agent)


@action
def _use_rescue(actor, token, address, agent):
    person_id = one_time_links.use_link(actor, one_time_links.RESCUE, token)
    if person_id not in [person.id for person in administrators()]:
        raise NotFound()
    session_token, session_id = sessions.open_session(actor, person_id, ['rescue'], False, address, agent)
    for person in administrators():
        send_mail('mail/rescued', {'login': Person.get_by_id(person_id).login, 'address': address},
                  key=f'identity.rescued:{session_id}:{person.id}', person_id=person.id)
    return session_token, person_id


def set_up(token, login, name, mail, password, settings, address, agent=''):
    """Use the set-up link: the first administrator and the company's settings; returns (session token, person id).

    `settings` is {name: text} of company.* and mail.*. Nothing is kept unless all of it is right.
    """
    one_time_links.find_link(one_time_links.SETUP, token)
    passwords.check(password, fold_login(login))
    return _use_setup(ANONYMOUS, token, login, name, mail, passwords.hash_password(password), settings, address, agent)


@action
def _use_setup(actor, token, login, name, mail, password_hash, settings, address, agent):
    one_time_links.use_link(actor, one_time_links.SETUP, token)
    for setting, text in settings.items():
        set_setting(SYSTEM, setting, text)
    person_id = add_local(SYSTEM, login, name, mail, EMPLOYEE, password_hash)
    give_role(SYSTEM, person_id, ADMINISTRATOR)
    session_token, _session_id = sessions.open_session(actor, person_id, ['password'], False, address, agent)
    return session_token, person_id
