"""Comments on objects of every kind: the card with the one composer that any page may show, a page of its own for a long talk, and the
people who can be mentioned.

A page gets what the card needs from `card(actor, kind, object_id)` and shows it by `{{ talk_html(talk) }}`.
"""

import functools

from flask import Blueprint, g, redirect, render_template, request, url_for
from markupsafe import Markup
from wtforms import BooleanField, IntegerField, TextAreaField
from wtforms.validators import Optional as MayBeEmpty

from appliance.core import comments, following, likes, markup, mentions, refs
from appliance.core.errors import Invalid, NotFound
from appliance.core.i18n import current_language, current_zone, texts
from appliance.core.limits import COMMENT_LENGTH
from appliance.core.people import names_of
from appliance.web.asked import place
from appliance.web.csrf import csrf_token
from appliance.web.errors import is_fragment
from appliance.web.flashes import say
from appliance.web.forms import NextForm, read_form, request_key
from appliance.web.kept import Stencil, mark
from appliance.web.rights import EVERYBODY, allowed
from appliance.web.shell import current_shell
from appliance.web.targets import own_target

_ = texts(__name__)
blueprint = Blueprint('comments', __name__, url_prefix='/comments')
KEPT, KEPT_LENGTH = 2048, 2000      # drawn texts, and how long one may be
KEPT_TALKS, TALK_LENGTH = 48, 100_000       # drawn talks, and how much HTML one may be
VERBS = ('comment', 'moderate', 'like')
ACTS = ('is_liked', 'likes', 'may_edit', 'may_delete')      # what the buttons of a comment depend on, but for its number
_NUMBER = '\x01'      # what stands for that; no text that people write can hold a control character
_talks = {}         # {all that a drawn talk depends on: its Stencil}


class CommentForm(NextForm):
    """What somebody says; `quote` is the comment he answers, `next` the page he says it on."""

    text = TextAreaField(_.lazy('Your comment'), render_kw={'maxlength': COMMENT_LENGTH})
    quote = IntegerField(validators=[MayBeEmpty()])


class FollowForm(NextForm):
    """Whether one wants to hear of an object."""

    is_on = BooleanField()


@blueprint.app_template_filter('said')
def said(text, names):
    """A comment's text as it is shown. Somebody from outside sees his contact alone, so for him names lead nowhere."""
    read = _kept if len(text) <= KEPT_LENGTH else _kept.__wrapped__
    return read(text, tuple((person, names[person]) for person in markup.mentioned(text) if person in names), g.actor.kind == 'employee')


@functools.lru_cache(maxsize=KEPT)
def _kept(text, names, has_profiles):
    return markup.html(text, dict(names), (lambda person_id: f'/people/{person_id}') if has_profiles else (lambda person_id: ''))


@blueprint.app_template_filter('excerpt')
def excerpt(text, names):
    """The beginning of a comment's text, on one line."""
    return markup.plain(text, names, comments.EXCERPT)


def card(actor, kind, object_id, may=None, is_mine=None, before=None, form=None, notes=(), here=None):
    """What `talk_html` shows; NotFound when the actor does not see the object, or nothing can be said of it.

    `may`: the verbs, where the page knows them (refs.verbs_at), and `is_mine`, whether the object is the actor's; else the owner is
    asked for each. `notes` are said above the composer; `here` is the page to come back to, this one if left out.
    """
    if 'comment' not in refs.owner(kind).verbs:
        raise NotFound()
    may = refs.verbs(actor, kind, object_id, VERBS) if may is None else may
    found = comments.page_of(actor, kind, object_id, may, before)
    if found['follows'] is None:
        found['follows'] = actor.person_id in refs.owner(kind).people(object_id) if is_mine is None else is_mine
    return _talk(found, kind, object_id, may, here or current_shell().here) | {
        'form': form or _empty_form(), 'notes': notes, 'quoted': None,
        'like': {'kind': kind, 'object_id': object_id, 'count': found['likes'], 'is_liked': found['is_liked']}}


def _talk(page, kind, object_id, may, here):
    """A page of comments with what its rows need; `here` is the page that their buttons come back to."""
    return page | {'kind': kind, 'object_id': object_id, 'may': may, 'here': here, 'label': likes.label()}


@functools.cache
def _empty_form():
    """What the composer shows before anything was said: a quarter of what a talk costs that is drawn already. Read only."""
    return CommentForm(formdata=None)


