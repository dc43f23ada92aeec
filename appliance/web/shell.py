"""The frame around every page: menu, top bar, person menu, footer. Computed when a template asks, once a request.

What is the same for many (the head, both menus, the footer) is drawn once for all of them and kept: `Outline` is all that such a
part may depend on, and all that its template is given.
"""

import functools
from typing import NamedTuple

from flask import current_app, g, request
from markupsafe import escape

from appliance.core import i18n, permissions
from appliance.core.settings import get_settings
from appliance.core.tool import declarations, registry
from appliance.web import cookies, flashes, live
from appliance.web.addresses import url_for
from appliance.web.assets import asset
from appliance.web.csrf import csrf_token
from appliance.web.kept import Stencil, mark

_ = i18n.texts(__name__)
THEMES = (('automatic', _.lazy('Automatic')), ('light', _.lazy('Light')), ('dark', _.lazy('Dark')))
PRODUCT = 'Appliance'
DRAWN_KEPT = 96      # frames, one an Outline
# Who has one of these finds the administration in the menu.
ADMINISTRATION = frozenset(one.name for one in permissions.CORE)


def parts(name, actor):
    """What the tools bring to a place (`card` of the day, `topbar`, `personal` menu, `guide`), in order: [{order, ...}] with template
    and data, or title, url and icon."""
    found = [getattr(module, name)(actor) for _tool, module in registry.load('home') if hasattr(module, name)]
    return sorted((part for part in found if part), key=lambda part: part['order'])


def may(name):
    """Whether who asks for this page has a permission, for templates."""
    return permissions.may(g.actor, name)


class Outline(NamedTuple):
    """What the kept parts of the frame are drawn from; their templates call it `shell`. `assets` only tells one build from the next."""

    language: str
    theme: str | None
    company: str
    kind: str
    may_administer: bool
    blueprint: str | None
    is_administration: bool
    assets: str
    here: str = mark('here')

    direction = property(lambda self: i18n.direction())
    languages = property(lambda self: i18n.languages())
    themes = THEMES

    @property
    def menu(self):
        """[{title, url, icon, is_here}]: the day, then the tools in their order, for this kind of person."""
        items = sorted((item.order, name, item.endpoint) for name in registry.names
                       for item in declarations()[name].menu if self.kind in item.kinds)
        return [self._entry('home.index', _('My day'), symbol='home'),
                *(self._entry(endpoint, str(declarations()[name].title), declarations()[name].icon) for _order, name, endpoint in items)]

    @property
    def administration(self):
        """The entry that only those see who may administer something."""
        if not self.may_administer:
            return []
        return [{**self._entry('admin.index', _('Administration'), symbol='settings'), 'is_here': self.is_administration}]

    @property
    def account(self):
        """The entries of the person's menu that everybody has; `is_window` ones open over the page."""
        return [_entry('settings.index', _('Language and time zone'), symbol='language'),
                _entry('settings.list_sessions', _('Where I am logged in'), symbol='devices'),
                _entry('settings.tokens', _('Access for programs'), symbol='plug-connected'),
                {**_entry('help.index', _('Help'), symbol='help'), 'is_window': True}]

    def _entry(self, endpoint, title, symbol):
        return {**_entry(endpoint, title, symbol), 'is_here': self.blueprint == endpoint.partition('.')[0]}


class Frame(dict):
    """The kept parts of the frame for one Outline, {name: Stencil}; each is drawn when somebody first needs it."""

    def __init__(self, environment, outline):
        super().__init__()
        self._environment, self._outline = environment, outline

    def __missing__(self, name):
        html = self._environment.get_template(f'shell/{name}.html').render(shell=self._outline, csrf_token=lambda: mark('token'))
        part = self[name] = Stencil(html)
        return part


class Shell:
    """What templates call `shell`."""

    def __init__(self, drawn):
        self.language = i18n.current_language()
        self.direction = i18n.direction()
        self.languages = i18n.languages()
        self.theme = chosen_theme()
        self._drawn = drawn

    @functools.cached_property
    def company(self):
        """The company's name, or the product's until it has one."""
        return get_settings('company')['name'] or PRODUCT

    @functools.cached_property
    def person(self):
        """{id, name, photo} of who is logged in."""
        return {'id': g.actor.person_id, 'name': g.session.person_name, 'photo': g.session.person_photo}

    @functools.cached_property
    def live(self):
        """{address, tag} of the stream that keeps this page up to date."""
        return {'address': current_app.portal.live_address, 'tag': live.tag()}

    @functools.cached_property
    def outline(self):
        """The Outline of this page."""
        return Outline(self.language, self.theme, self.company, g.actor.kind, bool(permissions.of(g.actor) & ADMINISTRATION), request.blueprint,
                       f'{request.path}/'.startswith('/admin/'), asset('app.css'))

    @property
    def unread(self):
        """The number at the bell."""
        return g.session.unread

    @property
    def pages(self):
        """[{title, url, icon}]: where the menus lead to, for the palette."""
        return [*self.outline.menu, *self.own, *self.outline.account]

    def part(self, name):
        """`head`, `brand`, `account`, `side`, `tabs`, `palette` or `foot`, from templates/shell."""
        frame, values = self._frame
        return frame[name].filled(values)

    @functools.cached_property
    def _frame(self):
        return self._drawn(self.outline), {'token': csrf_token(), 'here': escape(self.here)}

    @functools.cached_property
    def own(self):
        """What the tools put into the person's menu."""
        return parts('personal', g.actor)

    @functools.cached_property
    def topbar(self):
        """What the tools put into the top bar."""
        return parts('topbar', g.actor)

    @functools.cached_property
    def messages(self):
        """The one-time messages for this page."""
        return flashes.take()

    @functools.cached_property
    def here(self):
        """Where a language or theme choice comes back to: this page if it can be asked for again, else the day."""
        is_page = request.method == 'GET' and not request.routing_exception
        return request.full_path.rstrip('?') if is_page else url_for('home.index')


def chosen_theme():
    """`light` or `dark` when this browser chose one, None for automatic."""
    theme = request.cookies.get(cookies.name('theme'))
    return theme if theme in ('light', 'dark') else None


def _entry(endpoint, title, symbol):
    return {'title': title, 'url': url_for(endpoint), 'icon': symbol}


def install(app):
    """Give templates `shell`."""
    @functools.lru_cache(maxsize=DRAWN_KEPT)
    def drawn(outline):
        return Frame(app.jinja_env, outline)

    app.extensions['appliance.drawn'] = drawn
    app.context_processor(lambda: {'shell': current_shell()})


def current_shell():
    """The Shell of this request."""
    known = g._get_current_object()
    if 'shell' not in known:
        known.shell = Shell(current_app.extensions['appliance.drawn'])
    return known.shell
