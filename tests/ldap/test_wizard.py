"""Trying a directory that is not kept yet: what the server says, bases, three people, warnings, and who may have it asked how often."""
from dataclasses import replace
from types import SimpleNamespace

import ldap
import pytest

from appliance.cli.directory_report import print_report
from appliance.core import clock, i18n
from appliance.core.actor import ADMINISTRATOR, ANONYMOUS, SYSTEM, Actor
from appliance.core.audit import AuditRow
from appliance.core.errors import Busy, Invalid, NotAllowed, NotFound, TooMany
from appliance.core.people import give_role
from appliance.demo import directory as slapd
from appliance.identity import accounts, throttle
from appliance.identity.directory import advice, directories, grants, probe, root, samples, self_written, wizard
from appliance.identity.directory.errors import WrongPair
from appliance.identity.directory.mapping import read_entry
from appliance.identity.models import Directory, LoginFailure
from tests.ldap.people import BASE, EMPLOYEE, PASSWORD, PEOPLE, PORTAL, SECRET, company, person
from tests.postgresql import free_port

GROUP = f'cn=opticians,ou=groups,{BASE}'


@pytest.fixture
def values(server):
    """What a form holds that names the test server."""
    return {'name': 'Company', 'url': server.url, 'tls': 'none', 'preset': 'openldap', 'base_dn': PEOPLE, 'bind_dn': PORTAL, 'mapping': {}}


def tried(box, values, part='people', **more):
    found = wizard.check(SYSTEM, box.config, part, values, secret=more.pop('secret', SECRET), **more)
    return found, {one['step']: one for one in found['steps']}


def test_each_part_is_tried_up_to_its_step_and_nothing_is_kept(box, values):
    for part, steps in {'server': ['reach', 'encryption'], 'account': ['reach', 'encryption', 'bind', 'base'], 'people': list(probe.STEPS[:5]),
                        'login': list(probe.STEPS)}.items():
        found, by_step = tried(box, values, part)
        assert list(by_step) == steps
        assert {one['state'] for one in found['steps'] if one['step'] != 'login'} == {'ok'}
    assert not Directory.select().exists()


def test_the_server_says_what_it_is(box, values):
    found, by_step = tried(box, values | {'preset': 'active-directory'}, 'server')
    assert (found['kind'], found['kind_differs']) == ('openldap', True)
    assert by_step['encryption']['details']['server']['contexts'] == [BASE]
    assert tried(box, values, 'server')[0]['kind_differs'] is False


@pytest.mark.parametrize(('values', 'kind', 'contexts'), [
    ({'supportedCapabilities': [b'1.2.840.113556.1.4.800'], 'defaultNamingContext': [b'DC=corp,DC=test'],
      'namingContexts': [b'CN=Configuration,DC=corp,DC=test', b'DC=DomainDnsZones,DC=corp,DC=test', b'DC=corp,DC=test']}, 'active-directory', ('DC=corp,DC=test',)),
    ({'vendorName': [b'389 Project'], 'vendorVersion': [b'389-Directory/2.3.1'], 'namingContexts': [b'dc=x', b'o=ipaca', b'cn=changelog'],
      'ipaTopologyPluginVersion': [b'1.0']}, 'freeipa', ('dc=x',)),
    ({'vendorName': [b'389 Project'], 'namingContexts': [b'dc=x', b'', b'no dn']}, '389', ('dc=x',)),
    ({'objectClass': [b'top', b'OpenLDAProotDSE'], 'namingContexts': [b'dc=x']}, 'openldap', ('dc=x',)),
    ({'vendorName': [b'\xff\x00 Novell']}, '', ()), ({}, '', ())])
def test_kinds_are_told_by_what_servers_say(values, kind, contexts):
    """389, FreeIPA and Windows are not to be had here: what they show is."""
    found = root.read_root(SimpleNamespace(search=lambda *args, **options: [('', values)]))
    assert (found.kind, found.contexts) == (kind, contexts)
    assert found.product.isprintable()


def test_bases_are_found_with_their_people(box, values):
    _found, by_step = tried(box, values | {'base_dn': ''}, 'account')
    assert by_step['bind']['state'] == 'ok'
    assert (by_step['base']['state'], by_step['base']['message']) == ('failed', 'No base is given yet.')
    assert by_step['base']['details']['bases'] == [{'dn': BASE, 'people': 14, 'is_whole': True}, {'dn': PEOPLE, 'people': 14, 'is_whole': True}]


def test_counting_ends_with_its_time(directory, monkeypatch):
    monkeypatch.setattr(root, 'PAGE', 3)
    found = root.count_people(replace(directory, base_dn=BASE), (BASE,), until=0)
    assert found and not any(one['is_whole'] for one in found)


