"""A computer of the company's domain, on the guest of its directory: MIT's KDC, and curl, which shows a ticket as a browser does."""
import re
import shlex
from http import HTTPStatus

REALM = 'COMPANY.TEST'
FOLDER = '/srv/realm'
CLIENT = f'''\
[libdefaults]
    default_realm = {REALM}
    dns_lookup_kdc = false
    dns_lookup_realm = false
    dns_canonicalize_hostname = false
    rdns = false
[realms]
    {REALM} = {{
        kdc = 127.0.0.1
    }}
'''
SERVER = f'''\
[realms]
    {REALM} = {{
        database_name = {FOLDER}/principal
        key_stash_file = {FOLDER}/stash
        acl_file = {FOLDER}/acl
    }}
'''


class Computer:
    """A person sits at it (`log_on`), and his browser goes to the portal at `name`, which is at the address of another guest."""

    def __init__(self, guest, name, address, authority):
        self.guest, self.name, self._address = guest, name, address
        guest.write('/srv/portal-ca.crt', authority, 0o644)
        guest.install('krb5-kdc', 'krb5-admin-server', 'krb5-user', 'curl')
        guest.write('/etc/krb5.conf', CLIENT, 0o644)
        guest.write('/etc/krb5kdc/kdc.conf', SERVER, 0o644)
        guest.run(f'mkdir -p {FOLDER} && kdb5_util create -s -r {REALM} -P master && systemd-run -q --unit=company-realm krb5kdc -n')
        guest.run('for n in $(seq 100); do ss -Hltn sport = :88 | grep -q . && exit 0; sleep 0.1; done; exit 1')

    def admin(self, *commands):
        """Run commands of kadmin."""
        for command in commands:
            said = self.guest.run(f'kadmin.local -q {shlex.quote(command)} 2>&1').stdout
            assert not re.search(r'while |Invalid|Usage', said), said

    def new_key(self, service):
        """Make a service a new key; returns the keytab (bytes) that has it alone."""
        self.guest.run('rm -f /srv/new.keytab')
        self.admin(f'ktadd -k /srv/new.keytab -e aes256-cts:normal {service}')
        return (self.guest.root / 'srv/new.keytab').read_bytes()

    def log_on(self, login, password):
        """Get his first ticket, as at the start of the day; whatever was there before is gone."""
        self.log_off()
        self.guest.run(f'kinit {login}', stdin=f'{password}\n')

    def log_off(self):
        """Forget tickets and cookies."""
        self.guest.run('kdestroy -q; rm -f /srv/cookies')

    def get(self, path, *options, headers=()):
        """(status, {name of a header: [value, ...]}, text) of a GET with curl's options; a challenge that was answered is not shown."""
        more = ' '.join(shlex.quote(f'-H{one}') for one in headers)
        said = self.guest.run(f'curl -sS -i --cacert /srv/portal-ca.crt --resolve {self.name}:443:{self._address} -b /srv/cookies -c /srv/cookies '
                              f'{shlex.join(options)} {more} https://{self.name}{path}').stdout
        head = ''
        while said.startswith('HTTP/'):
            head, _blank, said = said.replace('\r\n', '\n').partition('\n\n')
        first, *lines = head.splitlines()
        found = {}
        for line in lines:
            name, _colon, value = line.partition(':')
            found.setdefault(name.lower(), []).append(value.strip())
        return HTTPStatus(int(first.split()[1])), found, said
