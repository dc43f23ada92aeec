"""`bin/install --unattended` on a bare Debian 12, then a company's first day on the box: the administrator by the link, the
employee by the directory of another server, a backup, a restore. The tests run in order, on one box."""
import json
import re
import time
import urllib.error
from types import SimpleNamespace

import pytest

from tests.install import slapd
from tests.install.computer import REALM, Computer
from tests.install.visitor import Visitor

REPOSITORY = '/mnt/backup/appliance'
INSTALL = 'cd /srv/appliance && bin/install --unattended'
ADMINISTRATOR = {'login': 'administrator', 'password': 'a long one for the test'}
LINK = re.compile(r'https://[^/]+(/setup/\S+)')


@pytest.fixture(scope='module')
def box(bare, figure):
    """The installed box: `guest`, `report` (what bin/install printed), `link`, `authority` (PEM), `base` address."""
    bare.run('mkdir -p /mnt/backup')
    began = time.monotonic()
    report = bare.run(f'{INSTALL} -e appliance_backup_repository={REPOSITORY}', timeout=1800).stdout
    figure(f'Machine time from bare Debian to healthy: {time.monotonic() - began:.0f} s')
    _status, _headers, authority = Visitor(f'http://{bare.address}').get('/ca.crt')
    base = f'https://{bare.address}'
    return SimpleNamespace(guest=bare, report=report, authority=authority, base=base,
                           visitor=lambda: Visitor(base, authority))


def test_set_up_link_is_the_last_line_and_makes_the_administrator(box):
    link = LINK.fullmatch(box.report.strip().splitlines()[-1])
    assert link, box.report[-2000:]
    visitor = box.visitor()
    fields = {'name': 'Ada', 'mail': '', 'company_name': 'Company', 'company_language': 'en', 'company_zone': 'Europe/Madrid',
              'repeated': ADMINISTRATOR['password']} | ADMINISTRATOR
    assert visitor.post(link[1], link[1], **fields)[0] == 303
    assert visitor.get('/admin/setup')[0] == 200
    assert box.visitor().get(link[1])[0] == 404


def test_employee_logs_in_with_the_password_of_the_directory(box, company_directory):
    box.guest.write('/etc/ssl/company.pem', company_directory.authority, 0o644)
    add = (f'appliance directory add company --url {company_directory.url} --base {slapd.BASE} --bind-dn {slapd.BIND_DN} '
           '--secret-stdin --ca /etc/ssl/company.pem')
    box.guest.run(add, stdin=slapd.SECRET + '\n')
    box.guest.run('appliance directory test company')
    visitor = box.visitor()
    assert visitor.post('/login', '/login', login=slapd.LOGIN, password='wrong')[0] == 401
    assert visitor.post('/login', '/login', login=slapd.LOGIN, password=slapd.PASSWORD)[0] == 303
    assert slapd.NAME in visitor.get('/')[2]


def test_a_file_is_larger_than_a_form_and_shown_from_an_origin_of_its_own(box):
    visitor = box.visitor()
    visitor.post('/login', '/login', login=slapd.LOGIN, password=slapd.PASSWORD)
    assert visitor.post('/worktime/days', '/worktime')[0] == 303
    day = re.search(r'/worktime/days/(\d+)', visitor.get('/worktime')[2])[1]
    content = 'ñandú\n' * 400_000
    assert visitor.upload(f'/attachments/worktime.day/{day}', f'/worktime/days/{day}', 'large.txt', content.encode())[0] == 303
    attachment = re.search(r'/attachments/(\d+)', visitor.get(f'/worktime/days/{day}')[2])[1]
    shown = visitor.get(f'/attachments/{attachment}')[1]['Location']
    assert shown.startswith(f'{box.base}:8443/f/')
    status, headers, text = Visitor('', box.authority).get(shown)
    assert (status, text == content, headers['Content-Type']) == (200, True, 'text/plain; charset=utf-8')
    assert 'sandbox' in headers['Content-Security-Policy'] and headers['X-Content-Type-Options'] == 'nosniff'
    assert Visitor(f'{box.base}:8443', box.authority).get('/login')[0] == 404
    assert visitor.get('/blobs/')[0] == 404     # only the portal's word opens them


def test_another_name_is_refused_and_plain_http_leads_to_tls(box):
    assert box.visitor().get('/login', Host='evil.example')[0] == 421
    status, headers, _text = Visitor(f'http://{box.guest.address}').get('/login?next=/people')
    assert (status, headers['Location']) == (308, box.base + '/login?next=/people')
    assert Visitor(f'http://{box.guest.address}').get('/ca.crt', Host='evil.example')[0] == 421


