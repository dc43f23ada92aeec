"""/settings/webhooks: which programs are told of events as this person; made, paused, resumed, removed, and what was told."""

from flask import current_app, g, redirect, render_template, url_for
from wtforms import SelectField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length

from appliance.core import http_client
from appliance.core.errors import Conflict, Invalid, NotAllowed
from appliance.core.i18n import texts
from appliance.core.rest import happenings
from appliance.core.subscriptions import calls, rules
from appliance.web.asked import number
from appliance.web.flashes import say
from appliance.web.forms import Form, read_form
from appliance.web.rights import EVERYBODY, allowed
from appliance.web.settings.forms import EndForm
from appliance.web.settings.routes import blueprint

_ = texts(__name__)
STATES = {'waiting': (_.lazy('Waiting'), ''), 'sending': (_.lazy('Being told'), ''), 'done': (_.lazy('Told'), 'good'), 'failed': (_.lazy('Failed'), 'bad'),
          'skipped': (_.lazy('Not told'), 'plain'), 'held': (_.lazy('Held after a restore'), 'warn')}


def event_choices():
    """The events that there are now, with when they come."""
    return [SelectChoice(name, f'{name}: {one.summary}') for name, one in happenings.declared().items()]


class SubscriptionForm(Form):
    """A new subscription."""

    event = SelectField(_.lazy('Event'), choices=event_choices, render_kw={'lang': 'en'})      # their reference speaks English
    handler = StringField(_.lazy('Address that is told'), [DataRequired(), Length(max=2000)], filters=[lambda text: (text or '').strip()])


@blueprint.route('/webhooks', methods=['GET', 'POST'])
@allowed(*EVERYBODY)
def webhooks():
    """His subscriptions; the secret of a new one is shown by the answer to its form, and never again."""
    form = read_form(SubscriptionForm)
    if form.is_posted and form.validate():
        try:
            made, secret = rules.subscribe(g.actor, form.event.data, form.handler.data, client=client())
        except (Invalid, Conflict, NotAllowed) as error:
            form.refuse(error)
        else:
            return _secret_page(made, form.event.data, secret)
    return render_template('settings/webhooks.html', form=form, subscriptions=rules.listing(g.actor),
                           may_subscribe=rules.may_subscribe(g.actor)), form.status


def client():
    """The one way out, as this portal may use it."""
    return http_client.Client(current_app.portal, rules.private_doors())


def _secret_page(subscription_id, name, secret):
    return render_template('settings/webhook_made.html', subscription_id=subscription_id, name=name, secret=secret,
                           application_token=rules.application_token(secret))


@blueprint.get('/webhooks/<int:subscription_id>')
@allowed(*EVERYBODY)
def show_webhook(subscription_id):
    """One, with what was told."""
    return log_page('settings/webhook.html', subscription_id)


def log_page(template, subscription_id):
    """The page of a subscription, of his own or, below /admin, of anybody's."""
    subscription, found, older = calls.calls_of(g.actor, subscription_id, number('older'))
    return render_template(template, subscription=subscription, calls=found, older=older, states=STATES)


@blueprint.post('/webhooks/<int:subscription_id>/secret')
@allowed(*EVERYBODY)
def renew_webhook(subscription_id):
    """Another secret for one, shown once."""
    read_form(EndForm)
    found = rules.access_subscription(g.actor, subscription_id)
    return _secret_page(subscription_id, found.name, rules.renew_secret(g.actor, subscription_id))


@blueprint.post('/webhooks/<int:subscription_id>/pausing')
@allowed(*EVERYBODY)
def pause_webhook(subscription_id):
    """Tell nothing for a while."""
    return act(rules.pause, subscription_id, _('Paused. What happens meanwhile is not told.'), 'settings.show_webhook')


@blueprint.post('/webhooks/<int:subscription_id>/resumption')
@allowed(*EVERYBODY)
def resume_webhook(subscription_id):
    """Go on."""
    return act(rules.resume, subscription_id, _('It goes on.'), 'settings.show_webhook')


@blueprint.post('/webhooks/<int:subscription_id>/removal')
@allowed(*EVERYBODY)
def remove_webhook(subscription_id):
    """Tell no more, and forget what was told."""
    return act(rules.unsubscribe, subscription_id, _('Removed.'), 'settings.webhooks')


@blueprint.post('/webhooks/<int:subscription_id>/calls/<int:call_id>/replay')
@allowed(*EVERYBODY)
def replay_call(subscription_id, call_id):
    """Tell one event once more."""
    return act(calls.replay, subscription_id, _('It will be told once more at once.'), 'settings.show_webhook', call_id)


def act(rule, subscription_id, words, endpoint, *more):
    """Do what a button says, then come back to a page, which is the subscription's where it still has one."""
    form = read_form(EndForm)
    try:
        rule(g.actor, subscription_id, *more, request_key=form.request_key.data or None)
    except Conflict as conflict:
        words = str(conflict.message)
    say(words)
    values = {} if endpoint.endswith('webhooks') else {'subscription_id': subscription_id}
    return redirect(url_for(endpoint, **values), 303)
