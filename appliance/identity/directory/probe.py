"""`directory test`: step by step, with what to do where one fails. Slow and talkative, so never part of a login.

Reach and TLS are tried with Python's own ssl, since libldap gives no reason when it refuses a certificate.
"""

import functools
import socket
import ssl
import time

import ldap

from appliance.core.errors import PortalError
from appliance.core.i18n import texts
from appliance.core.permissions import require
from appliance.identity import throttle
from appliance.identity.directory import directories, login, servers
from appliance.identity.directory.client import address, connect, describe, system_ca
from appliance.identity.directory.errors import DirectoryDown, DirectoryMisconfigured, WrongPair
from appliance.identity.directory.mapping import PRESETS, plain, read_uuid
from appliance.identity.directory.policy import REASONS

_ = texts(__name__)

TEST_S = 5              # all steps together: a page waits for it
LOGIN_S = 1.5           # kept of it for the login, when one is tried
PAGE = 100
STEPS = ('reach', 'encryption', 'bind', 'base', 'people', 'login')
BY_SERVER = STEPS[:2]   # asked of each server
# RFC 4511, 4.14: ExtendedRequest 1.3.6.1.4.1.1466.20037 with message id 1.
STARTTLS = bytes.fromhex('301d02010177188016') + b'1.3.6.1.4.1.1466.20037'
CERTIFICATE_WORDS = {
    9: _.lazy('The certificate is not valid yet: compare the clocks.'),
    10: _.lazy('The certificate has expired: renew it at the directory.'),
    18: _.lazy('The certificate is signed by itself: give it as CA.'),
    19: _.lazy('The certificate is signed by a CA that is not known here: give its certificate as CA.'),
    20: _.lazy('The certificate is signed by a CA that is not known here: give its certificate as CA.'),
    21: _.lazy('The certificate is signed by a CA that is not known here: give its certificate as CA.'),
    62: _.lazy('The certificate is for another name: use the name that it was issued for.'),
    64: _.lazy('The certificate is not for this address: use the name that it was issued for.'),
}


def test_directory(actor, directory_id, name='', password=''):
    """Try a directory; administrators only. [{step, state (ok|failed|skipped), message, action}, ...] in order of STEPS.

    With name and password a login is tried too; nothing is written, no person is created. After a failed step the rest is
    skipped. Of several servers each is reached and encrypted with, and the rest goes by the first that is sound.
    """
    require(actor, 'identity.directories.manage')
    directory = directories.load(directory_id)
    deadline = time.monotonic() + TEST_S
    steps = {'reach': _reach, 'encryption': _encryption, 'bind': _bind, 'base': _base, 'people': _people,
             'login': functools.partial(_login, name=name, password=password)}
    report, sound = _each_server(directory, steps, deadline) if directory.more_servers else ([], directory)
    todo = STEPS[len(BY_SERVER):] if directory.more_servers else STEPS
    return report + _tried(sound or directory, {step: steps[step] for step in todo}, deadline, sound is not None, name)


def _each_server(directory, steps, deadline):
    """(the report on each of several servers, the directory by the first that is sound or None). A silent one leaves time for the others."""
    report, sound = [], None
    each, _alive = servers.by_server(directory, {})
    for place, one in enumerate(each):
        until = time.monotonic() + (deadline - time.monotonic()) / (len(each) - place + 1)
        rows = _tried(one, {step: steps[step] for step in BY_SERVER}, until)
        report += [row | {'message': f'{one.url}: {row["message"]}' if row['message'] else one.url} for row in rows]
        if sound is None and rows[-1]['state'] == 'ok':
            sound = one
    return report, sound


def _tried(directory, steps, deadline, is_sound=True, name=''):
    """The report on these steps ({step: what to do})."""
    report = []
    for step, attempt in steps.items():
        if not is_sound or (step == 'login' and not name):
            report.append({'step': step, 'state': 'skipped', 'message': '', 'action': ''})
            continue
        try:
            # The login watches its time itself, and counts its try in the database, which belongs to this thread.
            message = attempt(directory, deadline) if step == 'login' else login.within(deadline, attempt, directory, deadline)
            report.append({'step': step, 'state': 'ok', 'message': str(message), 'action': ''})
        except PortalError as error:
            is_sound = False
            report.append({'step': step, 'state': 'failed', 'message': str(error.message), 'action': str(_action(step, error))})
    return report


