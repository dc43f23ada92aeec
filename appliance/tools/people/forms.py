"""The forms of people. What is right is decided by the rules; which fields a form has, by who fills it."""

from wtforms import DateField, EmailField, FileField, HiddenField, SelectField, SelectMultipleField, StringField, TelField
from wtforms.fields import SelectChoice
from wtforms.validators import Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from appliance.core.errors import Invalid
from appliance.core.i18n import texts
from appliance.core.limits import EMPLOYEE_NUMBER_LENGTH, LOGIN_LENGTH, MAIL_LENGTH, NAME_LENGTH, PHONE_LENGTH, TITLE_LENGTH
from appliance.tools.people import OWN_FIELDS
from appliance.tools.people.rules import as_day
from appliance.web.custom_fields import custom_field, typed
from appliance.web.forms import Form

_ = texts(__name__)
INDENT = '\u00a0\u00a0'
LABELS = {'photo': _.lazy('Photo'), 'name': _.lazy('Name'), 'title': _.lazy('Title'), 'phone': _.lazy('Phone'), 'birthday': _.lazy('Birthday')}


def _fields(departments):
    """{name: field} of all that a profile may have; `departments` as rules.departments gives them."""
    places = [SelectChoice('', _('None')), *(SelectChoice(str(one), INDENT * depth + name) for one, name, depth in departments)]
    return {'name': StringField(LABELS['name'], [Length(max=NAME_LENGTH)]),
            'title': StringField(LABELS['title'], [Length(max=TITLE_LENGTH)]),
            'phone': TelField(LABELS['phone'], [Length(max=PHONE_LENGTH)]),
            'mail': EmailField(_.lazy('Mail'), [Length(max=MAIL_LENGTH)]),
            'birthday': DateField(LABELS['birthday'], [Optional()]),
            'employee_number': StringField(_.lazy('Employee number'), [Length(max=EMPLOYEE_NUMBER_LENGTH)]),
            'department_id': SelectField(_.lazy('Department'), choices=places),
            'contact': StringField(_.lazy('Contact'), [Length(max=LOGIN_LENGTH)]),
            'login': StringField(_.lazy('Login'), [Length(max=LOGIN_LENGTH)])}


class _Profile(Form):
    seen = HiddenField(validators=[Length(max=2000)])

    def values(self):
        """{field: value} for editing.edit_profile."""
        found = {name: field.data for name, field in self._fields.items() if name not in ('seen', 'request_key')}
        if 'department_id' in found:
            found['department_id'] = int(found['department_id']) if found['department_id'] else None
        return found


def profile_form(names, departments, custom=()):
    """The class of a form with these fields only: any other that is posted is refused. `custom` are the company's own among them."""
    fields = {name: field for name, field in _fields(departments).items() if name in names}
    return type('ProfileForm', (_Profile,), fields | {one.code: custom_field(one) for one in custom})


def as_typed(found):
    """What editing.opened says, as the form shows it."""
    values = dict(found['values'])
    if 'birthday' in values:
        values['birthday'] = as_day(values['birthday'])
    if 'department_id' in values:
        values['department_id'] = str(values['department_id'] or '')
    values |= {one.code: typed(one, values[one.code]) for one in found['custom']}
    return values | {'seen': found['seen']}


class PhotoForm(Form):
    """A picture, as the camera made it."""

    photo = FileField(_.lazy('Picture'))

    def picture(self):
        """The file that was sent; Invalid when none was."""
        if not self.photo.data or not self.photo.data.filename:
            raise Invalid(_('Choose a picture first.'), field='photo')
        return self.photo.data.stream


class OwnFieldsForm(Form):
    """What people may change of themselves."""

    own = SelectMultipleField(_.lazy('People may change of themselves'), choices=[SelectChoice(name, LABELS[name]) for name in OWN_FIELDS],
                                 widget=ListWidget(prefix_label=False), option_widget=CheckboxInput())
