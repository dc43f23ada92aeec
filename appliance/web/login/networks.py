"""Whether an address belongs to networks that a setting names."""

import functools
import ipaddress


def is_within(address, text):
    """Whether an address is in one of the networks of a text (`10.0.0.0/8 192.168.1.0/24`); an IPv4 address may come as IPv6."""
    if not text:
        return False
    try:
        parsed = ipaddress.ip_address(address or '')
    except ValueError:      # a Unix socket has none
        return False
    parsed = getattr(parsed, 'ipv4_mapped', None) or parsed
    return any(parsed in network for network in _networks(text))


@functools.lru_cache(maxsize=4)
def _networks(text):
    return [ipaddress.ip_network(one) for one in text.split()]
