"""The button that likes an object of any kind, and who likes it. likes/button.html draws it from {kind, object_id, count, is_liked}."""

from flask import Blueprint, g, redirect, render_template, url_for
from wtforms import BooleanField

from appliance.core import likes, refs
from appliance.web.asked import place
from appliance.web.errors import is_fragment
from appliance.web.forms import NextForm, read_form
from appliance.web.rights import EVERYBODY, allowed
from appliance.web.targets import own_target

blueprint = Blueprint('likes', __name__, url_prefix='/likes')


class LikeForm(NextForm):
    """Whether one likes it: what the button says, not the opposite of what was, so that a second click changes nothing."""

    is_liked = BooleanField()


@blueprint.post('/<kind>/<int:object_id>')
@allowed(*EVERYBODY)
def like(kind, object_id):
    """Like it, or not any more."""
    form = read_form(LikeForm)
    found = likes.like(g.actor, kind, object_id, form.is_liked.data)
    target = own_target(form.next.data)
    if is_fragment():
        return render_template('likes/button.html', like={'kind': kind, 'object_id': object_id, **found}, label=likes.label(), next=target)
    return redirect(target, 303)


@blueprint.get('/<kind>/<int:object_id>')
@allowed(*EVERYBODY)
def who(kind, object_id):
    """Who likes it, the newest first."""
    found = likes.who_likes(g.actor, kind, object_id, place())
    shown = refs.described(kind, object_id)
    shown['url'] = shown['url'] or url_for('home.index')
    return render_template('likes/who.html', object=shown, kind=kind, object_id=object_id, label=likes.label(), **found)
