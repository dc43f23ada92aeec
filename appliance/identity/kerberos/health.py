"""The check of single sign-on: the keytab is there, only the portal reads it, it has a usable key of ours, and a directory knows the people."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.core import clock
from appliance.core.checks import FAILED, OK, WARNING, finding, health
from appliance.core.i18n import texts
from appliance.identity.directory import directories
from appliance.identity.kerberos import keytab, logins, people, tickets
from appliance.identity.kerberos.errors import KerberosMisconfigured

_ = texts(__name__)
A_DAY = timedelta(days=1)
_NOBODY = _.lazy('Nobody can log in by his computer’s ticket; passwords work as ever.')
_CANNOT = _.lazy('tickets cannot be checked: %(words)s')
NONE = finding('kerberos.none', OK, _.lazy('no keytab is set up: people log in by password'))
WELL = finding('kerberos.well', OK, _.lazy('tickets for %(principal)s are taken, of people of %(realm)s'))
PROBLEMS = {
    'no_library': finding('kerberos.no_library', FAILED, _CANNOT, meaning=_NOBODY,
                          action=_.lazy('Run bin/install again, or install requirements/kerberos.txt into the portal’s environment.')),
    'unreadable': finding('kerberos.unreadable', FAILED, _CANNOT, meaning=_NOBODY,
                          action=_.lazy('Put the keytab back, and let the portal read it: chown root:appliance, chmod 0640.')),
    'no_principal': finding('kerberos.no_principal', FAILED, _CANNOT, meaning=_NOBODY,
                            action=_.lazy('Make a keytab for the name that people type (docs/single-sign-on.md), or name its key as sso.principal.')),
    'several': finding('kerberos.several', FAILED, _CANNOT, meaning=_NOBODY, action=_.lazy('Say which one counts as sso.principal in config.ini.')),
}
EVERYBODY_READS = finding(
    'kerberos.everybody_reads', FAILED, _.lazy('%(path)s can be read by everybody on this machine'), action=_.lazy('Run: chmod o-rwx %(path)s'),
    meaning=_.lazy('Whoever has the key can log in to the portal as anybody of the domain. Make a new one after that.'))
WEAK = finding('kerberos.weak', WARNING, _.lazy('the keytab has only old kinds of keys (RC4, DES) of %(principal)s'),
               meaning=_.lazy('Current domain controllers give no tickets of these kinds, and they are easy to break.'),
               action=_.lazy('Allow AES for the account of the service (msDS-SupportedEncryptionTypes 24), and make the keytab anew.'))
OLD_KEY = finding(
    'kerberos.old_key', WARNING, _.lazy('tickets were refused: they are for another key of %(principal)s than the keytab has (number %(numbers)s)'),
    meaning=_.lazy('The key was made anew in the domain, or the account of the service: nobody has come in by a ticket since.'),
    action=_.lazy('Make the keytab anew and run: bin/install -e appliance_keytab=PATH. Where that was just done: whoever is logged on has the old '
                  'ticket until he logs off from the computer and on again.'))
NO_DIRECTORY = finding('kerberos.no_directory', FAILED, _.lazy('there is a keytab, but no directory is in use'), meaning=_NOBODY,
                       action=_.lazy('Add the directory of the domain at /admin/directories.'))
NO_REALM = finding('kerberos.no_realm', FAILED, _.lazy('the realm of the directory %(name)s is not known: its base names no domain'), meaning=_NOBODY,
                   action=_.lazy('Say the realm on the page of the directory.'))
OTHER_REALM = finding('kerberos.other_realm', WARNING, _.lazy('tickets are for the realm %(ours)s, the directory %(name)s is of %(theirs)s'),
                 meaning=_.lazy('That is right only where %(ours)s trusts %(theirs)s; else the tickets of all people are refused.'),
                 action=_.lazy('Compare the realm on the page of the directory with that of the keytab.'))


@health('kerberos')
def look(config):
    """Result of what is found first."""
    if not config.sso.keytab:
        return NONE()
    try:
        principal = keytab.own_principal(config.sso, config.server.public_address)
        tickets.library()
    except KerberosMisconfigured as error:
        return PROBLEMS[error.reason](words=error.message)
    if Path(config.sso.keytab).stat().st_mode & 0o007:
        return EVERYBODY_READS(path=config.sso.keytab)
    if not _is_strong(config, principal):
        return WEAK(principal=principal)
    found = _of_directory(principal)
    return found if found.state != OK or not _is_old(config.sso.keytab) else OLD_KEY(principal=principal, numbers=_numbers(config, principal))


def _is_strong(config, principal):
    return any(key.principal == principal and key.kind not in keytab.WEAK for key in keytab.read(config.sso.keytab))


def _is_old(path):
    """Whether somebody showed a ticket for another key, since this keytab was put there and within a day, and nobody a good one after him.

    The domain alone knows which number its key has by now, and tells no stranger.
    """
    put_at = datetime.fromtimestamp(Path(path).stat().st_ctime, UTC)       # its own date may be older: a copy keeps it
    refused_at = logins.refused_at('key', max(put_at, clock.now() - A_DAY))
    return refused_at is not None and not logins.came_in_after(refused_at)


def _numbers(config, principal):
    return ', '.join(sorted({str(key.number) for key in keytab.read(config.sso.keytab) if key.principal == principal}))


def _of_directory(principal):
    active, ours = directories.all_active(), principal.rpartition('@')[2]
    if not active:
        return NO_DIRECTORY()
    of_realm = {realm: directory.name for directory in active for realm in people.realms_of(directory)}
    if not of_realm:
        return NO_REALM(name=active[0].name)
    if ours in of_realm:
        return WELL(principal=principal, realm=ours)
    theirs, name = next(iter(of_realm.items()))
    return OTHER_REALM(name=name, ours=ours, theirs=theirs)
