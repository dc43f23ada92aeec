"""/search: everything that has words, for whoever asks; and the palette (Ctrl+K), which goes to pages as well."""

from flask import Blueprint, g, render_template, request, url_for

from appliance.core import permissions, search
from appliance.core.folding import fold
from appliance.core.i18n import texts
from appliance.core.limits import SEARCH_LENGTH
from appliance.web import admin
from appliance.web.asked import place
from appliance.web.errors import is_fragment
from appliance.web.rights import EVERYBODY, allowed
from appliance.web.shell import ADMINISTRATION, current_shell

_ = texts(__name__)
blueprint = Blueprint('search', __name__)
SHOWN, SHOWN_NEWEST, SHOWN_IN_PALETTE = 20, 50, 8


@blueprint.get('/search')
@allowed(*EVERYBODY)
def index():
    """What is found: the best, or all of it by time, page by page; htmx gets the list alone."""
    words, kind, is_newest = request.args.get('q', ''), request.args.get('kind', ''), request.args.get('order') == 'newest'
    kinds = search.kinds()
    only = [kind] if kind in kinds else []
    found = search.find(g.actor, words, only, SHOWN_NEWEST if is_newest else SHOWN, is_newest, place())
    chosen = {'q': words or None, 'kind': kind or None, 'order': 'newest' if is_newest else None}
    values = {'found': found, 'words': words, 'chosen': chosen, 'is_full': not is_newest and len(found['hits']) == SHOWN}
    if is_fragment():
        return render_template('search/found.html', **values)
    return render_template('search/index.html', kind=kind, is_newest=is_newest, most=SEARCH_LENGTH, **values,
                           kinds=[(name, str(one.title)) for name, one in kinds.items()])


def _administration():
    if not ADMINISTRATION & permissions.of(g.actor):
        return []
    (url, _overview, _is_here), *pages = admin.pages()
    return [{'title': _('Administration'), 'url': url, 'icon': 'settings'},
            *({'title': f'{_("Administration")}: {title}', 'url': url, 'icon': 'settings'} for url, title, _is_here in pages)]


@blueprint.get('/search/palette')
@allowed(*EVERYBODY)
def palette():
    """The first few that fit, pages before things; a fragment."""
    words = request.args.get('q', '')
    folded = fold(words)
    pages = [one for one in [*current_shell().pages, *_administration()] if folded in fold(str(one['title']))]
    hits = search.find(g.actor, words, most=SHOWN_IN_PALETTE)['hits']
    return render_template('search/palette.html', pages=pages[:SHOWN_IN_PALETTE], hits=hits, words=words,
                           all_url=url_for('search.index', q=words) if words.strip() else None)
