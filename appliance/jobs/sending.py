"""core.outbox: sends what waits in the outbox. A mail server that is away costs one try, however many mails wait."""

import contextlib
import logging
import time

from appliance.core import jobs, mail, outbox, smtp
from appliance.core.i18n import texts
from appliance.jobs.lanes import insist

_ = texts(__name__)
MOST_MAILS, MOST_S = 200, 60        # then other jobs of the lane get their turn
log = logging.getLogger('appliance.mail')


@jobs.when(outbox.next_due, name='core.outbox', title=_.lazy('Send mails'), lane=jobs.FAST, is_in_steps=True)
def send(run):
    """Send what is due, one mail after the other over one connection."""
    server = smtp.configured()
    if server is None:
        return
    ends = time.monotonic() + MOST_S
    with contextlib.ExitStack() as stack:
        connect = _Connection(server, stack)
        for _number in range(MOST_MAILS):
            row = outbox.take() if time.monotonic() < ends else None
            if row is None or not _send_one(row, connect, run.config.server.public_address):
                return


class _Connection:
    """Opened for the first mail that needs it: a run that only skips mails knocks at no server."""

    def __init__(self, server, stack):
        self.server, self._stack, self._open = server, stack, None

    def __call__(self):
        if self._open is None:
            self._open = self._stack.enter_context(smtp.connected(self.server))
        return self._open


def _send_one(row, connect, public_address):
    """Send one mail and note what became of it; whether it is worth going on with the next."""
    try:
        message, recipient = mail.compose(row, public_address)
        answer = smtp.deliver(connect(), message, connect.server.sender, recipient)
    except mail.NotToSend as refusal:
        reason = refusal.reason
        insist(lambda: outbox.mark_skipped(row, reason))
    except smtp.MailFailure as failure:
        return _note_failure(row, failure)
    except Exception as error:
        log.exception('mail %s (%s) cannot be written', row.id, row.template)
        text = f'broken: {type(error).__name__}: {error}'[:500]
        insist(lambda: outbox.put_off(row, text))
    else:
        log.info('mail %s sent: %s', row.id, answer)
        # The server has it: a mark that a full disk refuses is tried until it stands, or the mail would go twice.
        insist(lambda: outbox.mark_sent(row))
    return True


def _note_failure(row, failure):
    error = str(failure)
    log.warning('mail %s (%s): %s', row.id, row.template, error)
    if failure.is_final:
        insist(lambda: outbox.mark_failed(row, error))
        return True
    insist(lambda: outbox.put_off(row, error))
    if failure.is_outage:
        insist(lambda: outbox.put_off_others(error))
    return not failure.is_outage
