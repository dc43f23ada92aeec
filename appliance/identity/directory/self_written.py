"""Attributes that people of a directory may change in their own entries, where such an attribute decides here who somebody is or what he
may do. What a kind of directory allows unless somebody changed it is known; what an Active Directory allows one person it says itself.
"""

import re

import ldap

from appliance.core.i18n import texts
from appliance.identity.directory.mapping import mapping_of

_ = texts(__name__)

_COMMON = frozenset({'description', 'displayname', 'homephone', 'initials', 'jpegphoto', 'mobile', 'pager', 'facsimiletelephonenumber', 'postaladdress',
                     'postalcode', 'roomnumber', 'secretary', 'st', 'street', 'telephonenumber', 'title', 'carlicense', 'labeleduri', 'seealso', 'l'})
# Unless somebody changed it. Active Directory: the property set Personal-Information, which SELF writes ([MS-ADTS] 3.1.1.2.3.3). FreeIPA: the
# self-service permission "User Self service". 389: the access of its sample entries. OpenLDAP: what its guide's examples let people write.
USUAL = {
    'active-directory': frozenset({'assistant', 'c', 'facsimiletelephonenumber', 'homephone', 'homepostaladdress', 'info', 'ipphone', 'l', 'mobile', 'othermobile',
                                   'pager', 'personaltitle', 'physicaldeliveryofficename', 'postaladdress', 'postalcode', 'st', 'street', 'telephonenumber',
                                   'thumbnailphoto', 'url', 'wwwhomepage'}),
    'freeipa': _COMMON | {'givenname', 'sn', 'cn', 'gecos', 'manager', 'employeetype', 'businesscategory', 'ou'},
    '389': _COMMON | {'mail', 'preferredlanguage'},
    'openldap': frozenset(),
}
# What a field decides here.
DECIDES = {
    'login': _.lazy('who somebody is'), 'mail': _.lazy('where notices and links go'), 'department': _.lazy('what somebody may see'),
    'head': _.lazy('who decides about somebody'), 'employee_number': _.lazy('who somebody is'),
}
# Values that must be shown to nobody, whoever maps them.
SECRET = frozenset({'userpassword', 'unicodepwd', 'ntpwdhistory', 'lmpwdhistory', 'ms-mcs-admpwd', 'mslaps-password', 'mslaps-encryptedpassword',
                    'msds-managedpassword', 'sambantpassword', 'sambalmpassword', 'krbprincipalkey', 'ipanthash', 'pwdhistory', 'authpassword'})
_IN_FILTER = re.compile(r'\(\s*([A-Za-z][A-Za-z0-9-]*)[^()=<>~]*[<>~]?=')


def usual_risks(directory):
    """[{code, field, message}, ...]: what decides here comes from an attribute that people of such a directory usually write themselves."""
    own = USUAL[directory.preset]
    return [_risk(field, attribute, _('People can usually change it themselves in a directory of this kind.'))
            for field, attribute in deciding(directory) if attribute.lower() in own]


def found_risks(directory, written):
    """The same of the attributes (lower case) that somebody may really write in his entry."""
    return [_risk(field, attribute, _('This person can change it himself.')) for field, attribute in deciding(directory) if attribute.lower() in written]


def deciding(directory):
    """[(field, attribute), ...] of what decides here: the fields of DECIDES, the names people log in by, the filter for people (`filter`)."""
    mapping = mapping_of(directory)
    found = [(field, attribute) for field in DECIDES for attribute in mapping.get(field, ())]
    found += [('login', attribute) for attribute in directory.login_attributes]
    found += [('filter', attribute) for attribute in _IN_FILTER.findall(directory.person_filter)]
    seen = {}
    for field, attribute in found:
        seen.setdefault(attribute.lower(), (field, attribute))
    return list(seen.values())


def secret_attributes(directory):
    """The mapped attributes that hold secrets."""
    return sorted({name for names in mapping_of(directory).values() for name in names if name.lower() in SECRET})


def written_by_self(connection, dn):
    """The attributes (lower case) that whoever is bound on a connection may write in an entry, as Active Directory says it; empty elsewhere."""
    try:
        found = connection.search('(objectClass=*)', ['allowedAttributesEffective'], base=dn, scope=ldap.SCOPE_BASE)
    except ldap.LDAPError:
        return frozenset()
    return frozenset(data.decode('ascii', 'replace').lower() for _dn, values in found for texts in values.values() for data in texts)


def _risk(field, attribute, why):
    decides = DECIDES.get(field) or _('who gets in')
    return {'code': 'self_written', 'field': field, 'message': _('%(attribute)s decides here %(what)s.', attribute=attribute, what=str(decides)) + ' ' + why + ' '
            + _('Take that right away there, or do not take it from the directory.')}
