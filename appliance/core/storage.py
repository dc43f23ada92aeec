"""Files by their content: each is kept once, under its SHA-256, in `blobs` of the data folder; rows say what is kept and who uses it.

    with storage.Incoming(most) as incoming:        # the place for it is reserved here; no transaction is open
        incoming.write(...)
        stored = incoming.keep()                    # on the disk, then in a row; nobody uses it yet
    ...
    storage.use(stored.hash, 'core.photo', person_id)      # in the action that wants it

A file is written in `incoming`, flushed, renamed into its place, the folder flushed, and only then has a row: so there is never a
row without its bytes. What nobody uses, or a kill left without a row, goes a day later (core/storage_sweep.py).
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import secrets
import shutil
from dataclasses import dataclass

from peewee import CompositeKey

from appliance.core import clock
from appliance.core.db import Base, in_write, row, write
from appliance.core.errors import Conflict, Invalid, NotFound, StartError, StorageFull
from appliance.core.fields import Integer, Link, Moment, Text
from appliance.core.i18n import format_size, texts
from appliance.core.limits import SPARE_BYTES

_ = texts(__name__)
BLOBS, INCOMING = 'blobs', 'incoming'
FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# nginx sends blobs itself; it may pass the data folder, not list it, and no name can be guessed without the content.
FOLDER_MODE, FILE_MODE = 0o711, 0o644
_HASH = re.compile(r'[0-9a-f]{64}')
_folder = None


class Blob(Base):
    """A file that is kept. `unused_at`: since when it may be that nobody uses it; None while somebody does for certain."""

    hash = Text(primary_key=True)
    size = Integer()
    created_at = Moment(default=clock.now)
    unused_at = Moment(null=True, index=True)


class BlobUse(Base):
    """Who uses a file: a kind of object (`core.attachment`) and its id."""

    blob = Link(Blob)
    kind = Text()
    object_id = Integer()

    class Meta:
        table_name = 'blob_use'
        primary_key = CompositeKey('blob', 'kind', 'object_id')
        indexes = ((('kind', 'object_id'), False),)


@dataclass(frozen=True)
class Stored:
    """A file that is kept: its SHA-256 as 64 hexadecimal digits, and its size in bytes."""

    hash: str
    size: int


def use_folder(folder):
    """Keep files below this data folder from now on, in this process."""
    global _folder
    _folder = folder


def data_folder():
    """The data folder; StartError before use_folder."""
    if _folder is None:
        raise StartError('the data folder is not known yet')
    return _folder


def is_hash(text):
    """Whether a text can be the hash of a file."""
    return _HASH.fullmatch(text) is not None


def path_of(blob):
    """The path of a file by its hash; NotFound for what cannot be one."""
    if not is_hash(blob):
        raise NotFound()
    return data_folder() / BLOBS / blob[:2] / blob


@contextlib.contextmanager
def plainly():
    """Tell a full disk in words."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL_ERRNOS:
            raise StorageFull() from error
        raise


