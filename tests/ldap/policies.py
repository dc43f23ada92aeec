"""A real slapd with a password policy (slapo-ppolicy), and a person in each state that it knows."""
from datetime import UTC, datetime, timedelta

from appliance.demo import directory as slapd
from tests.ldap.people import BASE, PEOPLE, PORTAL, SECRET, person
from tests.postgresql import free_port

DAYS = 90
TOP = 'moduleload ppolicy'
# Locked accounts say so, as careless servers do: the portal must not pass it on.
BOTTOM = f'''overlay ppolicy
ppolicy_default "cn=strict,{BASE}"
ppolicy_use_lockout
ppolicy_hash_cleartext
access to attrs=userPassword by self write by anonymous auth by * none'''


def ago(days):
    """That moment as GeneralizedTime."""
    return (datetime.now(UTC) - timedelta(days=days)).strftime('%Y%m%d%H%M%SZ')


def with_access(*rules):
    """BOTTOM with other rules for passwords: what is granted to the portal before what everybody has."""
    return BOTTOM.replace('access to', '\n'.join((*rules, 'access to')), 1)


def _policy(name, **values):
    usual = {'objectClass': ['applicationProcess', 'pwdPolicy'], 'cn': name, 'pwdAttribute': 'userPassword', 'pwdMaxAge': str(DAYS * 86400),
             'pwdExpireWarning': str(60 * 86400), 'pwdMinLength': '12', 'pwdCheckQuality': '2', 'pwdInHistory': '3', 'pwdMustChange': 'TRUE', 'pwdLockout': 'TRUE',
             'pwdMaxFailure': '9', 'pwdAllowUserChange': 'TRUE', 'pwdSafeModify': 'TRUE'}
    return slapd.ldif_entry(f'cn={name},{BASE}', usual | values)


def _of(name):
    return {'pwdPolicySubentry': f'cn={name},{BASE}'}


def ldif():
    return '\n'.join((
        slapd.ldif_entry(BASE, {'objectClass': ['dcObject', 'organization'], 'dc': 'company', 'o': 'Company'}),
        slapd.ldif_entry(PEOPLE, {'objectClass': 'organizationalUnit', 'ou': 'people'}),
        slapd.ldif_entry(PORTAL, {'objectClass': ['applicationProcess', 'simpleSecurityObject'], 'cn': 'portal', 'userPassword': SECRET}),
        _policy('strict'), _policy('loose', pwdSafeModify='FALSE', pwdInHistory='0'), _policy('grace', pwdGraceAuthNLimit='2'), _policy('young', pwdMinAge='86400'), _policy('closed', pwdAllowUserChange='FALSE'),
        person('fresh', pwdChangedTime=ago(1)), person('soon', pwdChangedTime=ago(DAYS - 2)), person('later', pwdChangedTime=ago(DAYS - 30)),
        person('expired', pwdChangedTime=ago(DAYS + 10)), person('loose', pwdChangedTime=ago(DAYS + 10), **_of('loose')),
        person('both', pwdChangedTime=ago(DAYS + 10), pwdAccountLockedTime=ago(0.001)), person('graced', pwdChangedTime=ago(DAYS + 10), **_of('grace')),
        person('must', pwdReset='TRUE'), person('must2', pwdReset='TRUE'), person('must3', pwdReset='TRUE'), person('locked', pwdAccountLockedTime=ago(0.001)),
        person('young', pwdChangedTime=ago(0.1), **_of('young')), person('closed', **_of('closed'))))


def start(authority, bottom=BOTTOM):
    """It, with TLS."""
    return slapd.Slapd(ldif(), base=BASE, port=free_port(), tls_port=free_port(), tls=authority.issue('127.0.0.1'), top=TOP, bottom=bottom)
