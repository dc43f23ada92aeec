"""The pages of people: list, structure, profile and its editing. Thin: each calls one rule."""

import functools
import re
from urllib.parse import quote

from flask import Blueprint, current_app, g, redirect, render_template, request, send_file, url_for
from markupsafe import Markup

from appliance.core import photos, storage
from appliance.core.errors import Conflict, Invalid
from appliance.core.i18n import current_language, texts
from appliance.core.limits import PHOTO_BYTES, SEARCH_LENGTH, TAG_LENGTH
from appliance.core.settings import get_setting, get_settings, set_setting
from appliance.tools.people import editing, rules, structure
from appliance.tools.people.forms import OwnFieldsForm, PhotoForm, as_typed, profile_form
from appliance.web import tags
from appliance.web.asked import number
from appliance.web.assets import asset, face
from appliance.web.custom_fields import INPUTMODES
from appliance.web.errors import is_fragment
from appliance.web.flashes import say
from appliance.web.forms import ButtonForm, read_form
from appliance.web.kept import Stencil, mark
from appliance.web.rights import EVERYBODY, allowed, permitted
from appliance.web.uploads import takes_files

_ = texts(__name__)
blueprint = Blueprint('people', __name__, url_prefix='/people', template_folder='templates')
_DIALLED = re.compile(r'[^0-9+*#,;]')
_PLAIN_MAIL = re.compile(r'[\w.@+-]+', re.ASCII)
_INDENTED = re.compile(r'\n\s+')
DRAWN_KEPT = 32         # languages x kinds of viewers x picture and list; the picture of a large company has 150 KB
FILLED = {'login': _.lazy('login'), 'name': _.lazy('name'), 'mail': _.lazy('mail'), 'phone': _.lazy('phone'), 'title': _.lazy('title'),
          'department': _.lazy('department'), 'employee_number': _.lazy('employee number'), 'photo': _.lazy('photo'), 'head': _.lazy('head')}


@blueprint.get('')
@allowed('employee')
def index():
    """The list, searched and filtered; htmx gets the rows alone."""
    search, department_id, tag = request.args.get('q', ''), number('department'), request.args.get('tag', '')[:TAG_LENGTH].replace('\0', '')
    found = rules.list_people(g.actor, search, department_id, request.args.get('after', ''), request.args.get('before', ''), tag)
    chosen = {'q': search or None, 'department': department_id, 'tag': tag or None}
    pages = {name: url_for('people.index', **chosen, **{name: found[name]}) for name in ('before', 'after') if found[name]}
    people = [(*one, face(one[0], one[1], one[7]), dial(one[4]), mail_to(one[5])) for one in found['people']]
    # Drawn by itself: within the page's blocks each of its thousand pieces would pass three generators.
    rows = Markup(render_template('people/found.html', people=people, pages=pages, is_narrowed=bool(search or department_id or tag),
                                  count=found['count'], counted=rules.COUNTED))
    if is_fragment():
        return rows
    return render_template('people/index.html', rows=rows, search=search, department_id=department_id, tag=tag,
                           departments=found['departments'], most=SEARCH_LENGTH)


@blueprint.get('/structure')
@allowed('employee')
def show_structure():
    """The departments with heads and numbers, as a picture or as a list (`?as=list`)."""
    company, is_list = structure.structure(g.actor), request.args.get('as') == 'list'
    drawn = _drawn('people/tree.html' if is_list else 'people/chart.html', current_language(), asset('icons.svg'),
                   get_settings('company')['name'], company)
    return render_template('people/structure.html', is_list=is_list, departments=company.departments,
                           drawn=drawn.filled(_of_his_own(structure.own_path(g.actor))))


# Once for all who see the same: a picture of 200 departments takes 10 ms, and only one's own place in it differs.
@functools.lru_cache(maxsize=DRAWN_KEPT)
def _drawn(template, language, sprite, name, company):
    text = current_app.jinja_env.get_template(template).render(company=company, name=name, mark=lambda what, one: mark(f'{what}{one}'))
    return Stencil(_INDENTED.sub('\n', text))


def _of_his_own(path):
    """What names the person's own department in the drawing, and opens it down to there. `path` is its ids, his own first."""
    values = {f'open{one}': ' open' for one in path[1:]}
    if path:
        values[f'own{path[0]}'] = Markup('<span class="tag">{}</span>').format(_('Your department'))
    return values


@blueprint.get('/structure/<int:department_id>')
@allowed('employee')
def show_members(department_id):
    """The people directly in a department, for htmx when it is opened; as a page they are in the list."""
    found = structure.members(g.actor, department_id)
    if not is_fragment():
        return redirect(url_for('people.index', department=department_id))
    return render_template('people/members.html', **found)


