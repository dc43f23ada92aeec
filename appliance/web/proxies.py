"""Believe a proxy's forwarded headers only when the request really came from one that is configured."""

import functools
import ipaddress

from werkzeug.middleware.proxy_fix import ProxyFix

UNIX = 'unix'
# nginx asks by a header, as is the custom, to be told a file's place instead of being given its bytes.
SENDS_FILES = 'appliance.proxy_sends_files'


class TrustedProxies:
    """WSGI middleware: `X-Forwarded-For` and `-Proto` of the configured proxies, of nobody else."""

    def __init__(self, application, proxies):
        self.plain = application
        self.fixed = ProxyFix(application, x_for=1, x_proto=1, x_host=0)
        self.has_unix = UNIX in proxies
        self.networks = [ipaddress.ip_network(part) for part in proxies if part != UNIX]
        # The same few addresses ask again and again.
        self.is_proxy = functools.lru_cache(maxsize=1024)(self._is_proxy)

    def __call__(self, environ, start_response):
        is_proxy = self.is_proxy(environ.get('REMOTE_ADDR', ''))
        environ[SENDS_FILES] = is_proxy and environ.get('HTTP_X_SENDFILE_TYPE') == 'X-Accel-Redirect'
        return (self.fixed if is_proxy else self.plain)(environ, start_response)

    def _is_proxy(self, address):
        if not address:
            return self.has_unix    # a Unix socket has no address
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self.networks)
