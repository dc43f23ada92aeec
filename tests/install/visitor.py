"""A person's browser towards a guest: TLS by the box's own authority, cookies, forms with their hidden fields."""
import re
import ssl
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


class Visitor:
    """`get` and `post` return (status, headers, text) and follow no redirect."""

    def __init__(self, base, authority_pem=None):
        context = ssl.create_default_context(cadata=authority_pem)
        self.base = base
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context),
            urllib.request.HTTPCookieProcessor(CookieJar()), _NoRedirect())

    def get(self, path, **headers):
        return self._ask(urllib.request.Request(self.base + path, headers=headers))

    def post(self, path, page, **fields):
        """Send the form on the page `page`, with its own hidden fields, to `path`."""
        text = self.get(page)[2]
        hidden = {name: re.search(rf'name="{name}" value="([^"]+)"', text) for name in ('csrf_token', 'request_key')}
        data = {name: found[1] for name, found in hidden.items() if found} | fields
        return self._ask(urllib.request.Request(self.base + path, data=urllib.parse.urlencode(data).encode(),
                                                headers={'Origin': self.base, 'Sec-Fetch-Site': 'same-origin'}))

    def _ask(self, request):
        try:
            answer = self._opener.open(request, timeout=20)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.headers, answer.read().decode('utf-8', 'replace')
