"""Tags on objects of every kind: /tags says what bears one, and the card that any page may show gives and takes them.

A page gets what the card needs from `card(kind, object_id, may_tag)` and includes tags/card.html with it as `tags`.
"""

from flask import Blueprint, g, redirect, render_template, request
from wtforms import StringField
from wtforms.validators import Length

from appliance.core import search, tags
from appliance.core.errors import Conflict, Invalid
from appliance.core.i18n import texts
from appliance.core.limits import TAG_LENGTH, TAGS_AN_OBJECT
from appliance.web.asked import place
from appliance.web.errors import is_fragment
from appliance.web.flashes import say
from appliance.web.forms import NextForm, read_form
from appliance.web.rights import EVERYBODY, allowed
from appliance.web.targets import own_target

_ = texts(__name__)
blueprint = Blueprint('tags', __name__, url_prefix='/tags')


class TagForm(NextForm):
    """Tags for an object, with commas between them."""

    text = StringField(_.lazy('Another tag'), [Length(max=(TAG_LENGTH + 2) * TAGS_AN_OBJECT)])


def card(kind, object_id, may_tag, form=None):
    """What tags/card.html shows: {kind, object_id, tags, may_tag, form, most}, in one statement. Its page knows that its actor sees the object."""
    return {'kind': kind, 'object_id': object_id, 'tags': tags.listed(kind, object_id), 'may_tag': may_tag, 'form': form or TagForm(), 'most': TAGS_AN_OBJECT}


@blueprint.get('')
@allowed(*EVERYBODY)
def index():
    """What bears a tag (`?tag=`), the latest first; without one, the tags that are used most lately."""
    text = request.args.get('tag', '')[:TAG_LENGTH]
    if not text.strip():
        used = list(dict.fromkeys(one for kind in tags.kinds() for one in tags.suggested(g.actor, kind)))
        return render_template('tags/index.html', tag='', used=used)
    found, kinds = tags.bearing(g.actor, text, place()), search.kinds()
    for one in found['found']:
        this = kinds[one['kind']]
        one |= {'url': this.url.format(id=one['object_id']), 'icon': this.icon, 'kind_title': str(this.title)}
    return render_template('tags/index.html', used=[], **found)


@blueprint.get('/<kind>/suggestions')
@allowed(*EVERYBODY)
def suggestions(kind):
    """Tags that others used, as the field offers them; a fragment."""
    typed = request.args.get('text', '')[:TAG_LENGTH * TAGS_AN_OBJECT]
    before, comma, last = typed.rpartition(',')
    return render_template('tags/suggestions.html', begins=f'{before}{comma} ' if comma else '', tags=tags.suggested(g.actor, kind, last.strip()))


@blueprint.post('/<kind>/<int:object_id>')
@allowed(*EVERYBODY)
def add(kind, object_id):
    """Give it tags."""
    form, target = read_form(TagForm), own_target(request.form.get('next', '')[:2000])
    if form.validate():
        try:
            tags.add_tags(g.actor, kind, object_id, form.text.data or '', request_key=form.request_key.data or None)
            form = None
        except (Invalid, Conflict) as error:
            form.refuse(error)
    if is_fragment():
        return render_template('tags/card.html', tags=card(kind, object_id, True, form), next=target), form.status if form else 200
    if form:
        say('; '.join([*form.text.errors, *form.form_errors]))
    return redirect(target, 303)


@blueprint.post('/<kind>/<int:object_id>/<int:tagging_id>/removal')
@allowed(*EVERYBODY)
def remove(kind, object_id, tagging_id):
    """Take one off."""
    form = read_form(NextForm)
    tags.remove_tag(g.actor, kind, object_id, tagging_id, request_key=form.request_key.data or None)
    target = own_target(form.next.data)
    if is_fragment():
        return render_template('tags/card.html', tags=card(kind, object_id, True), next=target)
    return redirect(target, 303)