class Incoming:
    """A file on its way in. Write to it, then keep() it; what is not kept is gone when it is closed.

    `most`: bytes it may have; `expected`: bytes it will have, where that is known. StorageFull when they do not fit on the disk.
    Readable and seekable, so that what came in can be looked at before it is kept.
    """

    def __init__(self, most, expected=None):
        self.most, self.size = most, 0
        self._digest, self._path = hashlib.sha256(), None
        with plainly():
            folder = data_folder() / INCOMING
            _make_folder(folder, 0o700)
            path = folder / secrets.token_hex(16)
            self._file = open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), 'r+b')
            self._path = path
            try:
                # Who holds the lock lives: the sweep takes what nobody holds.
                fcntl.flock(self._file, fcntl.LOCK_EX)
                _reserve(self._file, folder, most if expected is None else min(expected, most))
            except BaseException:
                self.close()
                raise

    def write(self, data):
        """Add bytes. Invalid when they are more than `most`."""
        if self.size + len(data) > self.most:
            raise Invalid(_('A file may have %(most)s at most.', most=format_size(self.most)), field='file')
        with plainly():
            if self._file.tell() != self.size:
                self._file.seek(self.size)
            self._file.write(data)
        self._digest.update(data)
        self.size += len(data)
        return len(data)

    def keep(self):
        """Put it in its place for good; a Stored. Outside a transaction, since it waits for the disk."""
        if in_write():
            raise RuntimeError('no file work inside a transaction: keep() first, use() in the action')
        stored = Stored(self._digest.hexdigest(), self.size)
        with plainly():
            os.fchmod(self.fileno(), FILE_MODE)
            os.fsync(self._file.fileno())
            with shard(stored.hash) as folder:
                self._settle(stored, folder)
        return stored

    def _settle(self, stored, folder):
        target = path_of(stored.hash)
        was_there = target.exists()
        # Also over an equal one: it mends what is damaged.
        os.replace(self._path, target)
        self._path = None
        try:
            os.fsync(folder)
            _write_row(stored)
        except BaseException:
            if not was_there:
                target.unlink(missing_ok=True)
            raise

    def close(self):
        """Give it up unless it was kept."""
        path, self._path = self._path, None
        if path is not None:
            path.unlink(missing_ok=True)
        self._file.close()

    def read(self, size=-1):
        """Bytes from where it stands."""
        return self._file.read(size)

    def seek(self, offset, whence=os.SEEK_SET):
        """Go to a place, as in any file."""
        self.fileno()
        return self._file.seek(offset, whence)

    def tell(self):
        """The place where it stands."""
        return self._file.tell()

    def fileno(self):
        """The descriptor; the file has exactly what was written then, and nothing of what was only reserved."""
        with plainly():
            self._file.flush()
            os.ftruncate(self._file.fileno(), self.size)
        return self._file.fileno()

    def __enter__(self):
        return self

    def __exit__(self, *_failure):
        self.close()


def keep_bytes(data):
    """Keep a file that is in memory already; a Stored."""
    with Incoming(len(data)) as incoming:
        incoming.write(data)
        return incoming.keep()


def _reserve(file, folder, size):
    """Have the place for it before the first byte, and leave some to the database."""
    if shutil.disk_usage(folder).free - size < SPARE_BYTES:
        raise StorageFull()
    if size:
        os.posix_fallocate(file.fileno(), 0, size)


def _make_folder(folder, mode):
    if not folder.is_dir():
        folder.mkdir(exist_ok=True)
        folder.chmod(mode)      # whatever the umask
        with opened_folder(folder.parent) as parent:
            os.fsync(parent)


@contextlib.contextmanager
def opened_folder(folder):
    """Yield the descriptor of a folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def shard(blob):
    """Have the folder of a file to oneself, so that nobody removes it between its rename and its row; yields the descriptor."""
    folder = path_of(blob).parent
    _make_folder(folder.parent, FOLDER_MODE)
    _make_folder(folder, FOLDER_MODE)
    with opened_folder(folder) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor


def _write_row(stored):
    now = clock.now()
    with write('core.storage.keep'):
        (Blob.insert(hash=stored.hash, size=stored.size, created_at=now, unused_at=now)
         .on_conflict(conflict_target=(Blob.hash,), where=Blob.unused_at.is_null(False), update={Blob.unused_at: now}).execute())


def use(blob, kind, object_id):
    """Say that an object uses a file: in its action. Twice is once. Conflict when the file is gone."""
    _require_action()
    # On PostgreSQL the row is ours from here, so that the sweep sees the use or has taken the file already.
    if not Blob.update(unused_at=None).where(Blob.hash == blob).execute():
        raise Conflict(_('This file is not kept any more. Send it again.'))
    BlobUse.insert(blob=blob, kind=kind, object_id=object_id).on_conflict_ignore().execute()


def release(kind, object_id, keep=()):
    """Say that an object uses its files no more, but for those of these hashes: in its action."""
    _require_action()
    these = (BlobUse.kind == kind) & (BlobUse.object_id == object_id) & BlobUse.blob_id.not_in(list(keep))
    blobs = [blob for blob, in BlobUse.select(BlobUse.blob_id).where(these).tuples()]
    BlobUse.delete().where(these).execute()
    # Whether anybody else uses them is looked at by the sweep: here two who let go at once would each see the other.
    Blob.update(unused_at=clock.now()).where(Blob.hash.in_(blobs)).execute()


def _require_action():
    if not in_write():
        raise RuntimeError('a use belongs into an action: the object and its file are one transaction')


def size_of(blob):
    """The size of a file in bytes; NotFound when it is not kept."""
    found = row('SELECT size FROM blob WHERE hash = ?', blob)
    if found is None:
        raise NotFound()
    return found[0]