def _action(step, error):
    if isinstance(error, WrongPair):
        return _('For the directory the reason is: %(reason)s.', reason=REASONS[error.reason])
    return {
        'reach': _('Check address and port, that the directory runs, and the firewall in between.'),
        'encryption': _('Correct the certificate or the CA; the check of certificates cannot be switched off.'),
        'bind': _("Check name and secret of the portal's own account: appliance directory edit."),
        'base': _('Check the base, and that the account may read it.'),
        'people': _('Check the filter for people and the attributes.'),
        'login': _('Look into the log of the portal.'),
    }[step]


def _reach(directory, deadline):
    scheme, host, port = address(directory.url)
    try:
        with socket.create_connection((host, port), timeout=_left_s(deadline)) as connection:
            return _('%(host)s answers on port %(port)s.', host=connection.getpeername()[0], port=port)
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
        return _('None: the directory is on this machine.')
    _scheme, host, port = address(directory.url)
    context = ssl.create_default_context(cadata=directory.ca_pem or system_ca().decode())
    try:
        with socket.create_connection((host, port), timeout=_left_s(deadline)) as plain:
            if directory.tls == 'starttls':
                _start_tls(plain)
            with context.wrap_socket(plain, server_hostname=host) as encrypted:
                return _('%(version)s, the certificate is trusted.', version=encrypted.version())
    except ssl.SSLCertVerificationError as error:
        raise DirectoryMisconfigured('encryption', CERTIFICATE_WORDS.get(error.verify_code, error.verify_message)) from None
    except TimeoutError:
        raise DirectoryDown('silent') from None
    except ssl.SSLError as error:
        raise DirectoryMisconfigured('encryption', _('There is no TLS at this port (%(words)s).', words=error.reason)) from None
    except OSError:
        raise DirectoryDown('closed') from None


def _start_tls(plain):
    plain.sendall(STARTTLS)
    answer = plain.recv(4096)
    # The result code is the first ENUMERATED of the answer; 0 grants.
    mark = answer.find(b'\x0a\x01')
    if mark < 0 or answer[mark + 2:mark + 3] != b'\0':
        raise DirectoryMisconfigured('encryption', _('The directory refuses StartTLS. Use an address ldaps://, or switch TLS on there.'))


def _bind(directory, deadline):
    with connect(directory, deadline) as connection:
        login.bind_own_account(connection, directory)
    return directory.bind_dn or _('Without an account of its own the portal searches anonymously.')


def _base(directory, deadline):
    with connect(directory, deadline) as connection:
        login.bind_own_account(connection, directory)
        for base in directory.bases:
            try:
                found = connection.search('(objectClass=*)', ['1.1'], base=base, scope=ldap.SCOPE_BASE)
            except ldap.LDAPError as error:
                raise DirectoryMisconfigured('base', _('The base %(base)s cannot be read (%(words)s).', base=base, words=describe(error))) from None
            if not found:
                raise DirectoryMisconfigured('base', _('There is nothing at the base %(base)s, or it is not shown.', base=base))
    return '; '.join(directory.bases)


def _people(directory, deadline):
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
            raise login.misconfigured_search(error) from None
    if not count:
        raise DirectoryMisconfigured('people', _('The filter finds nobody below the base.'))
    if unknown:
        raise DirectoryMisconfigured('people', _(
            '%(unknown)s of %(count)s people show no %(attribute)s, by which a person is known. Let the account read it.',
            unknown=unknown, count=count, attribute=attribute))
    return _.plural('%(n)s person', '%(n)s people', count)


def _login(directory, deadline, name, password):
    with throttle.directory_tries() as take_try:
        entry = login.ask(directory, name, password, take_try, deadline)
    return ', '.join(f'{field}: {value}' for field, value in {'uuid': entry.uuid, 'dn': entry.dn, **entry.fields}.items() if value)
