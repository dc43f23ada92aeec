"""/admin/webhooks: which programs are told of what, by whom; which private servers the portal may tell."""

from flask import g, redirect, render_template, url_for
from wtforms import SelectField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import Length

from appliance.core.errors import Invalid
from appliance.core.i18n import texts
from appliance.core.limits import PAGE_ROWS
from appliance.core.settings import get_setting, set_settings
from appliance.core.subscriptions import calls, rules
from appliance.web.admin.blueprint import blueprint
from appliance.web.asked import number
from appliance.web.flashes import say
from appliance.web.forms import Form, read_form
from appliance.web.rights import permitted
from appliance.web.settings.webhooks import act, log_page

_ = texts(__name__)


def outgoing_choices():
    """Who may let the portal tell programs of events."""
    return [SelectChoice('employees', _('Employees and service accounts')), SelectChoice('administrators', _('Administrators only'))]


def limit_choices():
    """Which limit of requests is emulated."""
    return [SelectChoice('off', _('None')), SelectChoice('standard', _('2 a second, 50 at once')), SelectChoice('enterprise', _('5 a second, 250 at once'))]


class RulesForm(Form):
    """What programs may be told, and how often they may ask. Fields bear the settings' names."""

    outgoing = SelectField(_.lazy('Who may let the portal tell programs of events'), choices=outgoing_choices)
    private = TextAreaField(_.lazy('Private servers that the portal may tell of events'), [Length(max=5000)])
    limit = SelectField(_.lazy('Limit of requests, for trying out'), choices=limit_choices)

    def settings(self):
        """{setting: text} for the rules."""
        return {'webhooks.outgoing': self.outgoing.data, 'webhooks.private': self.private.data or '', 'rest.limit': self.limit.data}


@blueprint.route('/webhooks', methods=['GET', 'POST'])
@permitted('core.programs.manage')
def list_webhooks():
    """Everybody's subscriptions, and the settings."""
    form = read_form(RulesForm, outgoing=get_setting('webhooks.outgoing'), private='\n'.join(get_setting('webhooks.private').split()),
                     limit=get_setting('rest.limit'))
    if form.is_posted and form.validate():
        try:
            set_settings(g.actor, form.settings(), request_key=form.request_key.data or None)
        except Invalid as error:
            error.field = (error.field or '').rpartition('.')[2]
            form.refuse(error)
        else:
            say(_('Saved.'))
            return redirect(url_for('admin.list_webhooks'), 303)
    found = rules.listing(g.actor, of_everybody=True, older_than=number('older'), most=PAGE_ROWS + 1)
    older = found[PAGE_ROWS - 1]['id'] if len(found) > PAGE_ROWS else None
    return render_template('admin/webhooks.html', form=form, subscriptions=found[:PAGE_ROWS], older=older), form.status


@blueprint.get('/webhooks/<int:subscription_id>')
@permitted('core.programs.manage')
def show_webhook(subscription_id):
    """Anybody's, with what was told."""
    return log_page('admin/webhook.html', subscription_id)


@blueprint.post('/webhooks/<int:subscription_id>/pausing')
@permitted('core.programs.manage')
def pause_webhook(subscription_id):
    """Tell nothing until its person resumes it."""
    return act(rules.pause, subscription_id, _('Paused. What happens meanwhile is not told.'), 'admin.show_webhook')


@blueprint.post('/webhooks/<int:subscription_id>/resumption')
@permitted('core.programs.manage')
def resume_webhook(subscription_id):
    """Let one go on that a restored backup held."""
    return act(rules.resume, subscription_id, _('It goes on.'), 'admin.show_webhook')


@blueprint.post('/webhooks/<int:subscription_id>/removal')
@permitted('core.programs.manage')
def remove_webhook(subscription_id):
    """Tell no more."""
    return act(rules.unsubscribe, subscription_id, _('Removed.'), 'admin.list_webhooks')


@blueprint.post('/webhooks/<int:subscription_id>/calls/<int:call_id>/replay')
@permitted('core.programs.manage')
def replay_call(subscription_id, call_id):
    """Tell one event once more."""
    return act(calls.replay, subscription_id, _('It will be told once more at once.'), 'admin.show_webhook', call_id)
