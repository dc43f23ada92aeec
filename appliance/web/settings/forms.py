"""The forms of a person's own settings."""

from wtforms import HiddenField, PasswordField, SelectField
from wtforms.fields import SelectChoice
from wtforms.validators import AnyOf, Length

from appliance.core.i18n import languages, texts, zones
from appliance.core.limits import PASSWORD_LENGTH
from appliance.web.forms import Form
from appliance.web.shell import THEMES

_ = texts(__name__)


def language_choices():
    """The languages, each in its own words."""
    return [SelectChoice(code, name[:1].upper() + name[1:]) for code, name in languages().items()]


class PlaceForm(Form):
    """Language and time zone."""

    language = SelectField(_.lazy('Language'), choices=language_choices)
    zone = SelectField(_.lazy('Time zone'), choices=zones)


class PasswordForm(Form):
    """The old password and a new one."""

    old = PasswordField(_.lazy('Current password'), [Length(max=PASSWORD_LENGTH)])
    new = PasswordField(_.lazy('New password'), [Length(max=PASSWORD_LENGTH)])


class LanguageForm(Form):
    """The footer's choice."""

    language = HiddenField(validators=[AnyOf(languages())])
    next = HiddenField(validators=[Length(max=2000)])


class ThemeForm(Form):
    """The footer's choice of colours."""

    theme = HiddenField(validators=[AnyOf([value for value, _name in THEMES])])
    next = HiddenField(validators=[Length(max=2000)])


class EndForm(Form):
    """A button that ends sessions."""
