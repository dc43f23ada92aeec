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
    """`get` and `post` return (status, headers, text) and follow no redirect; `cookies` are those of its session."""

    def __init__(self, base, authority_pem=None):
        context = ssl.create_default_context(cadata=authority_pem)
        self.base, self.cookies = base, CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context),
            urllib.request.HTTPCookieProcessor(self.cookies), _NoRedirect())

    def get(self, path, **headers):
        return self._ask(urllib.request.Request(self.base + path, headers=headers))

    def post(self, path, page, **fields):
        """Send the form on the page `page`, with its own hidden fields, to `path`."""
        text = self.get(page)[2]
        hidden = {name: re.search(rf'name="{name}" value="([^"]+)"', text) for name in ('csrf_token', 'request_key')}
        data = {name: found[1] for name, found in hidden.items() if found} | fields
        return self._send(path, urllib.parse.urlencode(data).encode())

    def upload(self, path, page, name, content):
        """Send a file (bytes) with the form on the page `page` to `path`, as a browser does."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get(page)[2])[1]
        edge = 'edge-of-the-parts'
        parts = (f'--{edge}\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{token}\r\n'
                 f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n').encode()
        return self._send(path, parts + content + f'\r\n--{edge}--\r\n'.encode(), **{'Content-Type': f'multipart/form-data; boundary={edge}'})

    def _send(self, path, data, **headers):
        return self._ask(urllib.request.Request(self.base + path, data=data,
                                                headers={'Origin': self.base, 'Sec-Fetch-Site': 'same-origin', **headers}))

    def _ask(self, request):
        try:
            answer = self._opener.open(request, timeout=20)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.headers, answer.read().decode('utf-8', 'replace')
