"""What no test may do: reach beyond this machine, or hand a mail to a mail server that somebody runs here."""
import ipaddress
import socket

MAIL_PORTS = {25, 465, 587}
OWN = set()     # addresses in networks that a fixture made on this machine


class Escaped(AssertionError):
    """A test tried to reach something outside."""


def install(monkeypatch):
    """Make connecting, sending and looking up anything but loopback fail for the rest of the test."""
    for name in ('connect', 'connect_ex'):
        _guard(monkeypatch, name, address_at=0)
    _guard(monkeypatch, 'sendto', address_at=-1)
    look_up = socket.getaddrinfo

    def guarded_look_up(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        if not _is_loopback(name):
            raise Escaped(f'a test looked up {name!r}')
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, 'getaddrinfo', guarded_look_up)


def _guard(monkeypatch, name, address_at):
    original = getattr(socket.socket, name)

    def guarded(self, *args):
        address = args[address_at]
        if self.family in (socket.AF_INET, socket.AF_INET6):
            if not _is_loopback(address[0]):
                raise Escaped(f'a test reached for {address!r}')
            if address[1] in MAIL_PORTS and self.type == socket.SOCK_STREAM:
                raise Escaped(f'a test would hand a mail to the server at {address!r}')
        return original(self, *args)

    monkeypatch.setattr(socket.socket, name, guarded)


def _is_loopback(host):
    if host in (None, '', 'localhost', socket.gethostname()) or host in OWN:
        return True
    try:
        return ipaddress.ip_address(host.partition('%')[0]).is_loopback
    except ValueError:
        return False