def test_built_files_come_from_nginx_for_ever(box):
    style = re.search(r'/static/dist/[^"]+\.css', box.visitor().get('/login')[2])[0]
    status, headers, _text = box.visitor().get(style)
    assert status == 200
    assert headers['Cache-Control'] == 'public, max-age=31536000, immutable'
    assert headers['X-Content-Type-Options'] == 'nosniff'


@pytest.mark.parametrize('path', ['/setup/{}', '/rescue/{}', '/%73etup/{}', '//rescue//{}', '/x/../setup/{}', '/setup/{}/x?y=1'])
def test_no_log_holds_a_one_time_token(box, path):
    token = f'TOKEN{abs(hash(path))}'
    box.visitor().get(path.format(token))
    Visitor(f'http://{box.guest.address}').get(path.format(token))
    time.sleep(0.5)
    found = box.guest.run(f"journalctl --no-pager --since=-1min -t appliance -t appliance_nginx | grep -c '{token}' ; "
                          f"grep -rc '{token}' /var/log/nginx | grep -v ':0$'", status=None).stdout.split()
    assert found == ['0']


@pytest.mark.parametrize('unit', ['appliance-web', 'appliance-live', 'appliance-jobs'])
def test_hardened(box, unit):
    report = box.guest.run(f'systemd-analyze security --no-pager {unit}.service').stdout
    assert float(re.search(r'Overall exposure level for \S+ ([0-9.]+)', report)[1]) <= 3.0, report


def test_pages_cannot_read_the_key_of_the_backups_nor_the_memory_of_jobs(box):
    as_web = ('web=$(systemctl show -P MainPID appliance-web); jobs=$(systemctl show -P MainPID appliance-jobs); '
              'nsenter -t $web -U -m -S $(id -u appliance) -G $(id -g appliance) head -c1 ')
    for path in ('/etc/appliance/backup.key', '/etc/appliance/tls/ca.key', '/proc/$jobs/mem', '/proc/$jobs/environ'):
        box.guest.run(as_web + path, status=1)
    box.guest.run(as_web + '/etc/appliance/config.ini')


def test_rights_of_files(box):
    found = box.guest.run('cd /etc/appliance && stat -c "%n %U %G %a" . config.ini portal.key backup.key install.yml tls tls/ca.key').stdout
    assert found.split('\n')[:-1] == [
        '. root appliance 1770', 'config.ini root appliance 640', 'portal.key appliance appliance 600',
        'backup.key root appliance-backup 640', 'install.yml root root 600', 'tls root root 700', 'tls/ca.key root root 600']
    assert box.guest.run('stat -c "%U %G %a" /var/lib/appliance /var/lib/appliance/portal.db').stdout.split('\n')[:-1] == [
        'appliance www-data 710', 'appliance appliance 600']
    assert not box.guest.run('find /opt/appliance /tmp -name node -o -name "node[-_]*" -o -name "npm*"').stdout


def test_nothing_of_the_demo_enters(box):
    box.guest.run('appliance demo', status=1)


def test_second_run_changes_nothing(box, figure):
    began = time.monotonic()
    report = box.guest.run(INSTALL, timeout=600)
    figure(f'Second run: {time.monotonic() - began:.0f} s')
    assert re.search(r'changed=0 .*failed=0', report.stdout), report.stdout
    assert '/setup/' not in report.stdout
    assert 'appliance rescue' in report.stdout + report.stderr


def test_it_comes_back_after_a_reboot(box):
    box.guest.reboot()
    box.guest.run(f'/usr/local/lib/appliance/wait-healthy {box.base} /var/www/appliance/ca.crt')
    assert not box.guest.run('systemctl --failed --no-legend').stdout
    box.guest.run('systemctl is-active appliance-live.service appliance-jobs.service')


