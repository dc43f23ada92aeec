"""The demo company in a test's portal, and browsers of its people without a server: Flask's client with a session's cookie."""
import dataclasses
import re

from appliance.core.actor import SYSTEM
from appliance.core.people import Person, actor_for
from appliance.demo import company
from appliance.identity import sessions
from appliance.web.app import create_app
from tests import loaded


class Company:
    """The demo company: `ids` by login, an Actor and a browser for each role."""

    def __init__(self, box, content_address=''):
        self.box = box
        self.config = dataclasses.replace(box.config, server=dataclasses.replace(box.config.server, content_address=content_address))
        loaded.load(box)
        self.ids = dict(Person.select(Person.login, Person.id).tuples())
        self._app = None

    def actor(self, login):
        """The Actor of a login; the five roles are logins too."""
        return actor_for(self.ids[login], via=f'test:{login}')

    def browser(self, login):
        """A Browser in which this person is logged in."""
        self._app = self._app or create_app(self.config)
        token, _row = sessions.open_session(SYSTEM, self.ids[login], ['password'])
        return Browser(self._app, token)


class Browser:
    """A logged-in visitor; `get` and `post` answer as Werkzeug's test client does, `post` brings CSRF token and request key."""

    def __init__(self, app, token):
        self._client = app.test_client()
        self._client.set_cookie('appliance_session', token, domain='127.0.0.1')
        self._base = app.portal.server.public_address

    def get(self, path, **options):
        return self._client.get(path, base_url=self._base, **options)

    def post(self, path, data=None, page='/', **options):
        """Post a form as the page `page` would: with its token and key, unless `data` brings others."""
        return self._client.post(path, base_url=self._base, data=self.hidden(page) | (data or {}), **options)

    def hidden(self, page):
        """{csrf_token, request_key} of a page, as far as it has them."""
        text = self.get(page).text
        found = {name: re.search(rf'name="{name}" value="([^"]+)"', text) for name in ('csrf_token', 'request_key')}
        return {name: match[1] for name, match in found.items() if match}


def roles():
    """The names of the five roles."""
    return company.ROLES
