"""Password policies of a real slapd: who is told what, and the password that is changed where it belongs."""
import multiprocessing
import os
from dataclasses import replace

import pytest

from appliance.core import db
from appliance.core.actor import SYSTEM
from appliance.core.audit import AuditRow
from appliance.core.errors import Invalid, NotFound, TooMany
from appliance.core.people import Person, actor_for, block
from appliance.identity import accounts, owed_steps, password_changes, sessions, throttle
from appliance.identity.directory import directories, password, policy
from appliance.identity.directory.errors import DirectoryDown, WrongPair
from appliance.identity.directory.login import ask
from appliance.identity.directory.policy import Hint
from appliance.identity.models import OwedStep, Session
from appliance.identity.owed_steps import StepOwed
from tests.ldap import policies
from tests.ldap.people import PASSWORD, PEOPLE, PORTAL, SECRET

HERE, NEW = '192.0.2.1', 'battery staple'


@pytest.fixture
def strict(authority):
    """A slapd of the test's own: passwords change."""
    with policies.start(authority) as running:
        yield running


@pytest.fixture
def there(directory, strict, authority):
    """It as the portal knows it, over TLS."""
    return replace(directory, url=strict.tls_url, tls='ldaps', ca_pem=authority.pem)


@pytest.fixture
def active(box, strict, authority):
    """The id of the active directory of the box: it."""
    return directories.add_directory(SYSTEM, 'company', strict.tls_url, PEOPLE, SECRET, bind_dn=PORTAL, ca_pem=authority.pem)


def reason(directory, login, typed=PASSWORD):
    with pytest.raises(WrongPair) as caught:
        ask(directory, login, typed)
    return caught.value.reason, caught.value.may_tell


def test_each_state_is_named_and_told_only_after_a_right_password(there):
    assert reason(there, 'expired') == ('password_expired', True)
    assert reason(there, 'must') == ('must_change', True)
    assert reason(there, 'locked') == ('locked', False), 'it says so before it looks at the password, so the person is told nothing'
    for login in ('expired', 'must', 'fresh', 'graced'):
        assert reason(there, login, 'wrong') == ('password', False)
    assert reason(there, 'locked', 'wrong') == ('locked', False)
    assert set(policy.REASONS) >= {'password_expired', 'must_change', 'locked', 'password'}


def test_what_comes_soon_is_said_and_what_is_far_is_not(there):
    assert ask(there, 'soon', PASSWORD).hint == Hint(days=2)
    assert ask(there, 'fresh', PASSWORD).hint is None
    assert ask(there, 'later', PASSWORD).hint is None, 'the server warns 60 days before; that would be nagging'
    assert [ask(there, 'graced', PASSWORD).hint for _time in range(2)] == [Hint(grace=1), Hint(grace=0)]
    assert reason(there, 'graced') == ('password_expired', True)


def test_the_hint_is_on_the_next_page_once_in_the_person_s_language(active):
    token, person_id, _language = accounts.log_in('soon', PASSWORD, HERE)
    assert sessions.load(token).flashes == [{'text': 'Your password expires within 2 days.', 'about': 'password'}]
    Person.update(language='es').where(Person.id == person_id).execute()
    assert 'contraseña' in sessions.load(accounts.log_in('soon', PASSWORD, HERE)[0]).flashes[0]['text']
    assert sessions.load(accounts.log_in('fresh', PASSWORD, HERE)[0]).flashes == []


def owed(login, typed=PASSWORD, **values):
    """The token of the step that this login owes."""
    with pytest.raises(StepOwed) as caught:
        accounts.log_in(login, typed, HERE, **values)
    return caught.value.token


def test_who_must_change_his_password_changes_it_and_is_in(active):
    token = owed('must', is_remembered=True)
    assert not Session.select().exists() and not Person.select().where(Person.login == 'must').exists(), 'nobody is in, or here, before'
    session, is_remembered = password_changes.change_owed(token, PASSWORD, NEW, HERE)
    assert is_remembered and sessions.load(session).person_name == 'Must'
    assert accounts.log_in('must', NEW, HERE)
    assert reason(directories.load(active), 'must') == ('password', False)
    with pytest.raises(NotFound):
        password_changes.change_owed(token, NEW, 'another battery staple', HERE)