@blueprint.app_template_global()
def talk_html(talk):
    """A card's talk as Markup. Mostly it is as it was when somebody else in the same place looked at it last."""
    if talk['form'] is not _empty_form() or talk['notes'] or talk['quoted']:
        return Markup(_talk_html(talk))
    found = _talks.get(_key(talk))
    if found is None:
        talk = talk | comments.unfolded(g.actor, talk, talk['may'])
        html = _talk_html(talk, csrf_token=lambda: mark('token'), request_key=lambda: mark('key'))
        found = Stencil(html)
        if len(html) <= TALK_LENGTH:
            if len(_talks) >= KEPT_TALKS:
                _talks.clear()
            _talks[_key(talk)] = found
    return found.filled({'token': csrf_token(), 'key': request_key()})


def _key(talk):
    return (current_language(), current_zone(), g.actor.kind, frozenset(talk['may']), talk['kind'], talk['object_id'], talk['here'], talk['label'],
            talk['likes'], talk['is_liked'], talk['follows'], talk['before'], talk['state'])


def _talk_html(talk, **keys):
    return render_template('comments/talk.html', talk=talk | {'rows': _rows(talk)}, **keys)


def _rows(talk):
    """A talk's comments as Markup."""
    if 'comments' not in talk:
        talk = talk | comments.unfolded(g.actor, talk, talk['may'])
    return Markup(render_template('comments/rows.html', talk=talk, acts=_acts(talk)))


def _acts(talk):
    """A function from a comment to its buttons: a third of its row, and on a page mostly alike."""
    @functools.cache
    def alike(*values):
        return render_template('comments/acts.html', talk=talk, id=_NUMBER, **dict(zip(ACTS, values, strict=True)))
    return lambda one: Markup(alike(*(one[name] for name in ACTS)).replace(_NUMBER, str(one['id'])))


@blueprint.get('/<kind>/<int:object_id>')
@allowed(*EVERYBODY)
def index(kind, object_id):
    """The whole talk, page by page; htmx gets the comments before a place alone."""
    shown = refs.opened(g.actor, kind, object_id)
    talk = card(g.actor, kind, object_id, shown['verbs'], before=place('before'))
    if is_fragment():
        return render_template('comments/earlier.html', talk=talk | {'rows': _rows(talk)})
    return render_template('comments/index.html', object=shown, talk=_quoting(talk, place('quote')))


@blueprint.get('/<kind>/<int:object_id>/newer/<int:after>')
@allowed(*EVERYBODY)
def newer(kind, object_id, after):
    """What was said after a comment, for a page that heard of it; a fragment. Where that is more than a page, all is read anew."""
    may = refs.verbs(g.actor, kind, object_id, VERBS)
    if 'comment' not in refs.owner(kind).verbs:
        raise NotFound()
    found = comments.page_of(g.actor, kind, object_id, may, after=after)
    if found['before'] is not None:
        return '', 200, {'HX-Refresh': 'true'}
    talk = _talk(found, kind, object_id, may, own_target(request.args.get('next', '')))
    return render_template('comments/newer.html', talk=talk | {'rows': _rows(talk)})


def _quoting(talk, quote_id):
    if quote_id is not None:
        quoted = comments.access_comment(g.actor, quote_id)
        if (quoted['kind'], quoted['object_id']) != (talk['kind'], talk['object_id']):
            raise NotFound()
        names = names_of({quoted['person_id'], *markup.mentioned(quoted['text'])})
        talk['quoted'] = {'id': quote_id, 'name': names[quoted['person_id']], 'text': markup.plain(quoted['text'], names, comments.EXCERPT)}
    return talk


@blueprint.get('/<kind>/<int:object_id>/composer')
@allowed(*EVERYBODY)
def composer(kind, object_id):
    """The composer with a quote in it, or without; a fragment."""
    refs.require(g.actor, kind, object_id, 'comment')
    talk = {'kind': kind, 'object_id': object_id, 'form': _empty_form(), 'quoted': None, 'notes': (), 'here': own_target(request.args.get('next', ''))}
    return render_template('comments/composer.html', talk=_quoting(talk, place('quote')), is_asked=True)


@blueprint.post('/<kind>/<int:object_id>')
@allowed(*EVERYBODY)
def add(kind, object_id):
    """Say something."""
    refs.require(g.actor, kind, object_id, 'comment')
    form = read_form(CommentForm)
    answer = None
    if form.validate():
        try:
            answer = comments.add_comment(g.actor, kind, object_id, form.text.data, form.quote.data, request_key=form.request_key.data or None)
        except Invalid as error:
            form.refuse(error)
    target = own_target(form.next.data)
    if is_fragment():
        talk = card(g.actor, kind, object_id, form=form if answer is None else None, notes=_notes(answer), here=target)
        return talk_html(talk if answer else _quoting(talk, form.quote.data)), 200 if answer else 422
    if answer is None:
        talk = _quoting(card(g.actor, kind, object_id, form=form), form.quote.data)
        return render_template('comments/index.html', object=refs.card(g.actor, kind, object_id), talk=talk), 422
    for note in _notes(answer):
        say(note)
    return redirect(f'{target}#comment-{answer["id"]}', 303)


