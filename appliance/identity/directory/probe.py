"""`directory test`: step by step, with what to do where one fails. Slow and talkative, so never part of a login.

Reach and TLS are tried with Python's own ssl, since libldap gives no reason when it refuses a certificate.
"""

import contextlib
import functools
import socket
import ssl
import time

import ldap

from appliance.core import clock
from appliance.core.errors import PortalError
from appliance.core.i18n import texts
from appliance.core.permissions import require
from appliance.identity import throttle
from appliance.identity.directory import advice, certificates, directories, login, root, samples, self_written, servers, standing
from appliance.identity.directory.client import address, connect, describe, system_ca
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured
from appliance.identity.directory.mapping import PRESETS, plain, read_uuid
from appliance.identity.directory.threads import within

_ = texts(__name__)

TEST_S = 5              # all steps together: a page waits for it
LOGIN_S = 1.5           # kept of it for the login, when one is tried
BASES_S = 1             # of it for counting people below the bases that are found
PAGE = 100
STEPS = ('reach', 'encryption', 'bind', 'base', 'people', 'login')
BY_SERVER = STEPS[:2]   # asked of each server
AS = 'as'               # the step that looks at one login, where one is named: before the login
# The steps of others do not hinder it: why somebody is not found is what it is asked for.
NEEDED = {AS: 'bind'}
SOON_DAYS = 30


def test_directory(actor, directory_id, name='', password='', as_name='', until='login'):
    """Try a directory that is kept; administrators only. See `try_out`."""
    require(actor, 'identity.directories.manage')
    return try_out(directories.load(directory_id), name, password, as_name, until)


def try_out(directory, name='', password='', as_name='', until='login'):
    """Try a Directory, kept or not: [{step, state (ok|failed|skipped), message, action, details}, ...] in order of STEPS, up to `until`.

    Of several servers each is reached and encrypted with, and the rest goes by the first that is sound. With name and password a login is tried too, which counts among the three tries of its person; with as_name a step `as` says what that
    login is here. Nothing else is written, no person is created. After a failed step the rest is skipped. details, by step: encryption
    {certificate, server}, base {bases}, people {people, looked_at, warnings}, as what `standing.standing` gives, login {warnings}.
    """
    deadline = time.monotonic() + TEST_S
    steps = {'reach': _reach, 'encryption': _encryption, 'bind': _bind, 'base': _base, 'people': _people,
             AS: functools.partial(_as, name=as_name), 'login': functools.partial(_login, name=name, password=password)}
    asked = _asked(until, as_name)
    if not directory.more_servers:
        return _tried(directory, steps, asked, deadline, name)
    report, sound = _each_server(directory, steps, [step for step in asked if step in BY_SERVER], deadline)
    return report + _tried(sound or directory, steps, [step for step in asked if step not in BY_SERVER], deadline, name, '' if sound else BY_SERVER[-1])


def _each_server(directory, steps, asked, deadline):
    """(the report on each of several servers, the directory by the first that is sound or None). A silent one leaves time for the others."""
    report, sound = [], None
    each, _alive = servers.by_server(directory, {})
    for place, one in enumerate(each):
        until = time.monotonic() + (deadline - time.monotonic()) / (len(each) - place + 1)
        tried = _tried(one, steps, asked, until)
        report += [row | {'message': f'{one.url}: {row["message"]}' if row['message'] else one.url} for row in tried]
        if sound is None and tried[-1]['state'] == 'ok':
            sound = one
    return report, sound


def _tried(directory, steps, asked, deadline, name='', failed=''):
    """The report on the steps `asked`, of which those that need the one that failed are skipped."""
    report = []
    for step in asked:
        row = {'step': step, 'state': 'skipped', 'message': '', 'action': '', 'details': {}}
        report.append(row)
        is_hindered = failed and STEPS.index(failed) <= STEPS.index(NEEDED.get(step, step))
        if is_hindered or (step == 'login' and not name):
            continue
        try:
            message, row['details'] = _within(step, steps[step], directory, deadline)
            row |= {'state': 'ok', 'message': str(message)}
        except PortalError as error:
            failed = failed or (step if step in STEPS else '')
            row |= {'state': 'failed', 'message': advice.told(error, directory), 'action': advice.advise(step, error, directory), 'details': error.details}
    return report