def test_three_people_as_they_would_look_here(box, values):
    shown = tried(box, values)[1]['people']['details']
    assert len(shown['people']) == 3 and shown['looked_at'] == 14
    fullest = shown['people'][0]
    assert fullest['fields'] == {'login': 'employee', 'name': 'Ana Ñúñez', 'mail': 'employee@company.test', 'phone': '+34 600 000 001', 'title': 'Sales (north)', 'department': 'Sales', 'employee_number': ''}
    assert (fullest['head_dn'], fullest['closed'], fullest['uuid']) == (f'uid=head,{PEOPLE}', '', '22222222-2222-4222-8222-222222222222')
    assert set(fullest) == {'dn', 'uuid', 'fields', 'head_dn', 'photo_bytes', 'closed', 'groups'}
    codes = {one['code']: one['message'] for one in shown['warnings']}
    assert codes['no_mail'].startswith('5 of 12') and 'unusable' in codes and 'has space' in codes['unusable']


def test_groups_that_take_too_long_hinder_nobody(box, values, monkeypatch):
    def too_slow(directory, entry, connection):
        raise probe.DirectoryDown('silent')
    monkeypatch.setattr(samples, 'what_groups_give', too_slow)
    steps = tried(box, values, 'login', login='employee')[1]
    assert (steps['people']['state'], steps['as']['state'], steps['as']['details']['groups']) == ('ok', 'ok', [])


def test_what_a_group_gives_is_told(box, values, grouped, monkeypatch, capsys):
    monkeypatch.setattr(samples, 'what_groups_give', lambda directory, entry, connection: [{'group': 'Opticians', 'gives': [i18n.texts('appliance').lazy('One'), 'Two']}])
    step = tried(box, values | {'url': grouped.url}, 'login', login='employee')[1]['as']
    assert step['details']['groups'] == [{'group': 'Opticians', 'gives': ['One', 'Two']}]
    print_report([step])
    assert 'Opticians: One, Two' in capsys.readouterr().out


def test_a_photo_is_told_by_its_size(directory):
    directory = replace(directory, mapping={'photo': ['jpegPhoto']}, person_filter='(uid=garbage)')
    with probe.connect(directory, probe.time.monotonic() + 2) as connection:
        probe.login.bind_own_account(connection, directory)
        assert samples.read_samples(directory, connection)[0]['people'][0]['photo_bytes'] == 4


@pytest.fixture(scope='module')
def grouped():
    """A slapd with a group, whose people are read with exactly the rights that the portal says its account needs."""
    from appliance.identity.directory.client import Directory as Client
    from appliance.identity.directory.mapping import PRESETS
    preset = PRESETS['openldap']
    found = Client(0, 'x', 'ldap://127.0.0.1', 'none', '', PEOPLE, PORTAL, 'openldap', preset.person_filter, preset.login_attributes, {}, SECRET)
    ldif = '\n'.join((company(), person('insider', userPassword='secret of his', mail='insider@company.test', street='a secret'),
                      slapd.ldif_entry(f'ou=groups,{BASE}', {'objectClass': 'organizationalUnit', 'ou': 'groups'}),
                      slapd.ldif_entry(GROUP, {'objectClass': 'groupOfNames', 'cn': 'opticians', 'member': [f'uid=employee,{PEOPLE}', f'uid=head,{PEOPLE}']})))
    with slapd.Slapd(ldif, base=BASE, port=free_port(), bottom=_rules(grants.what_to_grant(found))) as running:
        yield running


def _rules(grant):
    """The rules of a grant for olcAccess and olcLimits as slapd.conf writes them, and nothing else for anybody."""
    lines, rules = grant.replace('\n  ', ' ').splitlines(), []
    for line in lines:
        if line.startswith('olcAccess: '):
            rules.append('access ' + line.partition('}')[2])
        if line.startswith('olcLimits: '):
            rules.append('limits ' + line.partition('}')[2])
    assert len(rules) == 4
    rules = [rule for rule in rules if 'userPassword' not in rule]       # only for who wants it: test_expired.py
    return '\n'.join(('access to attrs=userPassword by anonymous auth by * none', *rules, 'access to * by * none'))


def test_what_is_granted_is_enough_and_no_more(box, values, grouped):
    found, by_step = tried(box, values | {'url': grouped.url}, 'login', login='employee', password=PASSWORD)
    assert {one['step']: one['state'] for one in found['steps']} == dict.fromkeys((*probe.STEPS[:5], 'as', 'login'), 'ok'), found['steps']
    assert by_step['people']['details']['people'][0]['groups'] == [{'group': 'opticians', 'gives': []}]
    assert by_step['as']['details']['groups'] == [{'group': 'opticians', 'gives': []}]
    connection = ldap.initialize(grouped.url)
    connection.simple_bind_s(PORTAL, SECRET)
    assert all('street' not in shown and 'userPassword' not in shown for _dn, shown in connection.search_s(PEOPLE, ldap.SCOPE_SUBTREE, '(uid=insider)', ['*', '+']))


