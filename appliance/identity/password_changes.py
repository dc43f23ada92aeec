"""People change their password, in the directory that they come in by or here: because it wants it before they get in, or because they want to.

The same rules as for a password of the portal's own hold for the new one, and the same throttles as for a login for the old one.
"""

from appliance.core import audit
from appliance.core.actions import action
from appliance.core.actor import ANONYMOUS, SYSTEM
from appliance.core.db import row, write
from appliance.core.errors import Invalid, NotFound
from appliance.core.i18n import texts
from appliance.core.limits import PASSWORD_LENGTH
from appliance.core.people import is_blocked, raise_epoch
from appliance.core.person_fields import fold_login
from appliance.identity import accounts, owed_steps, passwords, sessions, throttle
from appliance.identity.directory import directories, password
from appliance.identity.directory.errors import WrongPair
from appliance.identity.models import Directory, DirectoryPerson

_ = texts(__name__)


def change_owed(token, old, new, address, agent=''):
    """Do the step that a login owes, and log in; returns (session token, is_remembered), or None where the directory lets nobody in yet by
    the new password. NotFound when the step is over, Invalid (old, new) for what is not right, StepOwed where the directory wants him to
    change it once more, else as `accounts.log_in`.
    """
    step = owed_steps.find_step(owed_steps.DIRECTORY_PASSWORD, token)
    entry, reason = _change(step.directory_id, str(step.uuid), old, new, address)
    owed_steps.end_step(ANONYMOUS, step.id)
    if reason == 'must_change':
        raise owed_steps.StepOwed(owed_steps.DIRECTORY_PASSWORD, owed_steps.open_step(
            ANONYMOUS, owed_steps.DIRECTORY_PASSWORD, step.directory_id, step.uuid, step.is_remembered))
    if reason:
        return None
    return _log_in(step.directory_id, entry, step.is_remembered, address, agent), step.is_remembered


def _log_in(directory_id, entry, is_remembered, address, agent):
    person_id = accounts.person_of_entry(SYSTEM, directory_id, entry)
    if is_blocked(person_id):
        raise WrongPair('disabled')
    return sessions.open_session(ANONYMOUS, person_id, ['password'], is_remembered, address, agent)[0]


def kept_where(actor):
    """Where a person's password is that he may change from here: `here` (a local account, which a login asks first), `directory`, or None."""
    if _is_local(actor):
        return 'here'
    return 'directory' if _own(actor) is not None else None


def _is_local(actor):
    return actor.person_id is not None and passwords.has_password(actor.person_id)


def _own(actor):
    """(directory id, uuid) of the entry by which a person comes in, where its password can be changed from here; else None."""
    if actor.person_id is None:
        return None
    tie = (DirectoryPerson.select(DirectoryPerson.directory, DirectoryPerson.uuid).join(Directory)
           .where((DirectoryPerson.person == actor.person_id) & (Directory.is_active == 1) & (Directory.changes_passwords == 1)).first())
    return None if tie is None or not password.is_offered(directories.load(tie.directory_id)) else (tie.directory_id, str(tie.uuid))


def change_own(actor, old, new, address, agent='', is_remembered=False):
    """A person changes his password where it is: all his sessions end, and he gets a new one; returns (its token, its id).

    NotFound where it cannot be changed from here, Invalid (old, new) for what is not right, else as `accounts.log_in`.
    """
    if _is_local(actor):
        _change_here(actor, old, new, address)
    else:
        own = _own(actor)
        if own is None:
            raise NotFound()
        _change(*own, old, new, address)
    return sessions.open_session(ANONYMOUS, actor.person_id, ['password'], is_remembered, address, agent)


def _change_here(actor, old, new, address):
    login, = row('SELECT login FROM person WHERE id = ?', actor.person_id)
    _check(old, new, login)
    throttle.require_budget(login, address, is_known=True)
    if len(old) > PASSWORD_LENGTH or not passwords.verify(actor.person_id, old):
        _refuse(WrongPair('password'), login, address)
    new_hash = passwords.hash_password(new)
    with write('identity.password_changes.here'):
        throttle.clear(ANONYMOUS, login, address)
        passwords.keep_hash(actor, actor.person_id, new_hash)


def _change(directory_id, known_by, old, new, address):
    """As password.change."""
    directory = directories.load(directory_id)
    if not Directory.select().where((Directory.id == directory_id) & (Directory.is_active == 1)).exists() or not password.is_offered(directory):
        raise NotFound()
    _check(old, new)
    # Counted for the entry: the step's browser may have typed any of its names.
    counted_for = f'{directory_id}:{known_by}'
    throttle.require_budget(counted_for, address, is_known=True)
    try:
        with throttle.directory_tries() as take_try:
            def before_bind(entry, key, is_sure_to_fail=False):
                _check(old, new, fold_login(entry.fields['login']))
                take_try(key, is_spent=is_sure_to_fail)
            changed = password.change(directory, known_by, old, new, before_bind)
    except WrongPair as wrong:
        _refuse(wrong, counted_for, address)
    throttle.clear(ANONYMOUS, counted_for, address)
    _note(SYSTEM, directory_id, known_by)
    return changed


def _check(old, new, login=''):
    try:
        passwords.check(new, login)
    except Invalid as error:
        raise Invalid(error.message, field='new') from None
    if new == old:
        raise Invalid(_('This is the password that you have. Take another one.'), field='new')


def _refuse(wrong, counted_for, address):
    with write('identity.password_changes.refuse'):
        throttle.count_failure(ANONYMOUS, counted_for, address, True)
        audit.count(ANONYMOUS, 'identity.login.refused', '', reason=wrong.reason)
    if wrong.reason in ('password', 'blank', 'too_long'):
        raise Invalid(_('Your current password is not right.'), field='old') from None
    raise wrong


@action
def _note(actor, directory_id, known_by):
    """The password was changed there: what the old one opened here ends."""
    tie = DirectoryPerson.get_or_none((DirectoryPerson.directory == directory_id) & (DirectoryPerson.uuid == known_by))
    if tie is not None:
        raise_epoch(tie.person_id)
    audit.record(actor, 'identity.directory.password.changed', f'core.person:{tie.person_id}' if tie else f'identity.directory:{directory_id}')