def _asked(until, as_name):
    steps = list(STEPS[:STEPS.index(until) + 1])
    if as_name:
        steps.insert(steps.index('login') if 'login' in steps else len(steps), AS)
    return steps


def _within(step, function, directory, deadline):
    """(message, details) of a step. What asks the database stays in this thread, and guards itself."""
    if step in ('people', AS, 'login'):
        return function(directory, deadline)
    return within(deadline, function, directory, deadline)


def _reach(directory, deadline):
    scheme, host, port = address(directory.url)
    try:
        with socket.create_connection((host, port), timeout=_left_s(deadline)) as connection:
            return _('%(host)s answers on port %(port)s.', host=connection.getpeername()[0], port=port), {}
    except socket.gaierror:
        raise DirectoryDown('name') from None
    except TimeoutError:
        raise DirectoryDown('silent') from None
    except OSError:
        raise DirectoryDown('refused') from None


def _left_s(deadline):
    return max(0.1, deadline - time.monotonic())


def _encryption(directory, deadline):
    if directory.tls == 'none':
        return _('None: the directory is on this machine.'), {'certificate': {}, 'server': _server(directory, deadline)}
    _scheme, host, port = address(directory.url)
    is_starttls = directory.tls == 'starttls'
    try:
        context = ssl.create_default_context(cadata=directory.ca_pem or system_ca().decode())
        version, der = certificates.handshake(host, port, is_starttls, _left_s(deadline), context)
    except ssl.SSLCertVerificationError as error:
        refused = DirectoryMisconfigured('encryption', certificates.WORDS.get(error.verify_code, error.verify_message))
        refused.details = {'certificate': certificates.shown(host, port, is_starttls, _left_s(deadline)), 'server': {}}
        raise refused from None
    except certificates.NoStartTls:
        raise DirectoryMisconfigured('encryption', _('The directory refuses StartTLS. Use an address ldaps://, or switch TLS on there.')) from None
    except TimeoutError:
        raise DirectoryDown('silent') from None
    except ssl.SSLError as error:
        raise DirectoryMisconfigured('encryption', _('There is no TLS at this port (%(words)s).', words=error.reason)) from None
    except OSError:
        raise DirectoryDown('closed') from None
    certificate = certificates.described(der)
    message = _('%(version)s, the certificate is trusted.', version=version)
    if certificate and (left := (certificate['ends_at'] - clock.now()).days) < SOON_DAYS:
        message += ' ' + _.plural('It ends in %(n)s day.', 'It ends in %(n)s days.', left)
    return message, {'certificate': certificate, 'server': _server(directory, deadline)}


def _server(directory, deadline):
    """{kind, product, contexts} that the server says of itself; {} where it does not: no step fails for that."""
    with contextlib.suppress(PortalError, ldap.LDAPError), connect(directory, deadline) as connection:
        found = root.read_root(connection)
        return {'kind': found.kind, 'product': found.product, 'contexts': list(found.contexts)}
    return {}


def _bind(directory, deadline):
    with connect(directory, deadline) as connection:
        login.bind_own_account(connection, directory)
        contexts = root.read_root(connection).contexts
    return directory.bind_dn or _('Without an account of its own the portal searches anonymously.'), {'contexts': list(contexts)}


def _base(directory, deadline):
    """Reads the base, and says where people are: that is wanted most where the base is wrong."""
    with connect(directory, deadline) as connection:
        login.bind_own_account(connection, directory)
        refused = _read_bases(directory, connection)
        contexts = root.read_root(connection).contexts
    until = min(time.monotonic() + BASES_S, deadline - 2 * LOGIN_S)
    bases = root.count_people(directory, contexts, until) if until > time.monotonic() else []
    if not refused:
        return '; '.join(directory.bases), {'bases': bases}
    refused.details = {'bases': bases}
    raise refused


