"""A certificate authority for tests: certificates for any host, good for years, since OpenSSL knows nothing of a test's clock."""

import ipaddress
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

YEARS = 3650


class Authority:
    """`pem` is its own certificate; `issue('127.0.0.1')` gives (certificate, key) as PEM bytes."""

    def __init__(self, name='Test CA'):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self._certificate = builder.sign(self._key, hashes.SHA256())
        self.pem = self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, *hosts, days=YEARS):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        names = [x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts]
        certificate = (self._builder(subject, key, days)
                       .add_extension(x509.SubjectAlternativeName(names), critical=False)
                       .sign(self._key, hashes.SHA256()))
        return (certificate.public_bytes(serialization.Encoding.PEM),
                key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

    @staticmethod
    def self_signed(host):
        """(certificate, key) of a server that signed itself, as PEM bytes."""
        one = Authority(host)
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
        certificate = (one._builder(one._name, one._key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                       .add_extension(names, critical=False).sign(one._key, hashes.SHA256()))
        key = one._key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return certificate.public_bytes(serialization.Encoding.PEM), key

    def _builder(self, subject, key, days=YEARS):
        now = datetime.now(UTC)
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
                .serial_number(x509.random_serial_number())
                .not_valid_before(now - timedelta(days=YEARS)).not_valid_after(now + timedelta(days=days)))
