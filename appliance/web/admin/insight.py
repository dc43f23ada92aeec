"""/admin/insight: ask to read what is a person's alone, decide about what another asked, and read it while it lasts."""

from flask import g, redirect, render_template, url_for
from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from appliance.core import insight, search
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.i18n import texts
from appliance.core.limits import LOGIN_LENGTH, REASON_LENGTH
from appliance.identity import accounts
from appliance.web.admin.blueprint import blueprint
from appliance.web.asked import place
from appliance.web.flashes import say
from appliance.web.forms import Form, read_form
from appliance.web.rights import permitted

_ = texts(__name__)
STATES = {'asked': (_.lazy('Waits'), 'warn'), 'granted': (_.lazy('Open'), 'bad'), 'refused': (_.lazy('Refused'), 'plain'), 'ended': (_.lazy('Over'), 'plain')}


class AskForm(Form):
    """Whose things of which kind, why, and for how long."""

    login = StringField(_.lazy('Login of the person'), [InputRequired(_.lazy('A login is needed.')), Length(max=LOGIN_LENGTH)])
    kind = SelectField(_.lazy('What'), choices=lambda: [(name, str(this.title)) for name, this in insight.private_kinds().items()], validate_choice=False)
    hours = IntegerField(_.lazy('Hours'), [InputRequired(_.lazy('A whole number is needed.')), NumberRange(1, insight.LONGEST_HOURS)], default=insight.HOURS)
    reason = TextAreaField(_.lazy('Why'), [InputRequired(_.lazy('A reason is needed.')), Length(max=REASON_LENGTH)])


class DecideForm(Form):
    """A button."""


@blueprint.get('/insight')
@permitted(insight.PERMISSION)
def list_insights():
    """What was asked, and the form to ask."""
    return _page(AskForm())


def _page(form, refusal='', status=None):
    return render_template('admin/insight.html', form=form, found=insight.listing(g.actor), states=STATES, refusal=refusal), status or form.status


@blueprint.post('/insight')
@permitted(insight.PERMISSION)
def ask_insight():
    """Ask; the other administrators are told."""
    form = read_form(AskForm)
    if form.validate():
        try:
            person = accounts.person_by_login(form.login.data)
            insight.ask(g.actor, person.id, form.kind.data, ' '.join(form.reason.data.split()), form.hours.data, request_key=form.request_key.data or None)
        except (Invalid, Conflict, NotFound, NotAllowed) as error:
            form.refuse(error)
        else:
            say(_('Asked. Another administrator must decide; they are told.'))
            return redirect(url_for('admin.list_insights'), 303)
    return _page(form)


@blueprint.post('/insight/<int:insight_id>/<any(granting, refusal, ending):what>')
@permitted(insight.PERMISSION)
def decide_insight(insight_id, what):
    """Grant, refuse, or end it."""
    form, decide = read_form(DecideForm), {'granting': insight.grant, 'refusal': insight.refuse, 'ending': insight.end}[what]
    try:
        decide(g.actor, insight_id, request_key=form.request_key.data or None)
    except (Conflict, NotAllowed) as error:
        return _page(AskForm(), str(error.message), error.status)
    say({'granting': _('Granted. The person is told.'), 'refusal': _('Refused.'), 'ending': _('Ended.')}[what])
    return redirect(url_for('admin.list_insights'), 303)


@blueprint.get('/insight/<int:insight_id>')
@permitted(insight.PERMISSION)
def show_insight(insight_id):
    """What may be read under one, with the way to each; a look at each is written down, and the person sees it."""
    found = insight.objects(g.actor, insight_id, place())
    kind = search.kinds().get(found['insight']['kind'])
    return render_template('admin/insight_objects.html', **found, url=kind and kind.url)