def test_a_step_is_no_session_and_a_session_no_step(active):
    token = owed('must')
    assert sessions.load(token) is None
    session = accounts.log_in('fresh', PASSWORD, HERE)[0]
    for other in (session, '', None, 'x' * 43, token[:-1]):
        with pytest.raises(NotFound):
            password_changes.change_owed(other, PASSWORD, NEW, HERE)
    again = owed('must')
    with pytest.raises(NotFound):       # a new login, a new step
        password_changes.change_owed(token, PASSWORD, NEW, HERE)
    OwedStep.update(expires_at=OwedStep.created_at).execute()
    with pytest.raises(NotFound):
        password_changes.change_owed(again, PASSWORD, NEW, HERE)


@pytest.mark.parametrize(('old', 'new', 'field', 'words'), [
    ('wrong', NEW, 'old', 'current password'), ('', NEW, 'old', ''), (PASSWORD, PASSWORD, 'new', 'that you have'), (PASSWORD, 'short', 'new', 'at least 8'),
    (PASSWORD, 'password1', 'new', 'too easy'), (PASSWORD, 'elevenchars', 'new', 'too short'), (PASSWORD, 'x' * 2000, 'new', 'at most'), (PASSWORD, 'a\0' + NEW, 'new', '')])
def test_what_is_wrong_is_said_at_its_field_and_the_step_stays(active, old, new, field, words):
    token = owed('must')
    with pytest.raises(Invalid) as caught:
        password_changes.change_owed(token, old, new, HERE)
    assert caught.value.field == field and words in str(caught.value.message)
    assert password_changes.change_owed(token, PASSWORD, NEW, HERE)


def test_the_directory_s_own_reasons_are_plain_words(box, there):
    def refused(login, new):
        with pytest.raises(password.PasswordRefused) as caught:
            password.change(there, ask(there, login, PASSWORD).uuid, PASSWORD, new, lambda entry, key: None)
        return caught.value.reason
    assert refused('fresh', 'elevenchars') == 'short'
    assert refused('young', NEW) == 'young'
    assert refused('closed', NEW) == 'not_allowed'
    entry, reason = password.change(there, ask(there, 'fresh', PASSWORD).uuid, PASSWORD, NEW, lambda entry, key: None)
    assert reason is None and entry.fields['login'] == 'fresh'
    with pytest.raises(password.PasswordRefused) as caught:
        password.change(there, entry.uuid, NEW, PASSWORD, lambda entry, key: None)
    assert caught.value.reason == 'used'


def test_where_it_is_switched_off_or_not_encrypted_the_person_is_told_where_to_go(active, strict):
    for change in ({'changes_passwords': False}, {'changes_passwords': True, 'url': strict.url, 'tls': 'none'}):
        directories.edit_directory(SYSTEM, active, SECRET, **change)
        with pytest.raises(WrongPair) as caught:
            accounts.log_in('must', PASSWORD, HERE)
        assert caught.value.may_tell and 'where your company does' in str(caught.value.message)


def test_switched_off_meanwhile_the_step_opens_nothing(active):
    token = owed('must')
    directories.edit_directory(SYSTEM, active, changes_passwords=False)
    with pytest.raises(NotFound):
        password_changes.change_owed(token, PASSWORD, NEW, HERE)


def test_who_is_blocked_here_is_offered_nothing_and_gets_nowhere(active):
    token = owed('must')
    password_changes.change_owed(token, PASSWORD, NEW, HERE)
    directory = directories.load(active)
    person_id = Person.get(Person.login == 'must').id
    uuid = ask(directory, 'must', NEW).uuid
    step = owed_steps.open_step(SYSTEM, owed_steps.DIRECTORY_PASSWORD, active, uuid)
    block(SYSTEM, person_id, 'portal', 'left')
    assert accounts.is_kept_out(active, str(uuid))
    with pytest.raises(WrongPair) as caught:
        password_changes.change_owed(step, NEW, 'another battery staple', HERE)
    assert caught.value.reason == 'disabled' and not caught.value.may_tell


