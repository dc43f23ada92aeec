"""The certificate that a server shows, so that an administrator can tell why it is not trusted. Looking at it trusts nothing."""

import socket
import ssl

from appliance.core.i18n import texts

_ = texts(__name__)
# RFC 4511, 4.14: ExtendedRequest 1.3.6.1.4.1.1466.20037 with message id 1.
STARTTLS = bytes.fromhex('301d02010177188016') + b'1.3.6.1.4.1.1466.20037'
WORDS = {
    9: _.lazy('The certificate is not valid yet: compare the clocks.'),
    10: _.lazy('The certificate has expired: renew it at the directory.'),
    18: _.lazy('The certificate is signed by itself: give it as CA.'),
    19: _.lazy('The certificate is signed by a CA that is not known here: give its certificate as CA.'),
    20: _.lazy('The certificate is signed by a CA that is not known here: give its certificate as CA.'),
    21: _.lazy('The certificate is signed by a CA that is not known here: give its certificate as CA.'),
    62: _.lazy('The certificate is for another name: use the name that it was issued for.'),
    64: _.lazy('The certificate is not for this address: use the name that it was issued for.'),
}
MOST_NAMES = 5


class NoStartTls(Exception):
    """The server refuses to begin TLS."""


def handshake(host, port, is_starttls, timeout_s, context):
    """(TLS version, the certificate as DER) of a server. OSError and ssl.SSLError as they come; NoStartTls."""
    with socket.create_connection((host, port), timeout=timeout_s) as plain:
        if is_starttls:
            _start_tls(plain)
        with context.wrap_socket(plain, server_hostname=host) as encrypted:
            return encrypted.version(), encrypted.getpeercert(binary_form=True)


def shown(host, port, is_starttls, timeout_s):
    """What `described` says of the certificate that a server shows, trusted or not; {} when there is none to see."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE      # nothing is sent over it
    try:
        return described(handshake(host, port, is_starttls, timeout_s, context)[1])
    except (OSError, NoStartTls):
        return {}


def described(der):
    """{subject, issuer, names, begins_at, ends_at, sha256, pem} of a certificate; pem only where it signed itself, so that it can be given as
    CA. {} for what cannot be read.
    """
    from cryptography import x509       # slow: 6 MiB, for who sets a directory up
    from cryptography.hazmat.primitives import hashes       # slow: the same
    try:
        one = x509.load_der_x509_certificate(der)
        names = _names(one, x509)
        return {'subject': one.subject.rfc4514_string()[:200], 'issuer': one.issuer.rfc4514_string()[:200], 'names': names[:MOST_NAMES],
                'begins_at': one.not_valid_before_utc, 'ends_at': one.not_valid_after_utc, 'sha256': one.fingerprint(hashes.SHA256()).hex(':').upper(),
                'pem': ssl.DER_cert_to_PEM_cert(der) if one.issuer == one.subject else ''}
    except (ValueError, TypeError):
        return {}


def _names(one, x509):
    try:
        found = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [str(name) for name in (*found.get_values_for_type(x509.DNSName), *found.get_values_for_type(x509.IPAddress)) if str(name).isprintable()]


def _start_tls(plain):
    plain.sendall(STARTTLS)
    answer = plain.recv(4096)
    # The result code is the first ENUMERATED of the answer; 0 grants.
    mark = answer.find(b'\x0a\x01')
    if mark < 0 or answer[mark + 2:mark + 3] != b'\0':
        raise NoStartTls()
