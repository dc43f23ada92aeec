"""A drill to its end: a portal is started on the restored copy and asked for pages, as a person would. It has no jobs and no way out
(core/enclosure.py), and its one door is a Unix socket in the scratch folder: no other user reaches it, and it ends with the drill.
"""

import contextlib
import hashlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from appliance.core import processes
from appliance.core.actor import EMPLOYEE, SYSTEM
from appliance.core.backup import drill as restoring
from appliance.core.backup import keeping, snapshot, state, trust
from appliance.core.backup.errors import BackupError
from appliance.core.children import die_with_parent
from appliance.core.db import database, row, rows
from appliance.core.storage import Blob
from appliance.identity import sessions

START_S, ANSWER_S, STOP_S = 60, 30, 5
DOOR, LOG, CONFIG = 'web.sock', 'web.log', 'drill.ini'
HOST = '127.0.0.1'
PEOPLE = '/people'
LAST_LINES, TRIED_FILES = 6, 5
# Loopback and plain http: nobody stands before it, and the cookie is our own. The listening socket is passed: no address is bound.
_CONFIG = """\
[server]
public_address = http://{host}
workers = 1
threads = 2
[database]
url = sqlite:///{database}
[data]
folder = {files}
run_folder = {run}
[secrets]
key_file = {files}/{key}
[backup]
repository = {run}/none
key_file = {run}/none.key
"""
_MENU = re.compile(r'class="menu-link" href="(/[^"]*)"')
_FACE = re.compile(r'src="(/people/\d+/photo/[^"]+)"')
# An administrator sees most; of several the first.
_WHO = '''SELECT p.id FROM person p WHERE p.kind = ? AND NOT EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = p.id)
          ORDER BY EXISTS (SELECT 1 FROM person_role r WHERE r.person_id = p.id AND r.role = 'administrator') DESC, p.id LIMIT 1'''
_ATTACHED = '''SELECT a.id, a.person_id FROM attachment a JOIN person p ON p.id = a.person_id
               WHERE NOT EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = p.id) ORDER BY a.id DESC LIMIT ?'''


def drill(config, tell, ref=keeping.LATEST):
    """Restore a snapshot on trial and use the portal on it. Returns core.backup.drill's row with `pages` ([{address, status, ms,
    problem, detail}]), `start_ms` and `walls` (kernel or process). BackupError `no_start` or `pages` when the copy cannot be used.
    """
    found = {'at': state.now_text()}

    def then(folder, manifest, tell):
        found['snapshot'] = manifest['created_at']
        return _try(folder, manifest, tell, found)

    try:
        with _ending_on_term():
            done = restoring.drill(config, tell, ref, then)
        found['seconds'] = done['seconds']
    finally:
        if 'snapshot' in found:
            with state.changing(config.data.folder) as known:
                known['trial'] = found
    return done


@contextlib.contextmanager
def _ending_on_term():
    """A SIGTERM unwinds, so that the portal on trial ends and the scratch place is removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _try(folder, manifest, tell, found):
    """Start, ask, end; fills `found` as it goes, so that a failure leaves what was seen. Returns what the drill's row gets."""
    found |= {'pages': [], 'start_ms': None, 'walls': '', 'seconds': None}
    tell('ending sessions and links in the copy, as a restore does')
    with database.atomic():
        trust.take_back(folder / restoring.FILES, {'epoch': 0, 'audit_no': 0}, manifest['created_at'])
    _configure(folder)
    tell('making rights and search anew in the copy')
    with _process(folder, 'migrate') as process:
        if process.wait() != 0:
            raise BackupError('no_start', _last_lines(folder))
    tell('starting a portal on the copy, without jobs and without a way out')
    with serving(folder) as portal:
        found |= {'start_ms': portal.start_ms, 'walls': portal.walls()}
        _look_around(portal, tell, found['pages'])
    wrong = [describe(page) for page in found['pages'] if page['problem']]
    if wrong:
        raise BackupError('pages', '; '.join(wrong))
    return {name: found[name] for name in ('pages', 'start_ms', 'walls')}


def _configure(folder):
    (folder / 'run').mkdir(mode=0o700)
    (folder / CONFIG).write_text(_CONFIG.format(host=HOST, database=folder / restoring.DATABASE, files=folder / restoring.FILES,
                                                run=folder / 'run', key=snapshot.KEY))


