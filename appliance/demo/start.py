"""The running demo: what bin/run becomes once the environment is built. Makes the company, starts everything, waits.

Everything lives in one folder (var/ in the clone): config.ini, company.json (the password), data, logs, and, only while the
portal answers, demo.json. It must never touch anything outside it.
"""
import argparse
import contextlib
import fcntl
import http.client
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from appliance.core.children import die_with_parent
from appliance.demo import company, directory

CONFIGURATION = """\
; Made by bin/run. config.example.ini says what each key means; the port follows bin/run --port.
[server]
address = 127.0.0.1:{port}
admin_address = 127.0.0.1:{admin_port}
public_address = http://127.0.0.1:{port}
content_address = http://localhost:{port}

[live]
address = 127.0.0.1:{live_port}

[database]
url = sqlite:///data/portal.db

[data]
folder = data

[secrets]
key_file = portal.key

[backup]
key_file = backup.key
"""
# Whatever bin/run puts into its folder; --fresh deletes these and nothing else.
OURS = ('demo.json', 'company.json', 'config.ini', 'portal.key', 'backup.key', 'data', 'logs', 'unfinished')
HEALTHY_WITHIN_S = 60
STOPPED_WITHIN_S = 20
# Without letters and digits that look alike: people type it.
PASSWORD_LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'


class Stop(Exception):
    """The demo cannot go on; the text is the one line that a person reads."""


def main(arguments=None):
    """Run the demo until it is stopped; exit status 0 after Ctrl+C, 1 when something failed."""
    parser = argparse.ArgumentParser(prog='python -m appliance.demo.start')
    parser.add_argument('--folder', type=Path, required=True)
    parser.add_argument('--port', type=int, required=True)
    parser.add_argument('--fresh', action='store_true')
    parser.add_argument('--no-directory', action='store_true')
    options = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        with held(options.folder):
            run(options)
    except (Stop, directory.DirectoryError) as stop:
        print(f'bin/run: {stop}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\nStopped.')
    return 0


def run(options):
    """Make what is missing, start the directory and the portal, announce them, watch until one ends."""
    folder = options.folder
    (folder / 'demo.json').unlink(missing_ok=True)      # of a run that was killed
    if options.fresh or (folder / 'unfinished').exists():
        wipe(folder)
    with contextlib.ExitStack() as running:
        known = read_company(folder)
        if known is None:
            known = running.enter_context(new_company(options))
            make_company(running, options, known)
        else:
            resume_company(running, options, known)
        portal = start_portal(running, options)
        running.enter_context(announced(options, known, make_webhook(folder, known)))
        portal.wait()
        raise Stop(f'the portal ended by itself: {last_line(folder / "logs" / "portal.log")}')


@contextlib.contextmanager
def held(folder):
    """Hold the folder, so that a second bin/run on it is refused; makes the folder when it is not there.

    The same file tells bin/run that the folder is its own.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / '.bin-run').open('w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stop(f'another bin/run is running on {folder}.') from None
        yield


def wipe(folder):
    """Delete the demo company and everything made with it; half a deletion counts as an unfinished company."""
    (folder / 'unfinished').touch()
    for name in OURS:
        path = folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def read_company(folder):
    """Return {'password', 'directory': whether people live there} of a company made earlier, or None when there is none."""
    try:
        return json.loads((folder / 'company.json').read_text())
    except FileNotFoundError:
        if (folder / 'config.ini').exists():
            raise Stop(f'{folder}/company.json, which holds the password, is gone; --fresh makes a new company.') from None
        return None


@contextlib.contextmanager
def new_company(options):
    """Yield what is to be known of a new company; unless it becomes whole, what was made of it is deleted at the end.

    The note `unfinished` tells the next start what a kill left behind.
    """
    folder = options.folder
    (folder / 'unfinished').touch()
    has_directory = not options.no_directory and directory.is_available()
    known = {'password': new_password(), 'directory': has_directory}
    try:
        yield known
    finally:
        if not (folder / 'company.json').exists():
            wipe(folder)


def new_password():
    """Return a password that can be read out: three groups of four letters and digits, 59 bits."""
    return '-'.join(''.join(secrets.choice(PASSWORD_LETTERS) for _ in range(4)) for _ in range(3))


def make_company(running, options, known):
    """Create configuration, database and people; company.json comes last and says that all of it is there."""
    folder = options.folder
    (folder / 'logs').mkdir(exist_ok=True)
    print('Making the demo company ...', flush=True)
    write_private(folder / 'config.ini', CONFIGURATION.format(
        port=options.port, admin_port=options.port + 1, live_port=options.port + 3))
    appliance(folder, 'init')
    start_directory(running, options, known)
    where = ['--directory-url', directory_url(options)] if known['directory'] else []
    appliance(folder, 'demo', '--password-stdin', *where, text=known['password'])
    write_private(folder / 'company.json', json.dumps(known))
    (folder / 'unfinished').unlink()


def resume_company(running, options, known):
    """Take up a company made earlier, on another port perhaps, with a newer version's schema perhaps."""
    folder = options.folder
    has_moved = follow_port(folder / 'config.ini', options.port)
    appliance(folder, 'migrate')
    start_directory(running, options, known)
    if has_moved and known['directory']:
        appliance(folder, 'directory', 'edit', company.DIRECTORY, '--url', directory_url(options), '--secret-stdin',
                  text=known['password'])
    if known['directory'] and options.no_directory:
        print('The demo directory is not started: only the local accounts can log in.')


