"""/notices: what a person should know: the page, the panel of the bell, the way to what it is about; /settings/notices."""

from flask import Blueprint, g, redirect, render_template, url_for
from wtforms import BooleanField

from appliance.core import notices
from appliance.core.i18n import texts
from appliance.web.asked import place
from appliance.web.flashes import say
from appliance.web.forms import Form, read_form
from appliance.web.rights import EVERYBODY, allowed
from appliance.web.targets import own_target

_ = texts(__name__)
blueprint = Blueprint('notices', __name__)


class ReadForm(Form):
    """A button."""


@blueprint.get('/notices')
@allowed(*EVERYBODY)
def index():
    """All of one's own, the newest first."""
    return render_template('notices/index.html', **notices.listing(g.actor, older_than=place()))


@blueprint.get('/notices/panel')
@allowed(*EVERYBODY)
def panel():
    """The newest, below the bell; a fragment."""
    return render_template('notices/panel.html', **notices.listing(g.actor, notices.SHOWN))


@blueprint.get('/notices/bell')
@allowed(*EVERYBODY)
def bell():
    """The number at the bell, as it is now; a fragment."""
    return render_template('notices/count.html', unread=notices.unread_count(g.actor))


@blueprint.get('/notices/<int:notice_id>')
@allowed(*EVERYBODY)
def open_notice(notice_id):
    """To what it is about; from then on it is read."""
    return redirect(own_target(notices.read(g.actor, notice_id)), 303)


@blueprint.post('/notices/reading')
@allowed(*EVERYBODY)
def read_all():
    """Mark all as read."""
    form = read_form(ReadForm)
    notices.read_all(g.actor, request_key=form.request_key.data or None)
    return redirect(url_for('notices.index'), 303)


@blueprint.route('/settings/notices', methods=['GET', 'POST'])
@allowed(*EVERYBODY)
def choose():
    """Where one wants which kind: at the bell, by mail."""
    rows = notices.choices(g.actor)
    names = {one['kind'].replace('.', '-').replace('_', '-'): one for one in rows}
    boxes = {f'{short}-{channel}': BooleanField() for short in names for channel in ('bell', 'mail')}
    held = {f'{short}-{channel}': one[key] for short, one in names.items() for channel, key in (('bell', 'is_shown'), ('mail', 'is_mailed'))}
    form = read_form(type('ChoicesForm', (Form,), boxes), **held)
    if form.is_posted and form.validate():
        notices.choose(g.actor, {one['kind']: (form[f'{short}-bell'].data, form[f'{short}-mail'].data) for short, one in names.items()},
                       request_key=form.request_key.data or None)
        say(_('Saved.'))
        return redirect(url_for('notices.choose'), 303)
    return render_template('notices/choices.html', form=form, names=names), form.status