def test_a_person_changes_his_own_and_is_logged_out_everywhere_else(active):
    first, person_id, _language = accounts.log_in('fresh', PASSWORD, HERE)
    actor = actor_for(person_id, 'test')
    assert password_changes.kept_where(actor) == 'directory'
    token, _id = password_changes.change_own(actor, PASSWORD, NEW, HERE)
    assert sessions.load(first) is None and sessions.load(token).person_name == 'Fresh'
    local = accounts.add_local(SYSTEM, 'local', 'Local')
    assert password_changes.kept_where(actor_for(local, 'test')) is None, 'he was never given one'
    with pytest.raises(NotFound):
        password_changes.change_own(actor_for(local, 'test'), PASSWORD, NEW, HERE)


def test_neither_password_is_kept_or_logged(active, caplog):
    caplog.set_level(0)
    token = owed('must')
    secret_old, secret_new = 'an old secret word', 'a new secret word'
    with pytest.raises(Invalid):
        password_changes.change_owed(token, secret_old, secret_new, HERE)
    password_changes.change_owed(token, PASSWORD, secret_new, HERE)
    told = caplog.text + repr([row for table in db.database.get_tables() for row in db.rows(f'SELECT * FROM "{table}"')])
    for word in (secret_old, secret_new, PASSWORD):
        assert word not in told
    assert AuditRow.select().where(AuditRow.what == 'identity.directory.password.changed').count() == 1


def test_a_change_counts_as_a_bind(active):
    """Whichever door: three wrong ones in all, and the right one is not tried any more."""
    token = owed('must')
    with pytest.raises(WrongPair):
        accounts.log_in('must', 'wrong', HERE)
    for _time in range(2):
        with pytest.raises(Invalid):
            password_changes.change_owed(token, 'wrong', NEW, HERE)
    for call in (lambda: password_changes.change_owed(token, PASSWORD, NEW, HERE), lambda: accounts.log_in('must', PASSWORD, HERE)):
        with pytest.raises(TooMany):
            call()


def test_a_new_password_that_the_directory_refuses_costs_no_try(active):
    token = owed('must')
    for _time in range(throttle.DIRECTORY_TRIES + 2):
        with pytest.raises(password.PasswordRefused):
            password_changes.change_owed(token, PASSWORD, 'elevenchars', HERE)
    assert password_changes.change_owed(token, PASSWORD, NEW, HERE)


def _try_wrong(url, key_file, start, told):
    from appliance.core import sealing
    sealing.use_key(sealing.read_key(key_file))
    db.open_database(url)
    with db.connected():
        start.wait(20)
        for number in range(4):
            try:
                accounts.log_in(['fresh', 'FRESH', ' fresh '][number % 3], f'wrong {os.getpid()}', f'192.0.2.{number + 10}')
            except Exception as error:
                told.put(type(error).__name__)


def test_processes_at_once_never_make_a_fourth(box, active, strict):
    """Each tries four times, by three spellings, from places of its own; the server counts what arrives."""
    context = multiprocessing.get_context('spawn')
    start, told = context.Event(), context.Queue()
    processes = [context.Process(target=_try_wrong, args=(box.config.database.url, box.config.secrets.key_file, start, told)) for _one in range(3)]
    for process in processes:
        process.start()
    start.set()
    said = [told.get(timeout=60) for _one in range(12)]
    for process in processes:
        process.join(30)
    assert said.count('WrongPair') <= throttle.DIRECTORY_TRIES and set(said) <= {'WrongPair', 'TooMany', 'Busy'}, said
    assert len(failures_there(strict)) == said.count('WrongPair') == throttle.DIRECTORY_TRIES


def failures_there(server):
    """pwdFailureTime of `fresh`, as the server has it."""
    import ldap
    connection = ldap.initialize(server.url)
    connection.simple_bind_s(PORTAL, SECRET)
    (_dn, values), = connection.search_s(PEOPLE, ldap.SCOPE_SUBTREE, '(uid=fresh)', ['pwdFailureTime'])
    return values.get('pwdFailureTime', [])


def test_a_directory_that_falls_silent_over_a_change_says_so(active, strict):
    token = owed('must')
    strict.stop()
    with pytest.raises(DirectoryDown):
        password_changes.change_owed(token, PASSWORD, NEW, HERE)
