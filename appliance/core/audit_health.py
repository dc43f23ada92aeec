"""The check of the audit log: the chain holds, and its head is the one that was told to the journal."""

import re
import subprocess

from appliance.core import audit
from appliance.core.checks import FAILED, OK, WARNING, Result, health
from appliance.core.db import rows

TIMEOUT_S = 10
_TOLD = re.compile(r'audit head: no=(\d+) seal=([0-9a-f]{64})')
_REPLACED = "SELECT data FROM audit WHERE what = 'core.backup.restored' ORDER BY id DESC LIMIT 1"


@health('audit')
def _audit(config):
    broken = audit.broken_at()
    if broken:
        return Result(FAILED, f'the audit log was changed: the seal of row {broken} does not hold',
                      'Find out who can write to the database. Rows up to the one before are as they were written.')
    told = _told_to_journal()
    if told is None:
        return Result(OK, 'the audit log is whole; this machine has no journal to compare its head with')
    number, seal = told
    if audit.seal_of(number) == seal:
        return Result(OK, f'the audit log is whole, and row {number} is the one that the journal names')
    restored = rows(_REPLACED)
    if restored and f'"before_no":{number}' in restored[0][0].replace(' ', ''):
        return Result(OK, 'the audit log is whole since the last restore')
    if restored:
        return Result(WARNING, f'the audit log is whole, but row {number} is not the one that the journal names; there was a restore',
                      'Compare the newest rows with the journal: journalctl -u appliance-jobs -g "audit head"')
    return Result(FAILED, f'row {number} of the audit log is not the one that the journal names',
                  'The log was rewritten as a whole. Compare: journalctl -u appliance-jobs -g "audit head"')


def _told_to_journal():
    """(number, seal) of the newest head in the journal, or None where there is none or it cannot be read."""
    try:
        said = subprocess.run(['journalctl', '-u', 'appliance-jobs', '-g', 'audit head', '-n', '1', '-o', 'cat', '--no-pager'],
                              capture_output=True, text=True, timeout=TIMEOUT_S, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _TOLD.search(said)
    return (int(found[1]), found[2]) if found else None
