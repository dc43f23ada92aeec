"""core.deliveries: lets listeners hear what happened. core.audit: seals the audit log and hands it on."""

import logging
import time

from appliance.core import audit, clock, jobs, listeners, syslog
from appliance.core.i18n import texts
from appliance.core.settings import get_setting

_ = texts(__name__)
MOST_S = 60         # then other jobs of the lane get their turn
TOLD_EVERY_S = 60
log = logging.getLogger('appliance.audit')


@jobs.when(listeners.next_due, name='core.deliveries', title=_.lazy('Pass on what happened'), lane=jobs.FAST, is_in_steps=True)
def deliver(run):
    """Deliver what is due until nothing is left."""
    ends = time.monotonic() + MOST_S
    while listeners.deliver() and time.monotonic() < ends:
        pass


@jobs.when(audit.next_due, name='core.audit', title=_.lazy('Seal the audit log'), lane=jobs.FAST, is_in_steps=True)
def seal(run):
    """Seal what is new; tell the newest seal to the log; forward the sealed rows to syslog, if that is set."""
    with run.finishing():
        number, newest = audit.seal()
        # Where the portal cannot rewrite it: whoever changes the rows afterwards cannot change what stands there.
        is_told = audit.pass_mark('told', number, clock.now(), TOLD_EVERY_S)
    if is_told:
        log.info('audit head: no=%s seal=%s', number, newest)
    _forward()


def _forward():
    address = get_setting('audit.syslog')
    if not address:
        return
    try:
        with syslog.connected(address) as send:
            while found := audit.sealed_after(audit.mark('forwarded'), 200):
                for record in found:
                    send(record)
                audit.set_mark('forwarded', found[-1]['no'])
    except OSError as error:
        log.warning('the audit log cannot be forwarded to %s: %s', address, error)
