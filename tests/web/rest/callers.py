"""Programs that call the portal's methods in this process: by a webhook's address, or by a header."""
from dataclasses import dataclass

from appliance.identity import tokens

SCOPES = ('user', 'department', 'timeman', 'im', 'comments', 'tags', 'user.userfield')


@dataclass
class Caller:
    """A program with a token of one person. `call` answers (HTTP status, JSON)."""

    client: object
    base: str
    person_id: int
    token: str

    @property
    def path(self):
        return f'/rest/{self.person_id}/{self.token}'

    def ask(self, method, query=None, path=None, http='GET', **options):
        """The Werkzeug response of a method; `query` is a string or a dict."""
        return self.client.open(f'{path or self.path}/{method}', base_url=self.base, method=http, query_string=query, **options)

    def call(self, method, query=None, **options):
        """(status, JSON) of a method by GET, or by POST when a body is given (`json=` or `data=`)."""
        answer = self.ask(method, query, http='POST' if {'json', 'data'} & set(options) else 'GET', **options)
        return answer.status_code, answer.json

    def result(self, method, query=None, **options):
        """What a method answers, when it does."""
        status, found = self.call(method, query, **options)
        assert status == 200, found
        return found['result']

    def refusal(self, method, query=None, **options):
        """(status, code) of a refusal."""
        status, found = self.call(method, query, **options)
        return status, found['error']


def caller(company, login, scopes=SCOPES, lives_days=None):
    """A Caller with a new token of a person of the demo company."""
    browser = company.browser(login)
    token, _row_id = tokens.make_token(company.actor(login), 'a program', scopes, lives_days)
    return Caller(company._app.test_client(), browser._base, company.ids[login], token)
