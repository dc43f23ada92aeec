"""The pages of notes."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from appliance.core import live_pages, refs
from appliance.tools.planted import rules
from appliance.web import comments, tags
from appliance.web.attachments import card
from appliance.web.forms import Form, read_form
from appliance.web.rights import allowed

blueprint = Blueprint('planted', __name__, url_prefix='/planted', template_folder='templates')


class NoteForm(Form):
    """A new note."""

    title = StringField('Title', [InputRequired(), Length(max=200)])


@blueprint.get('')
@allowed('employee')
def index():
    """The newest notes, or those that come first by title, and a form for another."""
    read = rules.list_by_title if request.args.get('order') == 'title' else rules.list_notes
    return render_template('planted/index.html', notes=read(g.actor), form=NoteForm())


@blueprint.get('/<int:note_id>')
@allowed('employee')
def show(note_id):
    """One note."""
    return render_template('planted/note.html', **_opened(note_id), files=card(g.actor, 'planted.note', note_id),
                           talk=comments.card(g.actor, 'planted.note', note_id),
                           tags=tags.card('planted.note', note_id, refs.may(g.actor, 'planted.note', note_id, 'tag')))


def _opened(note_id):
    """The note, and the token of its page."""
    return {'note': rules.access_note(g.actor, note_id), 'token': live_pages.make_token(g.actor, f'planted.note:{note_id}')}


@blueprint.get('/<int:note_id>/live')
@allowed('employee')
def live(note_id):
    """The token of the page anew."""
    return render_template('planted/live.html', **_opened(note_id))


@blueprint.get('/<int:note_id>/title')
@allowed('employee')
def title(note_id):
    """The title alone, for a page that heard of another."""
    return render_template('planted/title.html', note=rules.access_note(g.actor, note_id))


@blueprint.post('')
@allowed('employee')
def add():
    """Add a note."""
    form = read_form(NoteForm)
    if not form.validate():
        return render_template('planted/index.html', notes=rules.list_notes(g.actor), form=form), 422
    note_id = rules.add_note(g.actor, form.title.data, request_key=form.request_key.data or None)
    return redirect(url_for('planted.show', note_id=note_id), 303)
