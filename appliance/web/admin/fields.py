"""/admin/fields: fields of the company's own on people and whatever else takes them."""

from flask import g, redirect, render_template, url_for
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import Length

from appliance.core.custom_fields import defining
from appliance.core.custom_fields.declarations import kinds
from appliance.core.custom_fields.models import ALL, MANAGER, OWNER
from appliance.core.custom_fields.types import CHOICE, TYPES
from appliance.core.errors import Conflict, Invalid
from appliance.core.i18n import texts
from appliance.core.limits import FIELD_CHOICES, FIELD_CODE_LENGTH, FIELD_TITLE_LENGTH, FIELDS_A_KIND
from appliance.web.admin.blueprint import blueprint
from appliance.web.flashes import say
from appliance.web.forms import ButtonForm, Form, read_form
from appliance.web.rights import permitted

_ = texts(__name__)
EDITORS = [SelectChoice(OWNER, _.lazy('They themselves, and who manages them')), SelectChoice(MANAGER, _.lazy('Who manages them'))]
VIEWERS = [SelectChoice(ALL, _.lazy('Everybody who sees them')), SelectChoice(OWNER, _.lazy('They alone, and who manages them'))]
_MOST_TEXT = FIELD_CHOICES * (FIELD_TITLE_LENGTH + 2)


class _Field(Form):
    title = StringField(_.lazy('Name'), [Length(max=FIELD_TITLE_LENGTH)])
    type = SelectField(_.lazy('What it holds'), choices=[SelectChoice(name, one.title) for name, one in TYPES.items()])
    edited_by = SelectField(_.lazy('Who fills it in'), choices=EDITORS)
    seen_by = SelectField(_.lazy('Who sees it'), choices=VIEWERS)
    is_required = BooleanField(_.lazy('It must be filled in'))
    more = TextAreaField(_.lazy('Choices, one on each line'), [Length(max=_MOST_TEXT)])

    def refuse(self, error):
        if getattr(error, 'field', None) == 'choices' or error.details.get('field') == 'choices':
            error.details['field'] = error.field = 'more'
        super().refuse(error)

    def lines(self):
        """The lines of new choices, without those that are empty."""
        return [line.strip() for line in (self.more.data or '').splitlines() if line.strip()]


class NewForm(_Field):
    """A new field."""

    kind = SelectField(_.lazy('Of what'), validate_choice=False)
    code = StringField(_.lazy('Code for programs'), [Length(max=FIELD_CODE_LENGTH)])


class MoveForm(Form):
    """Up, or down."""

    is_up = BooleanField()


@blueprint.get('/fields')
@permitted(defining.PERMISSION)
def list_fields():
    """The fields of each kind, and a form for another."""
    return _page(NewForm())


def _page(new):
    new.kind.choices = [SelectChoice(name, str(one.title)) for name, one in kinds().items()]
    new.kind.data = new.kind.data or 'core.person'
    return render_template('admin/fields.html', listing=defining.listing(g.actor), new=new, types=TYPES, most=FIELDS_A_KIND), new.status


@blueprint.post('/fields')
@permitted(defining.PERMISSION)
def add_field():
    """Another field."""
    form = read_form(NewForm)
    if form.validate():
        try:
            defining.add_field(g.actor, form.kind.data or 'core.person', form.title.data or '', form.type.data, form.code.data or '', form.is_required.data,
                               form.edited_by.data, form.seen_by.data, form.lines(), request_key=form.request_key.data or None)
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            say(_('The field is there.'))
            return redirect(url_for('admin.list_fields'), 303)
    return _page(form)


def _form_of(field):
    """The class of the form of a field: with a line for each of its choices."""
    names = {'is_on': BooleanField(_('It is in use'))}
    return type('FieldForm', (_Field,), names | {f'choice_{number}': StringField(title, [Length(max=FIELD_TITLE_LENGTH)]) for number, title in field.choices})


@blueprint.route('/fields/<int:field_id>', methods=['GET', 'POST'])
@permitted(defining.PERMISSION)
def edit_field(field_id):
    """One field: what it is called, who fills it in, what may be chosen; or switched off."""
    field = defining.access_field(g.actor, field_id)
    held = {name: getattr(field, name) for name in ('title', 'type', 'edited_by', 'seen_by', 'is_required', 'is_on')}
    form = read_form(_form_of(field), **held, **{f'choice_{number}': title for number, title in field.choices})
    if form.is_posted and form.validate():
        choices = [*((number, form[f'choice_{number}'].data or '') for number, _title in field.choices), *((None, line) for line in form.lines())]
        try:
            defining.change_field(g.actor, field_id, choices=choices if CHOICE in (field.type, form.type.data) else None,
                                  **{name: form[name].data for name in held}, request_key=form.request_key.data or None)
        except (Invalid, Conflict) as error:
            form.refuse(error)
        else:
            say(_('Saved.'))
            return redirect(url_for('admin.list_fields'), 303)
    return render_template('admin/field.html', field=field, form=form, count=defining.count_values(field_id)), form.status


@blueprint.post('/fields/<int:field_id>/moving')
@permitted(defining.PERMISSION)
def move_field(field_id):
    """One place up or down."""
    form = read_form(MoveForm)
    defining.move_field(g.actor, field_id, form.is_up.data, request_key=form.request_key.data or None)
    return redirect(url_for('admin.list_fields'), 303)


@blueprint.route('/fields/<int:field_id>/deletion', methods=['GET', 'POST'])
@permitted(defining.PERMISSION)
def delete_field(field_id):
    """Says what would go, and asks; then it goes."""
    field, form = defining.access_field(g.actor, field_id), read_form(ButtonForm)
    if form.is_posted:
        count = defining.delete_field(g.actor, field_id, request_key=form.request_key.data or None)
        say(_.plural('The field is gone, and %(n)s value with it.', 'The field is gone, and %(n)s values with it.', count))
        return redirect(url_for('admin.list_fields'), 303)
    return render_template('admin/field_deletion.html', field=field, form=form, count=defining.count_values(field_id))
