"""Files on objects of every kind: /attachments/<id> leads to one, and the card that any page may show adds them and takes them off.

A page gets what the card needs from `card(actor, kind, object_id)` and includes attachments/card.html with it as `files`.
"""

from flask import Blueprint, current_app, g, redirect, render_template, request
from wtforms import MultipleFileField

from appliance.core import attachments, content
from appliance.core.errors import Invalid, NotAllowed
from appliance.core.i18n import texts
from appliance.core.limits import ATTACHMENT_BYTES
from appliance.web import files
from appliance.web.errors import is_fragment
from appliance.web.flashes import say
from appliance.web.forms import NextForm, read_form
from appliance.web.rights import EVERYBODY, allowed
from appliance.web.targets import own_target
from appliance.web.uploads import takes_files

_ = texts(__name__)
blueprint = Blueprint('attachments', __name__, url_prefix='/attachments')
# Under our own address a file must be nothing but something to save.
SANDBOX = "sandbox; default-src 'none'"


class AttachForm(NextForm):
    """Files for an object; `next` is the page they came from."""

    files = MultipleFileField(_.lazy('Files'))


def card(actor, kind, object_id, may=None):
    """What attachments/card.html shows: {kind, object_id, files, may_attach, most}. NotFound when the actor does not see the object.

    `may`: the verbs of attachments.verbs, where the page knows them already; else the owner of the kind is asked for each.
    """
    may = attachments.verbs(actor, kind, object_id) if may is None else may
    found = attachments.attachments_of(actor, kind, object_id, may)
    return {'kind': kind, 'object_id': object_id, 'files': found, 'may_attach': 'attach' in may, 'most': ATTACHMENT_BYTES}


@blueprint.get('/<int:attachment_id>')
@allowed(*EVERYBODY)
def show(attachment_id):
    """Where the file is shown; without a content origin, the file for saving."""
    one = attachments.access_attachment(g.actor, attachment_id)
    address = current_app.portal.server.content_address
    if address:
        return redirect(content.url(address, g.actor, attachment_id, one['name']), 303)
    answer = files.send(one, is_shown=False)
    answer.headers['Content-Security-Policy'] = SANDBOX
    return answer


@blueprint.post('/<kind>/<int:object_id>')
@allowed(*EVERYBODY)
@takes_files(ATTACHMENT_BYTES)
def attach(kind, object_id):
    """Keep what came, then hang it on the object."""
    if 'attach' not in attachments.verbs(g.actor, kind, object_id):
        raise NotAllowed()
    form = read_form(AttachForm)
    sent = [one for one in form.files.data or [] if one.filename]
    if not sent:
        raise Invalid(_('Choose a file first.'), field='files')
    kept = [(one.stream.keep().hash, one.filename) for one in sent]
    attachments.attach(g.actor, kind, object_id, kept, request_key=form.request_key.data or None)
    return _afterwards(form, kind, object_id, _('Attached.'))


@blueprint.post('/<int:attachment_id>/removal')
@allowed(*EVERYBODY)
def remove(attachment_id):
    """Take a file off its object."""
    one = attachments.access_attachment(g.actor, attachment_id)
    form = read_form(NextForm)
    attachments.remove(g.actor, attachment_id, request_key=form.request_key.data or None)
    return _afterwards(form, one['kind'], one['object_id'], _('Removed.'))


def _afterwards(form, kind, object_id, message):
    if is_fragment():
        return render_template('attachments/card.html', files=card(g.actor, kind, object_id), next=form.next.data)
    say(message)
    return redirect(own_target(form.next.data or request.referrer), 303)
