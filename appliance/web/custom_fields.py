"""How fields of the company's own stand in a form. What is right is decided by the rules; a form only reads and shows."""

from datetime import date

from wtforms import DateField, SelectField, StringField, URLField
from wtforms.fields import SelectChoice
from wtforms.validators import Length, Optional

from appliance.core.custom_fields.types import ADDRESS, CHOICE, DATE, DECIMAL, FLAG, NUMBER, as_typed
from appliance.core.i18n import texts
from appliance.core.limits import FIELD_ADDRESS_LENGTH, FIELD_TEXT_LENGTH

_ = texts(__name__)
# Which keys a phone offers; not type="number", which swallows what it does not understand.
INPUTMODES = {NUMBER: 'numeric', DECIMAL: 'decimal'}
_LONG = {NUMBER: 20, DECIMAL: 20}


def custom_field(field):
    """The field of a form for a Definition."""
    if field.type == DATE:
        return DateField(field.title, [Optional()])
    if field.type == FLAG:
        return SelectField(field.title, choices=[SelectChoice('', _('Not given')), SelectChoice('1', _('Yes')), SelectChoice('0', _('No'))])
    if field.type == CHOICE:
        return SelectField(field.title, choices=[SelectChoice('', _('Not given')), *(SelectChoice(str(number), title) for number, title in field.choices)])
    if field.type == ADDRESS:
        return URLField(field.title, [Length(max=FIELD_ADDRESS_LENGTH)])
    return StringField(field.title, [Length(max=_LONG.get(field.type, FIELD_TEXT_LENGTH))])


def typed(field, stored):
    """A value as the field of the form takes it."""
    if field.type == DATE:
        return date.fromisoformat(stored) if stored else None
    return as_typed(field, stored)