def _read_bases(directory, connection):
    """The error that says which base is not shown, or None where each is."""
    if not directory.base_dn:
        return DirectoryMisconfigured('base', _('No base is given yet.'))
    for base in directory.bases:
        try:
            found = connection.search('(objectClass=*)', ['1.1'], base=base, scope=ldap.SCOPE_BASE)
        except ldap.LDAPError as error:
            refused = DirectoryMisconfigured('base', _('The base %(base)s cannot be read (%(words)s).', base=base, words=describe(error)))
            refused.__cause__ = error
            return refused
        if not found:
            return DirectoryMisconfigured('base', _('There is nothing at the base %(base)s, or it is not shown.', base=base))
    return None


def _people(directory, deadline):
    """Three of them as they would look here, then how many there are."""
    shown, entries = within(deadline, _samples, directory, deadline)
    # Rules may be asked what a group gives: in the thread of the caller.
    if entries and deadline - time.monotonic() > LOGIN_S:
        # Groups are a courtesy: people may come in while those take too long.
        with contextlib.suppress(PortalError, ldap.LDAPError), connect(directory, deadline) as connection:
            login.bind_own_account(connection, directory)
            for one, entry in zip(shown['people'], entries, strict=True):
                one['groups'] = samples.groups_shown(directory, entry, connection)
    try:
        return within(deadline, _count, directory, deadline), shown
    except DirectoryMisconfigured as error:
        error.details = shown
        raise


def _samples(directory, deadline):
    with connect(directory, deadline) as connection:
        login.bind_own_account(connection, directory)
        try:
            return samples.read_samples(directory, connection)
        except ldap.SIZELIMIT_EXCEEDED:
            return {'people': [], 'looked_at': 0, 'warnings': []}, []
        except ldap.LDAPError as error:
            raise login.misconfigured_search(error) from error


def _count(directory, deadline):
    attribute = PRESETS[directory.preset].uuid_attribute
    count, unknown = 0, 0
    with connect(directory, deadline) as connection:
        login.bind_own_account(connection, directory)
        try:
            for page in connection.pages(directory.person_filter, [attribute], PAGE):
                if deadline - time.monotonic() < LOGIN_S:
                    return _('More than %(count)s people; counting all takes too long.', count=count)
                count += len(page)
                unknown += sum(read_uuid(directory.preset, plain(values)) is None
                               for _dn, values in page)
        except ldap.SIZELIMIT_EXCEEDED:
            # It counts pages together, as slapd does unless told otherwise. A login needs two entries at most.
            return _('The directory shows only a part of its people to this account; logins work nevertheless.')
        except ldap.LDAPError as error:
            raise login.misconfigured_search(error) from error
    if not count:
        raise DirectoryMisconfigured('people', _('The filter finds nobody below the base.'))
    if unknown:
        raise DirectoryMisconfigured('people', _(
            '%(unknown)s of %(count)s people show no %(attribute)s, by which a person is known. Let the account read it.',
            unknown=unknown, count=count, attribute=attribute))
    return _.plural('%(n)s person', '%(n)s people', count)


def _as(directory, deadline, name):
    """What a login is, without its password. Fails where its person could not log in."""
    login.refuse_unusable(name, 'x')
    found, entry = within(deadline, standing.look_up, directory, name, deadline)
    answer = standing.standing(directory, name, found, entry)
    if entry:
        with contextlib.suppress(PortalError, ldap.LDAPError):
            answer['groups'] = standing.groups_of(directory, entry, deadline)
    if not answer['may_log_in']:
        refused = DirectoryMisconfigured('people', ' '.join(one['message'] for one in answer['why']))
        refused.details = answer
        raise refused
    return _('%(login)s could log in.', login=name), answer


def _login(directory, deadline, name, password):
    with throttle.directory_tries() as take_try:
        entry = login.ask(directory, name, password, take_try, deadline)
    written = within(deadline, _written_by, directory, entry, password, deadline) if directory.preset == 'active-directory' else ()
    return (_('The password of %(dn)s is right.', dn=entry.dn),
            {'warnings': self_written.found_risks(directory, written)})


def _written_by(directory, entry, password, deadline):
    """The attributes that a person may write in his own entry, as he himself is told."""
    try:
        with connect(directory, deadline) as connection:
            connection.bind(entry.dn, password)
            return self_written.written_by_self(connection, entry.dn)
    except (ldap.LDAPError, PortalError):
        return frozenset()
