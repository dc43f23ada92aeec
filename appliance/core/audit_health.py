"""The check of the audit log: the chain holds, and its head is the one that was told to the journal."""

import re
import subprocess

from appliance.core import audit
from appliance.core.checks import FAILED, OK, WARNING, finding, health
from appliance.core.db import rows
from appliance.core.i18n import texts

_ = texts(__name__)
TIMEOUT_S = 10
_TOLD = re.compile(r'audit head: no=(\d+) seal=([0-9a-f]{64})')
_REPLACED = "SELECT data FROM audit WHERE what = 'core.backup.restored' ORDER BY id DESC LIMIT 1"
CHANGED = finding(
    'audit.changed', FAILED, _.lazy('the audit log was changed: the seal of row %(broken)s does not hold'),
    action=_.lazy('Find out who can write to the database. Rows up to the one before are as they were written.'),
    meaning=_.lazy('Somebody changed, removed or added a row of the log past the portal.'))
NO_JOURNAL = finding('audit.no_journal', OK, _.lazy('the audit log is whole; this machine has no journal to compare its head with'))
WELL = finding('audit.well', OK, _.lazy('the audit log is whole, and row %(number)s is the one that the journal names'))
SINCE_RESTORE = finding('audit.since_restore', OK, _.lazy('the audit log is whole since the last restore'))
RESTORED = finding(
    'audit.restored', WARNING, _.lazy('the audit log is whole, but row %(number)s is not the one that the journal names; there was a restore'),
    action=_.lazy('Compare the newest rows with the journal: journalctl -u appliance-jobs -g "audit head"'),
    meaning=_.lazy('A restore brings an older log back, which explains it; a change of the log would look alike.'))
REWRITTEN = finding(
    'audit.rewritten', FAILED, _.lazy('row %(number)s of the audit log is not the one that the journal names'),
    action=_.lazy('The log was rewritten as a whole. Compare: journalctl -u appliance-jobs -g "audit head"'),
    meaning=_.lazy('Each seal holds, but they are others than those told to the journal: somebody made the whole chain anew.'))


@health('audit')
def _audit(config):
    broken = audit.broken_at()
    if broken:
        return CHANGED(broken=broken)
    told = _told_to_journal()
    if told is None:
        return NO_JOURNAL()
    number, seal = told
    if audit.seal_of(number) == seal:
        return WELL(number=number)
    restored = rows(_REPLACED)
    if restored and f'"before_no":{number}' in restored[0][0].replace(' ', ''):
        return SINCE_RESTORE()
    return RESTORED(number=number) if restored else REWRITTEN(number=number)


def _told_to_journal():
    """(number, seal) of the newest head in the journal, or None where there is none or it cannot be read."""
    try:
        said = subprocess.run(['journalctl', '-u', 'appliance-jobs', '-g', 'audit head', '-n', '1', '-o', 'cat', '--no-pager'],
                              capture_output=True, text=True, timeout=TIMEOUT_S, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _TOLD.search(said)
    return (int(found[1]), found[2]) if found else None
