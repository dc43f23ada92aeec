"""Throw-away Debian servers for tests, by the script `guest` beside this file; they share a folder and a range of numbers."""
import os
import shlex
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).with_name('guest')
ROOT = Path(__file__).resolve().parents[2]
SUITE = os.environ.get('GUEST_SUITE', 'bookworm')
FIRST_NUMBER = int(os.environ.get('GUEST_FIRST_NUMBER', '11'))


class Guest:
    """A booted server. `address` is where it is reached from here and from other guests; use it in a `with`."""

    def __init__(self, name, offset):
        self.name, self.number = name, FIRST_NUMBER + offset
        self.address = f'10.213.{self.number}.2'

    def __enter__(self):
        subprocess.run([SCRIPT, 'down', self.name], capture_output=True, check=False)    # what a killed run left
        subprocess.run([SCRIPT, 'up', self.name, SUITE, str(self.number)], check=True, timeout=600)
        self.root = Path(subprocess.run([SCRIPT, 'root', self.name], capture_output=True, text=True, check=True).stdout.strip())
        return self

    def __exit__(self, *exc):
        subprocess.run([SCRIPT, 'down', self.name], check=True, timeout=120)

    def run(self, command, stdin=None, timeout=120, status=0):
        """Run a shell command as root; returns CompletedProcess with text. Another exit status than `status` fails the test."""
        done = subprocess.run([SCRIPT, 'exec', self.name, 'bash', '-c', command], input=stdin, stdin=None if stdin else subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout)
        assert status is None or done.returncode == status, (
            f'{self.name}: {command}\nstatus {done.returncode}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}')
        return done

    def start(self, command, log):
        """Start a shell command as root in the background, its output in the file `log`; returns Popen."""
        with open(log, 'wb') as file:
            return subprocess.Popen([SCRIPT, 'exec', self.name, 'bash', '-c', command], stdin=subprocess.DEVNULL, stdout=file,
                                    stderr=subprocess.STDOUT)

    def reboot(self):
        """Reboot it; returns when it is up again."""
        subprocess.run([SCRIPT, 'reboot', self.name], check=True, timeout=120)

    def install(self, *packages):
        """Install Debian packages."""
        self.run('apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends '
                 + shlex.join(packages), timeout=600)

    def write(self, path, text, mode=0o600):
        """Write a file of the guest, as root's."""
        target = self.root / path.lstrip('/')
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding='utf-8')
        target.chmod(mode)

    def clone(self, folder='/srv/appliance'):
        """Give it git and a clone of this repository's HEAD; returns the folder."""
        self.install('git')
        subprocess.run(['git', '-c', 'safe.directory=*', 'clone', '-q', '--bare', '--no-hardlinks', ROOT, self.root / 'srv/appliance.git'],
                       check=True)
        self.run(f'git clone -q /srv/appliance.git {folder}')
        return folder