def test_backup_and_restore(box, company_directory):
    box.guest.run('appliance backup key')
    box.guest.run('appliance backup create', timeout=300)
    snapshot = box.guest.run("appliance backup list --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0][\"snapshot\"])'").stdout.strip()
    box.guest.run('appliance backup verify', timeout=300)
    box.guest.run("appliance person add --login later --name 'Came Later' --mail later@company.test --password-stdin", stdin='a long enough one\n')
    refused = box.guest.run(f'appliance restore {snapshot}', status=1).stderr
    assert 'systemctl stop appliance.target' in refused
    box.guest.run(f'systemctl stop appliance.target && appliance restore {snapshot} && systemctl start appliance.target', timeout=300)
    box.guest.run('systemctl start appliance-web.service appliance-live.service appliance-jobs.service')
    logins = box.guest.run('appliance person list --json').stdout
    assert slapd.LOGIN in logins
    assert 'later' not in logins
    assert box.visitor().post('/login', '/login', **ADMINISTRATOR)[0] == 303
    assert box.visitor().post('/login', '/login', login=slapd.LOGIN, password=slapd.PASSWORD)[0] == 303


def test_a_portal_starts_on_the_restored_copy(box):
    """By the console, and by the jobs' own unit, which may do least of all."""
    drilled = json.loads(box.guest.run('appliance backup drill --json', timeout=300).stdout)
    assert drilled['walls'] == 'kernel' and {page['address'] for page in drilled['pages']} >= {'/', '/people'}
    assert not any(page['problem'] for page in drilled['pages'])
    visitor = box.visitor()
    assert visitor.post('/login', '/login', **ADMINISTRATOR)[0] == 303
    assert visitor.post('/admin/jobs/core.drill/runs', '/admin/backups')[0] == 303
    deadline = time.monotonic() + 120
    while (state := _state_of(box, 'core.drill')) != 'done':
        assert state != 'failed' and time.monotonic() < deadline, box.guest.run('journalctl -u appliance-jobs -n 50 --no-pager').stdout
        time.sleep(2)


def _state_of(box, name):
    return next(one['last_state'] for one in json.loads(box.guest.run('appliance job list --json').stdout) if one['name'] == name)


def test_another_address_makes_another_authority(box):
    """The old one could not vouch for it: each is constrained to its own address."""
    box.guest.run(f'{INSTALL} -e appliance_address=portal.example.com', timeout=600)
    box.guest.run('/usr/local/lib/appliance/wait-healthy https://portal.example.com /var/www/appliance/ca.crt')
    authority = box.guest.run('openssl x509 -in /var/www/appliance/ca.crt -noout -ext nameConstraints').stdout
    assert 'DNS:portal.example.com' in authority
    assert 'IP:0.0.0.0/0.0.0.0' in authority
    with pytest.raises(urllib.error.URLError):
        box.visitor().get('/login')


NAME = 'portal.example.com'
SERVICE = f'HTTP/{NAME}'
KEYTAB = '/etc/appliance/http.keytab'
NTLM = 'TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAA='


@pytest.fixture(scope='module')
def computer(box, company_directory):
    """A computer of the domain, whose browser knows the portal by the name that it has by now."""
    made = Computer(company_directory.guest, NAME, box.guest.address, box.guest.run('cat /var/www/appliance/ca.crt').stdout)
    made.admin(f'addprinc -pw "{slapd.PASSWORD}" {slapd.LOGIN}', f'addprinc -randkey {SERVICE}', 'addprinc -randkey HTTP/other.example.com')
    return made


def _finding(box):
    """The code of what `appliance check` says of tickets."""
    found = box.guest.run('appliance check --json', status=None).stdout
    return next(one['code'] for one in json.loads(found) if one['name'] == 'kerberos')


def _place(box, keytab, more=''):
    """Run the playbook with a keytab (bytes); returns what it says of tickets at the end."""
    path = box.guest.root / 'root/portal.keytab'
    path.write_bytes(keytab)
    said = box.guest.run(f'{INSTALL} -e appliance_keytab=/root/portal.keytab {more}', timeout=900).stdout
    path.unlink()
    return re.search(r'^Single sign-on: (.+)$', said, re.MULTILINE)[1]


def _has_offer(computer):
    """Whether the form leads to the door for tickets, which is there then."""
    status, headers, _text = computer.get('/login/kerberos')
    is_offered = '/login/kerberos' in computer.get('/login?local=1')[2]
    assert (status, headers.get('www-authenticate')) == ((401, ['Negotiate']) if is_offered else (404, None))
    return is_offered


def test_without_a_keytab_no_ticket_is_asked_for(box, computer):
    assert not _has_offer(computer)
    assert _finding(box) == 'kerberos.none'


