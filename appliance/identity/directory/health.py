"""The check of directories: each one that is to be followed can be."""

from appliance.core import clock
from appliance.core.checks import FAILED, OK, SKIPPED, WARNING, finding, health
from appliance.core.db import row
from appliance.core.i18n import texts
from appliance.identity.directory import gaps

_ = texts(__name__)
_ACTION = _.lazy('Try it step by step: appliance directory test NAME, or on its page.')
WELL = finding('directory.well', OK, _.lazy('each directory is followed'))
NONE = finding('directory.none', SKIPPED, _.lazy('no directory is followed'), action=_.lazy('Where there is one, say on its page how far to follow it.'),
               meaning=_.lazy('People log in with local accounts, or a directory is asked at the login alone: who leaves there is not cut off here by itself.'))
MISSED = finding('directory.missed', WARNING, _.lazy('a directory cannot be followed just now: %(names)s'), action=_ACTION,
                 meaning=_.lazy('Nobody is cut off, changed or made by it until it can be read again. It may pass by itself.'))
LOST = finding('directory.lost', FAILED, _.lazy('a directory cannot be followed for more than a quarter of an hour: %(names)s'), action=_ACTION,
               meaning=_.lazy('Who left the company, or was disabled there, still gets at everything here with a browser that is logged in.'))


@health('directory')
def directory(config):
    """What the job could not read at its last look."""
    found = gaps.open_gaps()
    if not found:
        return WELL() if row("SELECT 1 FROM directory WHERE is_active = 1 AND sync <> 'off' LIMIT 1") else NONE()
    names = ', '.join(_('%(name)s since %(since)s UTC (%(why)s)', name=name, since=f'{since:%Y-%m-%d %H:%M}', why=why.rstrip('.')) for _id, name, since, why in found)
    is_long = found[0][2] <= clock.now() - gaps.TOLD_AFTER
    return (LOST if is_long else MISSED)(names=names)