def follow_port(path, port):
    """Write another port into the configuration; return whether it was another. Other lines stay as somebody left them."""
    before = path.read_text()
    wanted = {('server', 'address'): f'127.0.0.1:{port}', ('server', 'admin_address'): f'127.0.0.1:{port + 1}',
              ('server', 'public_address'): f'http://127.0.0.1:{port}', ('server', 'content_address'): f'http://localhost:{port}',
              ('live', 'address'): f'127.0.0.1:{port + 3}'}
    # Of a company made by a version without them.
    if '\ncontent_address' not in before:
        before = re.sub(r'(?m)^(public_address\s*=.*)$', r'\1\ncontent_address =', before)
    if '[live]' not in before:
        before += '\n[live]\naddress =\n'
    section, lines = '', []
    for line in before.splitlines():
        key = line.partition('=')[0].strip()
        section = line.strip()[1:-1] if line.startswith('[') else section
        lines.append(f'{key} = {wanted[section, key]}' if (section, key) in wanted else line)
    after = '\n'.join(lines) + '\n'
    if after != path.read_text():
        write_private(path, after)
        return True
    return False


def start_directory(running, options, known):
    """Start the demo directory where the company has one."""
    if known['directory'] and not options.no_directory:
        server = directory.start(options.folder / 'data', options.port + 2, company.PEOPLE, known['password'])
        running.callback(server.stop)


def directory_url(options):
    """Return the demo directory's address."""
    return f'ldap://127.0.0.1:{options.port + 2}'


def appliance(folder, *arguments, text=''):
    """Run one command of the portal's command line on this folder. Raises Stop with its last line when it fails."""
    done = subprocess.run([sys.executable, '-m', 'appliance', *arguments], input=text, env=environment(folder),
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise Stop(f'appliance {arguments[0]} failed: {last_words(done)}')


def make_webhook(folder, known):
    """Return the address of the administrator's webhook; the company keeps its token. Raises Stop when there is none to be had."""
    done = subprocess.run([sys.executable, '-m', 'appliance.demo.webhook'], input=known.get('token', ''), env=environment(folder),
                          capture_output=True, text=True, check=False)
    if done.returncode:
        raise Stop(f'the webhook could not be made: {last_words(done)}')
    webhook = done.stdout.strip()
    known['token'] = webhook.rstrip('/').rpartition('/')[2]
    write_private(folder / 'company.json', json.dumps(known))
    return webhook


def last_words(done):
    """Return the last line that a command said."""
    return ((done.stderr or done.stdout).strip().splitlines() or ['no output'])[-1]


def environment(folder):
    """Return the environment in which the command line finds this folder's configuration."""
    return os.environ | {'APPLIANCE_CONFIG': str(folder / 'config.ini')}


def start_portal(running, options):
    """Start web, live and jobs under `appliance run` and wait until they are well; return the process. Raises Stop otherwise."""
    log_path = options.folder / 'logs' / 'portal.log'
    with log_path.open('ab') as log:
        # A session of its own: Ctrl+C reaches this process alone, which then stops the others in order.
        portal = subprocess.Popen([sys.executable, '-m', 'appliance', 'run'], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                  env=environment(options.folder), start_new_session=True, preexec_fn=die_with_parent)
    running.callback(stop, portal)
    deadline = time.monotonic() + HEALTHY_WITHIN_S
    while not (is_healthy(options.port) and is_healthy(options.port + 3)):
        if portal.poll() is not None:
            raise Stop(f'the portal ended at once: {last_line(log_path)} ({log_path} has the rest)')
        if time.monotonic() > deadline:
            raise Stop(f'the portal was not well within {HEALTHY_WITHIN_S} s; {log_path} says why.')
        time.sleep(0.1)
    return portal


def last_line(path):
    """Return the last line of a log that says something."""
    return next((line for line in reversed(path.read_text(errors='replace').splitlines()) if line.strip()), 'no output')


def is_healthy(port):
    """Return whether /healthz answers 200."""
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=5)
    try:
        connection.request('GET', '/healthz')
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def stop(process):
    """End a process and all it started: politely, then by force."""
    # A second Ctrl+C must not leave half of it running.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        pass
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def announced(options, known, webhook):
    """Tell people and scripts how to get in; demo.json is there exactly as long as the portal answers."""
    path = options.folder / 'demo.json'
    address = f'http://127.0.0.1:{options.port}'
    people = [{'login': person.login, 'name': person.name, 'role': person.role} for person in company.PEOPLE if person.role]
    write_private(path, json.dumps({'address': address, 'people': people, 'password': known['password'], 'webhook': webhook}, indent=2))
    try:
        print(f'\nThe portal is running: {address}\n')
        for person in people:
            print(f'  {person["login"]:<15} {person["role"]:<15} {person["name"]}')
        print(f'\n  Password of all: {known["password"]}')
        print(f'  REST as the administrator: {webhook}\n')
        print(f'Log: {options.folder}/logs/portal.log. Ctrl+C stops everything; the data stays.', flush=True)
        yield
    finally:
        path.unlink(missing_ok=True)


def write_private(path, text):
    """Write a file that only its owner can read, and rename it into place whole."""
    draft = path.with_name(path.name + '.new')
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'w', encoding='utf-8') as file:
        file.write(text)
    draft.replace(path)


if __name__ == '__main__':
    sys.exit(main())
