"""Whom the stream answers, before anything is asked of the database: our own pages, under our own name."""

from urllib.parse import urlsplit

HEADERS = {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'Vary': 'Cookie, Origin',
    'X-Accel-Buffering': 'no',
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Referrer-Policy': 'same-origin',
}


class Door:
    """The names under which we are called, and the one site whose pages may ask."""

    def __init__(self, config):
        public = urlsplit(config.server.public_address)
        self.origin = config.server.public_address.lower()
        self._default_port = ':443' if config.is_secure else ':80'
        self._hosts = {self._named(public.netloc)}
        if config.live_address.startswith('http'):      # nobody stands before us: we are called by our own port
            self._hosts.add(self._named(urlsplit(config.live_address).netloc))

    def _named(self, host):
        return host.lower().removesuffix(self._default_port)

    def refusal(self, headers):
        """The status of a refusal, or None: 421 under another name (DNS rebinding), 403 for another site's page."""
        if self._named(headers.get('Host', '')) not in self._hosts:
            return 421
        origin = headers.get('Origin')
        if origin is not None:
            return None if origin.lower() == self.origin else 403
        # Our own page on the same origin says no Origin with a GET, and neither does a person who types the address.
        return None if headers.get('Sec-Fetch-Site', 'none') in ('same-origin', 'none') else 403

    def headers(self, origin):
        """The headers of every answer; a page of ours at another port may read it with its cookies."""
        if origin is None or origin.lower() != self.origin:
            return HEADERS
        return HEADERS | {'Access-Control-Allow-Origin': origin, 'Access-Control-Allow-Credentials': 'true'}
