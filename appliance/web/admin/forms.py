"""The forms of the directories' pages. What is right is decided by the rules."""

from wtforms import BooleanField, HiddenField, PasswordField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length

from appliance.core.i18n import texts
from appliance.core.limits import LOGIN_LENGTH, NAME_LENGTH, PASSWORD_LENGTH
from appliance.identity.directory.directories import MAPPED, MOST_BASES, MOST_LINE, MOST_PEM, MOST_SERVERS, SEVERAL
from appliance.web.forms import Form

_ = texts(__name__)
NONE = '-'      # in a mapping: this field is not taken from the directory
TLS = [SelectChoice('ldaps', 'LDAPS'), SelectChoice('starttls', 'StartTLS'), SelectChoice('none', _.lazy('None (only on this machine)'))]
PRESETS = [SelectChoice('openldap', 'OpenLDAP'), SelectChoice('active-directory', 'Active Directory'),
           SelectChoice('freeipa', 'FreeIPA'), SelectChoice('389', '389 Directory Server')]


def _line(label, most=MOST_LINE, *validators):
    return StringField(label, [*validators, Length(max=most)], filters=[lambda text: (text or '').strip()])


def _lined(text):
    return [line.strip() for line in (text or '').splitlines() if line.strip()]


def _lines(label, most):
    """Several values, one a line."""
    return TextAreaField(label, [DataRequired(), Length(max=most * MOST_LINE)], filters=[lambda text: (text or '').strip()])


def sync_choices():
    """How far the portal follows a directory by itself."""
    return [SelectChoice('known', _('Keep people who are here up to date, and cut them off')), SelectChoice('all', _('The same, and make people before they log in')),
            SelectChoice('off', _('No'))]


def tree_choices():
    """Where departments come from."""
    return [SelectChoice('attribute', _('An attribute of each person')), SelectChoice('ou', _('The branches (OU) in which people stand, as a tree')),
            SelectChoice('groups', _('Groups alone, by the rules of this page'))]


class DirectoryForm(Form):
    """A directory. Fields bear the rules' names; url and base_dn hold all servers and bases, one a line; `map_<field>` are attributes parted by
    commas, '' for the kind's own.
    """

    name = _line(_.lazy('Name'), NAME_LENGTH, DataRequired())
    preset = SelectField(_.lazy('Kind'), choices=PRESETS)
    url = _lines(_.lazy('Servers'), MOST_SERVERS)
    tls = SelectField(_.lazy('Encryption'), choices=TLS)
    ca_pem = TextAreaField(_.lazy('CA certificate'), [Length(max=MOST_PEM)])
    drop_ca = BooleanField(_.lazy('Forget the stored certificate'))
    base_dn = _lines(_.lazy('Bases'), MOST_BASES)
    bind_dn = _line(_.lazy('Name of that account'))
    secret = PasswordField(_.lazy('Secret of that account'), [Length(max=PASSWORD_LENGTH)])
    person_filter = _line(_.lazy('Filter for people'))
    login_attributes = _line(_.lazy('Attributes that people log in with'))
    map_login = _line(_.lazy('Login'))
    map_name = _line(_.lazy('Name'))
    map_mail = _line(_.lazy('Mail'))
    map_phone = _line(_.lazy('Phone'))
    map_title = _line(_.lazy('Title'))
    map_department = _line(_.lazy('Department'))
    map_employee_number = _line(_.lazy('Employee number'))
    map_language = _line(_.lazy('Language'))
    map_photo = _line(_.lazy('Photo'))
    map_head = _line(_.lazy('Head'))
    is_active = BooleanField(_.lazy('People log in with this directory'))
    sync = SelectField(_.lazy('Follow it by itself'), choices=sync_choices)
    changes_passwords = BooleanField(_.lazy('People may change their password there from here'))
    realm = _line(_.lazy('Realm of Kerberos'), NAME_LENGTH)
    tree = SelectField(_.lazy('Departments come from'), choices=tree_choices, default='attribute')
    heads = BooleanField(_.lazy('Who heads a department comes from the directory (manager)'))
    tried_login = _line(_.lazy('Login of a person'), LOGIN_LENGTH)
    tried_password = PasswordField(_.lazy('His password'), [Length(max=PASSWORD_LENGTH)])
    check, take_preset, take_base_dn = (HiddenField(validators=[Length(max=MOST_LINE)]) for _each in range(3))
    take_ca_pem = HiddenField(validators=[Length(max=MOST_PEM)])

    def is_sound_so_far(self):
        """Whether what was filled in is right, for a try; what is still empty is none of its business."""
        self.validate()
        for field in self:
            if not field.data:
                field.errors = ()
        return not self.errors

    def values(self, kept=None):
        """The arguments for the rules; `kept` is the row that is edited. What was left empty is left to the kind of directory."""
        values = {name: self[name].data for name in ('name', 'preset', 'tls', 'bind_dn', 'is_active', 'sync', 'changes_passwords', 'realm', 'tree', 'heads')}
        for first, others in SEVERAL.items():
            values[first], *values[others] = dict.fromkeys(_lined(self[first].data)) or ['']
        if self.ca_pem.data or self.drop_ca.data:
            values['ca_pem'] = '' if self.drop_ca.data else self.ca_pem.data
        if self.person_filter.data and not self._is_of_former_kind(kept, 'person_filter', self.person_filter.data):
            values['person_filter'] = self.person_filter.data
        attributes = _parted(self.login_attributes.data)
        if attributes and not self._is_of_former_kind(kept, 'login_attributes', attributes):
            values['login_attributes'] = attributes
        return values | {'mapping': {name: [] if text == NONE else _parted(text) for name, text in self._mapping() if text}}

    def refuse(self, error):
        """The same, of all servers and bases at the one field that holds them."""
        for first, others in SEVERAL.items():
            if getattr(error, 'field', None) == others:
                error.field = first
        super().refuse(error)

    def _is_of_former_kind(self, kept, name, value):
        """Whether a value only stands there because the directory was of another kind, whose own it is."""
        return bool(kept) and kept['preset'] != self.preset.data and kept[name] == value

    def _mapping(self):
        return [(name, self[f'map_{name}'].data) for name in MAPPED]


def as_typed(directory):
    """A directory's row as the form shows it."""
    mapping = {f'map_{name}': ', '.join(attributes) or NONE for name, attributes in directory['mapping'].items()}
    several = {first: '\n'.join((directory[first], *directory[others])) for first, others in SEVERAL.items()}
    return directory | mapping | several | {'login_attributes': ', '.join(directory['login_attributes'])}


def _parted(text):
    return [part for part in (piece.strip() for piece in text.split(',')) if part]


class GroupForm(Form):
    """A group, by its number, and what it gives: `role:NAME` or `department:ID`. `q` is what was looked for."""

    group = RadioField(_.lazy('Group'), validate_choice=False, validators=[InputRequired(_.lazy('Choose a group.'))])
    gives = SelectField(_.lazy('Gives'), validate_choice=False, validators=[InputRequired(_.lazy('Choose what it gives.'))])
    q = HiddenField(validators=[Length(max=NAME_LENGTH)])
