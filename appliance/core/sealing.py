"""The portal's key: derives one key a purpose and seals the secrets that rows must hold (directory and mail passwords)."""

import functools
import hmac
import os
import pathlib
import secrets

from appliance.core.errors import StartError

KEY_BYTES = 32
_NONCE_BYTES = 12
_key = None


def create_key(path):
    """A new key file, readable by its owner only. An existing one is never replaced: FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, 'w') as file:
        file.write(secrets.token_hex(KEY_BYTES) + '\n')
        file.flush()
        os.fsync(file.fileno())


def read_key(path):
    """The key in a file: 64 hexadecimal digits. StartError names what is wrong with it."""
    try:
        key = bytes.fromhex(pathlib.Path(path).read_text().strip())
    except OSError as error:
        raise StartError(f'the key file {path} cannot be read: {error.strerror}') from None
    except ValueError:
        key = b''
    if len(key) != KEY_BYTES:
        raise StartError(f'the key file {path} must hold {2 * KEY_BYTES} hexadecimal digits')
    return key


def use_key(key):
    """Make this the portal's key for the process."""
    global _key
    _key = key


def derive(purpose):
    """A key of 32 bytes for one purpose (HKDF-Expand with SHA-256, one block; RFC 5869)."""
    if _key is None:
        raise StartError('the portal key is not loaded')
    return _derived(_key, purpose)


@functools.lru_cache(maxsize=64)
def _derived(key, purpose):
    return hmac.digest(key, purpose.encode() + b'\x01', 'sha256')


def mac(purpose, data):
    """A keyed hash of bytes, for comparing without telling what was hashed."""
    return hmac.digest(derive(purpose), data, 'sha256')


def seal(text, purpose):
    """Text as sealed bytes (AES-256-GCM); `purpose` must be named again to open it."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher().encrypt(nonce, text.encode(), purpose.encode())


def unseal(sealed, purpose):
    """The text again. ValueError when the key is another, the purpose differs or a byte changed."""
    from cryptography.exceptions import InvalidTag      # slow: see below
    try:
        return _cipher().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode()).decode()
    except InvalidTag:
        raise ValueError(f'a secret ({purpose}) was sealed with another key') from None


def _cipher():
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM      # slow: 5 MiB, and live seals nothing
    return AESGCM(derive('seal'))