@pytest.mark.parametrize('preset', ['openldap', 'active-directory', 'freeipa', '389'])
@pytest.mark.parametrize(('base_dn', 'bind_dn'), [(PEOPLE, PORTAL), ('', ''), ('o=x', 'CORP\\portal'), ('ou=a\\,b,dc=x', 'portal@corp.test'), ('x' * 900, '{evil}"`; rm')])
def test_a_grant_is_text_whatever_was_typed(directory, preset, base_dn, bind_dn):
    text = grants.what_to_grant(replace(directory, preset=preset, base_dn=base_dn, bind_dn=bind_dn, person_filter='(&(a=1)(memberOf:1.2:=x))'))
    assert 'portal' in text and 'evil' not in text and 'x' * 200 not in text
    more = grants.what_to_grant(replace(directory, preset=preset, more_bases=('ou=guests,dc=sister,dc=test', 'evil', 'cn=evil\nolcAccess: to *,dc=x')))
    assert '# The same once more for ou=guests,dc=sister,dc=test' in more and 'evil' not in more


def test_what_people_may_write_themselves_is_warned_of(directory):
    ipa = self_written.usual_risks(replace(directory, preset='freeipa'))
    assert {one['field'] for one in ipa} == {'department', 'head'}
    assert [one['field'] for one in self_written.usual_risks(replace(directory, preset='389'))] == ['mail']
    assert self_written.usual_risks(directory) == []
    assert [one['field'] for one in self_written.usual_risks(replace(directory, preset='active-directory', person_filter='(&(info=portal)(x:1.2.3:=y))'))] == ['filter']


def test_a_secret_that_somebody_maps_is_shown_to_nobody(box, values, directory):
    """The account of these tests is shown no passwords; one that may read all of them is."""
    directory = replace(directory, mapping={'title': ['userPassword']})
    shown = {'uid': [b'ana'], 'entryUUID': [EMPLOYEE.encode()], 'userPassword': [b'{SSHA}abc']}
    entry = read_entry(directory, 'uid=ana', shown)
    assert entry.fields['title'] == '{SSHA}abc' and samples.as_shown(directory, entry, shown)['fields']['title'] == ''
    assert self_written.secret_attributes(directory) == ['userPassword']
    with pytest.raises(Invalid, match='hold no secret'):
        tried(box, values | {'mapping': {'title': ['userpassword']}})


def test_only_who_manages_directories_has_servers_asked(box, values):
    for actor in (ANONYMOUS, Actor(7, 'employee', frozenset())):
        with pytest.raises(NotAllowed):
            wizard.check(actor, box.config, 'server', values)
    assert not LoginFailure.select().exists()


@pytest.mark.parametrize('port', ['server', 'admin', 'live'])
@pytest.mark.parametrize('host', ['127.0.0.1', 'localhost', '127.0.0.9', '[::1]', '[::ffff:127.0.0.1]'])
def test_the_portals_own_doors_are_not_knocked_at(box, values, host, port):
    address = {'server': box.config.server.address, 'admin': box.config.server.admin_address, 'live': box.config.live.address}[port]
    with pytest.raises(Invalid) as caught:
        tried(box, values | {'url': f'ldap://{host}:{address.rpartition(":")[2]}', 'tls': 'none' if host != '[::ffff:127.0.0.1]' else 'starttls'}, 'server')
    assert (caught.value.field, 'door of the portal' in str(caught.value)) == ('url', True)
    assert not AuditRow.select().exists()


def test_an_administrator_reads_what_the_person_would_see_and_not_his_words(directory):
    told = {(reason, offered): advice.told(WrongPair(reason), replace(directory, tls='ldaps', changes_passwords=offered))
            for reason in ('must_change', 'password_expired', 'password') for offered in (True, False)}
    assert told['must_change', True] != told['must_change', False] and 'a new one here' in told['must_change', True]
    assert not [words for words in told.values() if 'Your' in words] and told['password', True] == 'Login or password is wrong.'


@pytest.mark.parametrize('kept', [True, False])
def test_whether_a_password_may_be_changed_here_is_tried_as_it_was_filled_in(box, values, kept):
    assert directories.draft(SYSTEM, None, '', **values | {'changes_passwords': kept}).changes_passwords is kept
    assert directories.draft(SYSTEM, None, '', **values).changes_passwords is True