def test_a_ticket_of_the_domain_logs_in_once_the_box_has_a_keytab(box, computer, figure):
    began = time.monotonic()
    assert _place(box, computer.new_key(SERVICE)) == f'tickets for {SERVICE}@{REALM} are taken, of people of {REALM}'
    figure(f'Single sign-on, with what it compiles: {time.monotonic() - began:.0f} s')
    assert box.guest.run(f'stat -c "%U %G %a" {KEYTAB}').stdout.split() == ['root', 'appliance', '640']
    assert _finding(box) == 'kerberos.well'
    assert _has_offer(computer)
    computer.log_on(slapd.LOGIN, slapd.PASSWORD)
    status, headers, _text = computer.get('/login/kerberos?next=/people', '--negotiate', '-u', ':')
    assert (status, headers['location']) == (303, ['/people'])
    assert headers['www-authenticate'][0].startswith('Negotiate ')     # by which the browser knows the portal
    assert slapd.NAME in computer.get('/')[2]


def test_who_has_no_ticket_and_who_offers_ntlm_is_refused(box, computer):
    computer.log_off()
    assert computer.get('/login/kerberos', '--negotiate', '-u', ':')[0] == 401
    for way in ('--ntlm', '--anyauth'):
        status, headers, text = computer.get('/login/kerberos', way, '-u', f'{slapd.LOGIN}:{slapd.PASSWORD}')
        assert status == 401 and 'name="password"' in text
        assert not any('NTLM' in one for one in headers.get('www-authenticate', ()))
    status, headers, text = computer.get('/login/kerberos', headers=[f'Authorization: Negotiate {NTLM}'])
    assert status == 401 and 'www-authenticate' not in headers and 'NTLM' in text
    status, headers, _text = computer.get('/', headers=[f'{name}: {slapd.LOGIN}@{REALM}' for name in ('Remote-User', 'X-Remote-User', 'X-Forwarded-User')])
    assert status == 303 and '/login' in headers['location'][0]


def test_the_greatest_ticket_passes_nginx(computer):
    """Refused by the portal's own page, not by nginx or Gunicorn, which have no words for people."""
    computer.guest.write('/srv/header', 'Authorization: Negotiate ' + 'A' * 64_000, 0o644)
    status, _headers, text = computer.get('/login/kerberos', headers=['@/srv/header'])
    assert status == 401 and 'name="password"' in text


def test_the_next_run_keeps_the_keytab(box):
    assert re.search(r'changed=0 .*failed=0', box.guest.run(INSTALL, timeout=600).stdout)


def test_what_is_wrong_with_a_keytab_is_said(box, computer):
    computer.log_on(slapd.LOGIN, slapd.PASSWORD)
    box.guest.run(f'chmod 600 {KEYTAB}')
    assert _finding(box) == 'kerberos.unreadable'
    assert computer.get('/login/kerberos', '--negotiate', '-u', ':')[0] == 503
    box.guest.run(f'chmod 644 {KEYTAB}')
    assert _finding(box) == 'kerberos.everybody_reads'
    renewed = computer.new_key(SERVICE)
    assert 'the keytab has no key of' in _place(box, computer.new_key('HTTP/other.example.com'))
    assert _finding(box) == 'kerberos.no_principal'
    assert computer.get('/login/kerberos', '--negotiate', '-u', ':')[0] == 503
    _place(box, renewed, f'-e appliance_principal={SERVICE}@{REALM}')
    assert box.guest.run(f'stat -c "%U %G %a" {KEYTAB}').stdout.split() == ['root', 'appliance', '640']
    newest = computer.new_key(SERVICE)
    computer.log_on(slapd.LOGIN, slapd.PASSWORD)
    assert _finding(box) == 'kerberos.well'
    assert computer.get('/login/kerberos', '--negotiate', '-u', ':')[0] == 401
    assert _finding(box) == 'kerberos.old_key'
    _place(box, newest)
    assert f'principal = {SERVICE}@{REALM}' in box.guest.run('cat /etc/appliance/config.ini').stdout, 'said once, it stays'
    assert computer.get('/login/kerberos', '--negotiate', '-u', ':')[0] == 303
    assert _finding(box) == 'kerberos.well'


def test_the_playbook_takes_it_away_again(box, computer):
    box.guest.run(f'{INSTALL} -e appliance_keytab=-', timeout=600)
    box.guest.run(f'test ! -e {KEYTAB}')
    assert 'appliance_principal: ""' in box.guest.run('cat /etc/appliance/install.yml').stdout
    assert not _has_offer(computer)
    assert _finding(box) == 'kerberos.none'
    assert re.search(r'changed=0 .*failed=0', box.guest.run(INSTALL, timeout=600).stdout)