def _notes(answer):
    """What the writer should know of his mentions."""
    if not answer:
        return []
    untold = [_('%(name)s was not told: they may not see this.', name=name) for name in answer['untold']]
    return untold + [_('Several people are called %(name)s. Choose one from the list that opens behind the @.', name=name) for name in answer['unclear']]


@blueprint.get('/<int:comment_id>')
@allowed(*EVERYBODY)
def show(comment_id):
    """To a comment: on its object's page while it is among the newest, else in the talk."""
    one = comments.access_comment(g.actor, comment_id)
    url = refs.url_of(one['kind'], one['object_id'])
    if not url or not comments.is_near_the_end(one):
        url = url_for('comments.index', kind=one['kind'], object_id=one['object_id'], before=comment_id + 1)
    return redirect(f'{url}#comment-{comment_id}', 303)


@blueprint.route('/<int:comment_id>/edit', methods=['GET', 'POST'])
@allowed(*EVERYBODY)
def edit(comment_id):
    """Say something else: in place for htmx, else on a page of its own."""
    one = comments.access_comment(g.actor, comment_id, to='edit')
    form = read_form(CommentForm, text=mentions.as_typed(one['text']))
    if form.is_posted and form.validate():
        try:
            answer = comments.edit_comment(g.actor, comment_id, form.text.data, request_key=form.request_key.data or None)
        except Invalid as error:
            form.refuse(error)
        else:
            return _row(comment_id, form, _notes(answer), _('Saved.'))
    name = 'comments/edit_form.html' if is_fragment() else 'comments/edit.html'
    talk = {'kind': one['kind'], 'object_id': one['object_id'], 'form': form}
    return render_template(name, talk=talk, comment_id=comment_id, next=_back(form, one)), form.status


def _back(form, one):
    return own_target(form.next.data) if form.next.data else refs.url_of(one['kind'], one['object_id'])


def _row(comment_id, form, notes, message):
    """A comment as it is by now: its row for htmx, else the page it stands on."""
    one = comments.access_comment(g.actor, comment_id)
    if not is_fragment():
        for note in [*notes, message]:
            say(note)
        return redirect(f'{_back(form, one)}#comment-{comment_id}', 303)
    may = refs.verbs(g.actor, one['kind'], one['object_id'], VERBS)
    found = comments.page_of(g.actor, one['kind'], one['object_id'], may, before=comment_id + 1, most=1)
    return _rows(_talk(found, one['kind'], one['object_id'], may, own_target(form.next.data)) | {'row_notes': notes})


@blueprint.get('/<int:comment_id>/row')
@allowed(*EVERYBODY)
def show_row(comment_id):
    """A comment as it is, for who does not want to change it after all; a fragment."""
    comments.access_comment(g.actor, comment_id)
    form = NextForm(formdata=None, next=request.args.get('next', ''))
    return _row(comment_id, form, [], '')


@blueprint.post('/<int:comment_id>/removal')
@allowed(*EVERYBODY)
def remove(comment_id):
    """Put a comment into the trash; in its place stands how to take it back."""
    one = comments.access_comment(g.actor, comment_id, to='delete')
    form = read_form(NextForm)
    comments.delete_comment(g.actor, comment_id)
    if is_fragment():
        return render_template('comments/deleted.html', comment_id=comment_id, next=own_target(form.next.data))
    say(_('Deleted. It lies in your trash.'))
    return redirect(_back(form, one), 303)


@blueprint.post('/<int:comment_id>/restoring')
@allowed(*EVERYBODY)
def restore(comment_id):
    """Take it back."""
    form = read_form(NextForm)
    comments.restore_comment(g.actor, comment_id)
    return _row(comment_id, form, [], _('It is back.'))


@blueprint.post('/<kind>/<int:object_id>/following')
@allowed(*EVERYBODY)
def follow(kind, object_id):
    """Hear of what is said, or not any more."""
    form = read_form(FollowForm)
    following.follow(g.actor, kind, object_id, form.is_on.data)
    if is_fragment():
        talk = {'kind': kind, 'object_id': object_id, 'follows': form.is_on.data, 'here': own_target(form.next.data)}
        return render_template('comments/follow.html', talk=talk)
    return redirect(own_target(form.next.data), 303)


@blueprint.get('/people')
@allowed(*EVERYBODY)
def people():
    """Whom one can mention: what opens behind an @; a fragment."""
    ref = refs.Ref.read(request.args.get('on', ''))
    return render_template('comments/people.html', people=mentions.offered(g.actor, ref.kind, ref.id, request.args.get('q', '')))