@blueprint.get('/<int:person_id>')
@allowed(*EVERYBODY)
def profile(person_id):
    """One person."""
    person = rules.profile(g.actor, person_id)
    return render_template('people/profile.html', person=person, dial=dial(person['phone']), mail_to=mail_to(person['mail']),
                           birthday=rules.as_day(person.get('birthday')), filled=_filled(person['directory']),
                           may_edit=bool(editing.fields_of(g.actor, person, person['directory'])),
                           tags=tags.card('core.person', person_id, person['may_know']),
                           tags_in='' if rules.is_outside(g.actor) else url_for('people.index'))


def _filled(directory):
    """What a directory fills, in words."""
    return ', '.join(str(FILLED[name]) for name in FILLED if directory and name in directory['fields'])


@blueprint.get('/<int:person_id>/photo/<version>/<int:size>')
@allowed(*EVERYBODY)
def photo(person_id, version, size):
    """His photo, for whom may see him. Another photo has another address, so that a browser may keep this one."""
    rules.access_person(g.actor, person_id)
    answer = send_file(storage.path_of(photos.blob_of(person_id, version, size)), mimetype='image/jpeg', etag=version, max_age=0)
    answer.headers['Cache-Control'] = 'private, max-age=31536000, immutable'
    return answer


@blueprint.route('/<int:person_id>/edit', methods=['GET', 'POST'])
@allowed(*EVERYBODY)
def edit(person_id):
    """The fields that may be changed; the photo stands beside them."""
    found = editing.opened(g.actor, person_id)
    form = read_form(profile_form(found['fields'], rules.departments(g.actor), found['custom']), **as_typed(found))
    if form.is_posted and form.validate():
        try:
            editing.edit_profile(g.actor, person_id, form.values(), form.seen.data or '', request_key=form.request_key.data or None)
        except (Invalid, Conflict) as error:
            form.refuse(error)
            # Whoever saves again after a conflict has seen what the other wrote.
            form.seen.data = found['seen']
        else:
            say(_('Saved.'))
            return redirect(url_for('people.profile', person_id=person_id), 303)
    return _editing(found, form)


@blueprint.post('/<int:person_id>/photo')
@allowed(*EVERYBODY)
@takes_files(PHOTO_BYTES)
def set_photo(person_id):
    """Another photo: what was sent is opened, made small, and not kept itself."""
    editing.require_photo_right(g.actor, person_id)
    form = read_form(PhotoForm)
    try:
        large, small = photos.make(form.picture())
        editing.set_photo(g.actor, person_id, large, small, request_key=form.request_key.data or None)
    except Invalid as error:
        form.refuse(error)
        found = editing.opened(g.actor, person_id)
        return _editing(found, profile_form(found['fields'], rules.departments(g.actor), found['custom'])(data=as_typed(found)), form)
    say(_('The photo is changed.'))
    return redirect(url_for('people.edit', person_id=person_id), 303)


@blueprint.post('/<int:person_id>/photo/removal')
@allowed(*EVERYBODY)
def remove_photo(person_id):
    """Initials again."""
    form = read_form(ButtonForm)
    editing.remove_photo(g.actor, person_id, request_key=form.request_key.data or None)
    say(_('The photo is removed.'))
    return redirect(url_for('people.edit', person_id=person_id), 303)


def _editing(found, form, photo=None):
    photo = photo or PhotoForm()
    return render_template('people/edit.html', **found, form=form, photo=photo, filled=_filled(found['directory']), most=PHOTO_BYTES,
                           inputmodes=INPUTMODES), max(
        form.status, photo.status)


@blueprint.route('/own-fields', methods=['GET', 'POST'])
@permitted('core.settings.manage')
def own_fields():
    """What people may change of themselves."""
    form = read_form(OwnFieldsForm, own=get_setting('people.own_fields'))
    if form.is_posted and form.validate():
        set_setting(g.actor, 'people.own_fields', form.own.data, request_key=form.request_key.data or None)
        say(_('Saved.'))
        return redirect(url_for('people.own_fields'), 303)
    return render_template('people/own_fields.html', form=form), form.status


def dial(phone):
    """A `tel:` address of a number as people write it, '' for none: `+34 (0)91 555` is tel:+3491555."""
    if phone.startswith('+'):
        phone = phone.replace('(0)', '')
    digits = _DIALLED.sub('', phone)
    return f'tel:{digits}' if digits else ''


def mail_to(mail):
    """A `mailto:` address; quoted, since `?` and `&` in it would begin a subject."""
    if _PLAIN_MAIL.fullmatch(mail):
        return f'mailto:{mail}'
    return f'mailto:{quote(mail, safe="@+")}' if mail else ''
