"""Forms: WTForms in the person's language, that refuse what they do not know. Rules check again; a form only reads and explains."""

import secrets

import wtforms
from flask import g, request
from werkzeug.datastructures import CombinedMultiDict
from wtforms.validators import Length

from appliance.core.errors import Invalid
from appliance.core.i18n import current_language, texts
from appliance.core.limits import REQUEST_KEY_LENGTH

_ = texts(__name__)
OURS = frozenset({'csrf_token', 'request_key'})


class Form(wtforms.Form):
    """The base of every form. `request_key.data` goes to the action; `refuse(error)` shows what a rule refused."""

    class Meta:
        @property
        def locales(self):
            return [current_language()]

    is_posted = False
    request_key = wtforms.HiddenField(validators=[Length(max=REQUEST_KEY_LENGTH)])

    def refuse(self, error):
        """Show a PortalError at its field, or above the form when it concerns none here."""
        field = self._fields.get(getattr(error, 'field', None) or error.details.get('field') or '')
        if field is None:
            self.form_errors.append(str(error.message))
        else:
            field.errors = [*field.errors, str(error.message)]

    @property
    def status(self):
        """The HTTP status of the page that shows this form."""
        return 422 if self.errors or self.form_errors else 200


class ButtonForm(Form):
    """One click."""


class NextForm(Form):
    """One click; `next` is the page it came from."""

    next = wtforms.HiddenField(validators=[Length(max=2000)])


def read_form(kind, **defaults):
    """A form with what was posted, or with these defaults on GET. Invalid names a field that the form does not have."""
    if request.method != 'POST':
        return kind(data=defaults)
    form = kind(CombinedMultiDict([request.form, request.files]) if request.files else request.form)
    form.is_posted = True
    known = OURS | {field.name for field in form}
    filed = {field.name for field in form if isinstance(field, wtforms.FileField)}
    for name in [*request.form, *request.files]:
        # A file is one, and text is text: a field that takes the one must not be given the other.
        if name not in known or (name in request.files) != (name in filed):
            raise Invalid(_('This form has no field %(name)s.', name=name[:50]), field=name)
        times = len(request.form.getlist(name)) + len(request.files.getlist(name))
        if times > 1 and not isinstance(form[name], wtforms.SelectMultipleField | wtforms.MultipleFileField):
            raise Invalid(_('The field %(name)s came twice.', name=name[:50]), field=name)
    return form


def request_key():
    """A fresh key for a form; after a refusal the form keeps the one it had, so that the mended try is a new one."""
    known = g._get_current_object()
    if 'request_key' not in known:
        known.request_key = secrets.token_urlsafe(16)
    return known.request_key


def control(item, hint, given):
    """Draw the control of a field, tied to its hint and errors; `given` are further attributes."""
    look = {'SelectField': 'form-select', 'BooleanField': 'form-check-input'}.get(item.type, 'form-control')
    given = {name: value for name, value in given.items() if value not in (None, False, '')}
    described = ' '.join(part for part, is_there in ((f'{item.id}-hint', hint), (f'{item.id}-error', item.errors)) if is_there)
    attributes = {'class': f'{look} is-invalid' if item.errors else look, **given}
    if described:
        attributes['aria-describedby'] = described
    if item.errors:
        attributes['aria-invalid'] = 'true'
    return item(**attributes)