def test_each_try_is_written_down_and_they_end(box, values):
    tried(box, values, 'server')
    row = AuditRow.select().where(AuditRow.what == 'identity.directory.checked').get()
    assert row.data == {'door': values['url'].removeprefix('ldap://'), 'part': 'server'}
    LoginFailure.insert_many([{'bucket': f'check:{SYSTEM.person_id}', 'at': clock.now()}] * (throttle.CHECK_TRIES - 1)).execute()
    with pytest.raises(TooMany):
        tried(box, values, 'server')


def test_one_try_at_a_time_in_a_worker(box, values):
    with wizard._turn, pytest.raises(Busy):
        tried(box, values, 'server')
    assert tried(box, values, 'server')[0]['steps']


def test_a_kept_secret_is_used_for_its_own_server_alone(box, values, server):
    directory_id = directories.add_directory(SYSTEM, 'Company', server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')
    assert tried(box, values, secret='', directory_id=directory_id)[1]['people']['state'] == 'ok'
    moved = tried(box, values | {'url': server.url.replace('127.0.0.1', 'localhost')}, secret='', directory_id=directory_id)[1]
    assert (moved['bind']['state'], 'missing' in moved['bind']['message']) == ('failed', True)
    with pytest.raises(NotFound):
        tried(box, values, directory_id=directory_id + 1)


def test_who_might_not_save_it_may_not_try_it(box, values, server):
    """A system administrator must not read through the kept account what the directory shows to nobody else."""
    directory_id = directories.add_directory(SYSTEM, 'Company', server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')
    entry = probe.login.ask(directories.load(directory_id), 'head', PASSWORD)
    give_role(SYSTEM, accounts.person_of_entry(SYSTEM, directory_id, entry), ADMINISTRATOR)
    actor = Actor(accounts.add_local(SYSTEM, 'system', 'System'), 'employee', frozenset({'system_admin'}))
    kept = values | {'login_attributes': ['uid', 'mail']}
    assert wizard.check(actor, box.config, 'people', kept, directory_id)['steps'][-1]['state'] == 'ok'
    with pytest.raises(NotAllowed):
        wizard.check(actor, box.config, 'people', kept | {'mapping': {'title': ['description']}}, directory_id)


def test_a_tried_login_counts_among_the_three_of_its_person(box, values, server):
    directory_id = directories.add_directory(SYSTEM, 'Company', server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')
    for _time in range(throttle.DIRECTORY_TRIES):
        assert tried(box, values, 'login', login='head', password='wrong', directory_id=directory_id)[1]['login']['state'] == 'failed'
    assert 'Too many' in tried(box, values, 'login', login='head', password=PASSWORD, directory_id=directory_id)[1]['login']['message']
    for _time in range(throttle.DIRECTORY_TRIES + 1):
        assert tried(box, values, 'login', login='employee', password=PASSWORD, directory_id=directory_id)[1]['login']['state'] == 'ok'


def test_it_counts_also_where_the_directory_is_tried_before_it_is_kept_or_twice_here(box, values, server):
    """It is one account there: two rows for one server, or a form, are no way to more than three."""
    there = {'url': server.url, 'base_dn': PEOPLE, 'secret': SECRET, 'bind_dn': PORTAL, 'tls': 'none'}
    for name in ('First', 'Second'):
        directories.add_directory(SYSTEM, name, **there)
    assert tried(box, values, 'login', login='head', password='wrong')[1]['login']['state'] == 'failed'
    for name in ('First', 'Second'):
        with pytest.raises(WrongPair):
            accounts.log_in(f'{name}\\head', 'wrong', '192.0.2.7')
    for name in ('First', 'Second'):
        with pytest.raises(TooMany):
            accounts.log_in(f'{name}\\head', PASSWORD, '192.0.2.7')
    assert 'Too many' in tried(box, values, 'login', login='head', password=PASSWORD)[1]['login']['message']


@pytest.mark.parametrize(('change', 'field'), [
    ({'url': ''}, 'url'), ({'url': 'http://x'}, 'url'), ({'url': 'ldap://192.0.2.1'}, 'tls'), ({'tls': 'ldaps'}, 'tls'), ({'base_dn': 'x'}, 'base_dn'), ({'preset': 'novell'}, 'preset'),
    ({'person_filter': 'x'}, 'person_filter'), ({'mapping': {'login': ['a b']}}, 'mapping'), ({'ca_pem': 'x'}, 'ca_pem'), ({'bind_dn': 'x\x00'}, 'bind_dn')])
def test_what_is_wrong_is_refused_before_anything_is_asked(box, values, change, field):
    with pytest.raises(Invalid) as caught:
        tried(box, values | change, 'server')
    assert caught.value.field == field
    assert not AuditRow.select().exists()
