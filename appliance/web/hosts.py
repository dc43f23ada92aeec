"""Which of the portal's two names a request asks for: the pages' or the content origin's."""

from urllib.parse import urlsplit


def is_host(environ, address):
    """Whether the Host of a request is that of an address (`https://portal.example`); the scheme's own port may be said or not."""
    parts = urlsplit(address)
    default_port = ':443' if parts.scheme == 'https' else ':80'
    asked = environ.get('HTTP_HOST', '').lower()
    return asked.removesuffix(default_port) == parts.netloc.lower().removesuffix(default_port)


class ByHost:
    """WSGI middleware: the content origin's application for its Host, the portal's for every other."""

    def __init__(self, portal, content, content_address):
        self.portal, self.content, self.content_address = portal, content, content_address

    def __call__(self, environ, start_response):
        is_content = self.content_address and is_host(environ, self.content_address)
        return (self.content if is_content else self.portal)(environ, start_response)
