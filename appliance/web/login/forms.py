"""The login form."""

from wtforms import BooleanField, HiddenField, PasswordField, StringField
from wtforms.validators import Length

from appliance.core.i18n import texts
from appliance.core.limits import MAIL_LENGTH, PASSWORD_LENGTH
from appliance.web.forms import Form

_ = texts(__name__)


class LoginForm(Form):
    """Login or mail, password, remember. No further checks: what is wrong with them is nobody's business."""

    login = StringField(_.lazy('Login or e-mail'), [Length(max=MAIL_LENGTH)])
    password = PasswordField(_.lazy('Password'), [Length(max=PASSWORD_LENGTH)])
    remember = BooleanField(_.lazy('Remember me on this computer'))
    next = HiddenField(validators=[Length(max=2000)])


class PasswordForm(Form):
    """The old password and a new one. `next` is where to go then."""

    old = PasswordField(_.lazy('Current password'), [Length(max=PASSWORD_LENGTH)])
    new = PasswordField(_.lazy('New password'), [Length(max=PASSWORD_LENGTH)])
    next = HiddenField(validators=[Length(max=2000)])


class EndForm(Form):
    """The button that logs out."""