@contextlib.contextmanager
def _process(folder, command, **options):
    """`appliance COMMAND` on the copy, behind walls; it ends with the block, and with us."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(('LISTEN_', 'NOTIFY_'))}
    environment |= {'APPLIANCE_CONFIG': str(folder / CONFIG), **options.pop('env', {})}
    with (folder / LOG).open('ab') as log:
        process = subprocess.Popen([sys.executable, '-m', 'appliance.core.enclosure', command], env=environment, stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log, start_new_session=True, preexec_fn=die_with_parent, **options)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def serving(folder):
    """Yield the Portal that serves the copy in this folder. BackupError `no_start` with its last lines when it is not fit in a minute."""
    started, place = time.monotonic(), os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            # A socket's address has 108 bytes, and a data folder may lie deep.
            listener.bind(f'/proc/self/fd/{place}/{DOOR}')
            listener.listen(16)
            with _process(folder, 'web', env={'LISTEN_FDS': '1', 'APPLIANCE_DOOR': str(listener.fileno())}, pass_fds=[listener.fileno()]) as process:
                listener.close()        # held here too, it would keep waiting who asks a portal that has died
                portal = Portal(folder, place, process.pid)
                _wait(portal, process, started + START_S)
                portal.start_ms = round((time.monotonic() - started) * 1000)
                yield portal
    finally:
        os.close(place)


def _wait(portal, process, deadline):
    while portal.ask('/healthz', within_s=max(0.1, deadline - time.monotonic()))[0] != 200:
        if process.poll() is not None or time.monotonic() > deadline:
            raise BackupError('no_start', _last_lines(portal.folder))
        time.sleep(0.1)


def _last_lines(folder):
    return ' | '.join((folder / LOG).read_text(errors='replace').splitlines()[-LAST_LINES:])


class _Connection(http.client.HTTPConnection):
    """HTTP to a Unix socket."""

    def __init__(self, path, within_s):
        super().__init__(HOST, timeout=within_s)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Portal:
    """The portal on trial, as its one visitor sees it."""

    def __init__(self, folder, place, pid):
        self.folder, self.path, self.pid, self.start_ms = folder, f'/proc/self/fd/{place}/{DOOR}', pid, None

    def ask(self, address, token='', within_s=ANSWER_S):
        """(status, bytes) of an address, asked with a session's token; (0, why) when no answer came."""
        connection = _Connection(self.path, within_s)
        try:
            connection.request('GET', address, headers={'Cookie': f'appliance_session={token}', 'Host': HOST})
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            return 0, (str(error) or type(error).__name__).encode()
        finally:
            connection.close()

    def walls(self):
        """Which walls stand around it: `kernel` (and the guard in the process), or `process` alone."""
        return 'kernel' if 'walls: kernel' in (self.folder / LOG).read_text(errors='replace') else 'process'


def _look_around(portal, tell, pages):
    """Ask the login, then as a person his day, the list of people, every page of his menu, a photo, a file."""
    _ask(portal, pages, '/login')
    person = row(_WHO, EMPLOYEE)
    if person is None:
        tell('there is nobody to log in as: the login page was all that was asked')
        return
    token, _session = sessions.open_session(SYSTEM, person[0], ['password'], agent='drill')
    tell(f'asking pages as person {person[0]}')
    day = _ask(portal, pages, '/', token)
    menu = list(dict.fromkeys([PEOPLE, *_MENU.findall(day)]))
    people = [_ask(portal, pages, address, token) for address in menu if address != '/'][0]
    face = _FACE.search(people)
    if face:
        _ask(portal, pages, face[1], token, is_file=True)
    _ask_attached(portal, pages)
    _note_faults(pages)


def _ask(portal, pages, address, token='', is_file=False):
    """Ask one page and note how it went; its text ('' for a file)."""
    started = time.monotonic()
    status, body = portal.ask(address, token)
    problem = detail = ''
    if status == 0:
        problem, detail = 'no_answer', body.decode()
    elif status != 200:
        problem, detail = 'status', str(status)
    elif is_file and not _is_kept(body):
        problem = 'different'
    _note(pages, address, status, round((time.monotonic() - started) * 1000), problem, detail)
    return '' if is_file else body.decode(errors='replace')


def _note(pages, address, status, ms, problem, detail):
    pages.append({'address': address, 'status': status, 'ms': ms, 'problem': problem, 'detail': detail})


def describe(page):
    """What is wrong with a page, in words."""
    said = f"{page['address']}: {restoring.PROBLEMS[page['problem']]}"
    return f"{said} ({page['detail']})" if page['detail'] else said


def _is_kept(content):
    return Blob.select().where(Blob.hash == hashlib.sha256(content).hexdigest()).exists()


def _ask_attached(portal, pages):
    """One of the newest files, as who attached it; of those that he does not see any more, or whose tool is off, none."""
    for attachment, person in rows(_ATTACHED, TRIED_FILES):
        token, _session = sessions.open_session(SYSTEM, person, ['password'], agent='drill')
        tried = []
        _ask(portal, tried, f'/attachments/{attachment}', token, is_file=True)
        if tried[0]['status'] not in (403, 404):
            pages.extend(tried)
            return


def _note_faults(pages):
    """A tool that cannot be used has no page in the menu: it is a problem all the same."""
    for process in processes.Process.select():
        for tool, why in process.faults.items():
            _note(pages, f'/{tool}', 0, 0, 'unusable', why)
