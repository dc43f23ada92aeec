"""The people of the test directory, some of them odd on purpose."""

from appliance.demo import directory as slapd

BASE = 'dc=company,dc=test'
PEOPLE = f'ou=people,{BASE}'
PORTAL = f'cn=portal,{BASE}'
SECRET = 'the portal itself'
PASSWORD = 'correct horse'
HEAD = '11111111-1111-4111-8111-111111111111'
EMPLOYEE = '22222222-2222-4222-8222-222222222222'


def person(login, rdn=None, **attributes):
    """One LDIF entry of a person below PEOPLE; attributes replace or add to the usual ones."""
    usual = {'objectClass': 'inetOrgPerson', 'uid': login, 'cn': login.title(), 'sn': login.title(), 'userPassword': PASSWORD}
    return slapd.ldif_entry(f'{rdn or "uid=" + login},{PEOPLE}', usual | attributes)


def company():
    """The LDIF of a directory with the people that the tests need."""
    return '\n'.join((
        slapd.ldif_entry(BASE, {'objectClass': ['dcObject', 'organization'], 'dc': 'company', 'o': 'Company'}),
        slapd.ldif_entry(PEOPLE, {'objectClass': 'organizationalUnit', 'ou': 'people'}),
        slapd.ldif_entry(PORTAL, {'objectClass': ['applicationProcess', 'simpleSecurityObject'], 'cn': 'portal', 'userPassword': SECRET}),
        person('head', mail='head@company.test', entryUUID=HEAD),
        person('employee', mail='employee@company.test', entryUUID=EMPLOYEE, displayName='Ana Ñúñez', cn=['Ana', 'A. Núñez'],
               telephoneNumber=['+34 600 000 001', '+34 600 000 002'], title='Sales (north)', departmentNumber='Sales',
               manager=f'uid=head,{PEOPLE}'),
        person('twin', mail='shared@company.test'),
        person('other', mail='shared@company.test'),
        person('lending', mail='a@company.test'),
        person('lent', mail='a@company.test'),
        person('third', mail='a@company.test'),
        person('nopassword', userPassword=''),
        person('has space', rdn='cn=has space', cn='has space'),
        person('comma', rdn='cn=Comma\\, The \\"Quoted\\" \\2B One', cn='Comma, The "Quoted" + One'),
        person('bare', displayName=''),
        person('star*(x)', rdn='cn=star', cn='star'),
        person('much', cn='x' * 3000, telephoneNumber='1' * 200, mail='m' * 300 + '@company.test'),
        person('garbage', displayName='\u202eevil', title=b'\x00\x01', jpegPhoto=b'\xff\xd8\xff\x00'),
    ))
