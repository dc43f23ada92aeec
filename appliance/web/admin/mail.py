"""/admin/mail: the outbox. What waits, what left, what did not, and why; and trying it again."""

from flask import g, redirect, render_template, request, url_for

from appliance.core import outbox
from appliance.core.errors import NotFound
from appliance.core.i18n import texts
from appliance.core.settings import get_settings
from appliance.web.admin.blueprint import blueprint
from appliance.web.asked import number
from appliance.web.flashes import say
from appliance.web.forms import Form, read_form
from appliance.web.rights import permitted

_ = texts(__name__)
STATES = {'waiting': (_.lazy('Waiting'), ''), 'sending': (_.lazy('Being sent'), ''), 'sent': (_.lazy('Sent'), 'good'),
          'failed': (_.lazy('Failed'), 'bad'), 'skipped': (_.lazy('Not sent'), 'warn'),
          'cancelled': (_.lazy('Cancelled'), 'plain'), 'held': (_.lazy('Held after a restore'), 'warn')}


class MailForm(Form):
    """A button beside a mail."""


@blueprint.get('/mail')
@permitted('core.mail.manage')
def list_mail():
    """The outbox by pages, of one state or of all."""
    state = request.args.get('state', '')
    if state and state not in STATES:
        raise NotFound()
    page = outbox.list_outbox(g.actor, state, older_than=number('older'), newer_than=number('newer'))
    pages = {name: url_for('admin.list_mail', state=state or None, **{name: page[name]}) for name in ('newer', 'older') if page[name]}
    return render_template('admin/mail.html', mails=page['mails'], pages=pages, state=state, states=STATES, counts=outbox.counts(g.actor),
                           server=get_settings('mail'))


@blueprint.post('/mail/<int:mail_id>/retry')
@permitted('core.mail.manage')
def retry_mail(mail_id):
    """Try one again."""
    return _changed(outbox.retry, mail_id, _('The mail will be tried again at once.'))


@blueprint.post('/mail/<int:mail_id>/cancellation')
@permitted('core.mail.manage')
def cancel_mail(mail_id):
    """Do not send one; trying it again takes that back."""
    return _changed(outbox.cancel, mail_id, _('The mail will not be sent. To send it after all, try it again.'))


def _changed(rule, mail_id, words):
    form = read_form(MailForm)
    rule(g.actor, mail_id, request_key=form.request_key.data or None)
    say(words)
    return redirect(url_for('admin.list_mail', state=request.args.get('state') or None), 303)
