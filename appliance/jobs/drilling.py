"""core.drill: once a month the newest backup is restored on trial and a portal started on it, by `appliance backup drill` in a process of
its own: this one has the portal's own database open.
"""

import contextlib
import json
import subprocess
import sys

from appliance.core import jobs
from appliance.core.backup import keeping
from appliance.core.backup.errors import BackupError
from appliance.core.children import die_with_parent
from appliance.core.i18n import texts

_ = texts(__name__)
STOP_S = 30


@jobs.monthly('04:30', name='core.drill', title=_.lazy('Restore a backup on trial'), lane=jobs.HEAVY, is_in_steps=True, tries=2)
def drill(run):
    """Restore the newest backup on trial; nothing while there is none."""
    if not keeping.list_backups(run.config)['snapshots']:
        return
    command = [sys.executable, '-m', 'appliance', '--config', str(run.config.path), 'backup', 'drill', '--json']
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               preexec_fn=die_with_parent)
    said = ''
    try:
        for line in process.stderr:
            said = line.strip()
            if not said.startswith('{'):
                run.tell(said.removeprefix('- '))
        status = process.wait()
    finally:
        _end(process)
    if status != 0:
        raise BackupError(*_reason(said))


def _end(process):
    """Also when this job is stopped: the drill clears up after itself."""
    process.stderr.close()
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_S)
    process.kill()
    process.wait()


def _reason(said):
    """(code, words) of the last line of a drill that failed."""
    try:
        error = json.loads(said)['error']
    except (ValueError, KeyError, TypeError):
        return 'drill', said
    return 'drill', error['message']
