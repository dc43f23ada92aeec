"""The forms of the set-up. What is right is decided by the rules and the settings' own readers."""

from wtforms import EmailField, IntegerField, PasswordField, SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from appliance.core.i18n import texts, zones
from appliance.core.limits import LOGIN_LENGTH, MAIL_LENGTH, NAME_LENGTH, PASSWORD_LENGTH
from appliance.web.forms import Form
from appliance.web.settings.forms import language_choices

_ = texts(__name__)


def tls_choices():
    """How a mail server is spoken to."""
    return [SelectChoice('starttls', 'STARTTLS'), SelectChoice('tls', 'TLS'), SelectChoice('none', _('None'))]


class CompanyForm(Form):
    """Name, language and zone of the company; fields bear the settings' names."""

    company_name = StringField(_.lazy('Name of the company'), [DataRequired(), Length(max=NAME_LENGTH)])
    company_language = SelectField(_.lazy('Language of new people'), choices=language_choices)
    company_zone = SelectField(_.lazy('Time zone of the company'), choices=zones)

    def settings(self):
        """{setting: text} for the rules."""
        return {'company.name': self.company_name.data, 'company.language': self.company_language.data,
                'company.zone': self.company_zone.data}


class FirstForm(CompanyForm):
    """The first administrator and the company."""

    name = StringField(_.lazy('Your name'), [DataRequired(), Length(max=NAME_LENGTH)])
    login = StringField(_.lazy('Your login'), [DataRequired(), Length(max=LOGIN_LENGTH)])
    mail = EmailField(_.lazy('Your e-mail'), [Optional(), Length(max=MAIL_LENGTH)])
    password = PasswordField(_.lazy('Password'), [InputRequired(), Length(max=PASSWORD_LENGTH)])
    repeated = PasswordField(_.lazy('Password, once more'))

    def validate_repeated(self, field):
        """WTForms' EqualTo cannot take a text that is translated when shown."""
        if field.data != self.password.data:
            raise ValidationError(_('The two passwords differ.'))


class MailForm(Form):
    """The mail server. An empty password keeps the stored one; a new host, port or encryption drops it."""

    mail_host = StringField(_.lazy('Mail server'), [DataRequired(), Length(max=NAME_LENGTH)])
    mail_port = IntegerField(_.lazy('Port'), [NumberRange(1, 65535)])
    mail_tls = SelectField(_.lazy('Encryption'), choices=tls_choices)
    mail_user = StringField(_.lazy('Login at the mail server'), [Length(max=NAME_LENGTH)])
    mail_password = PasswordField(_.lazy('Password at the mail server'), [Length(max=PASSWORD_LENGTH)])
    mail_sender = EmailField(_.lazy('Sender of mails'), [DataRequired(), Length(max=MAIL_LENGTH)])

    def settings(self):
        """{setting: text}; the password last, since the server's address drops it, and only when one was typed."""
        found = {f'mail.{name}': str(self[f'mail_{name}'].data) for name in ('host', 'port', 'tls', 'user', 'sender')}
        return {**found, 'mail.password': self.mail_password.data} if self.mail_password.data else found


class TestMailForm(Form):
    """Where the test mail goes."""

    recipient = EmailField(_.lazy('Send a test mail to'), [DataRequired(), Length(max=MAIL_LENGTH)])


class UseForm(Form):
    """The button that uses a one-time link."""
