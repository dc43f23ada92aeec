"""What leaves the box: rows written in the business transaction, sent later by jobs, retried, never lost, never silent."""

from datetime import timedelta

from peewee import JOIN, fn

from appliance.core import audit, bus, clock
from appliance.core.actions import action
from appliance.core.db import Base, in_write, write
from appliance.core.errors import Conflict, NotFound
from appliance.core.fields import Id, Integer, Json, Link, Moment, Text
from appliance.core.i18n import texts
from appliance.core.limits import PAGE_ROWS
from appliance.core.people import Person
from appliance.core.permissions import permitted, require
from appliance.core.settings import get_setting

_ = texts(__name__)
WAITING, SENDING, SENT, FAILED, SKIPPED, CANCELLED = 'waiting', 'sending', 'sent', 'failed', 'skipped', 'cancelled'
HELD = 'held'       # waited when a backup was made that was restored since: perhaps it left long ago, so an administrator decides
STATES = (WAITING, SENDING, SENT, FAILED, SKIPPED, CANCELLED, HELD)
BACKOFF_MIN = (1, 2, 5, 15, 60)
TRIES = 30                          # about 25 hours with the pauses above
LEASE = timedelta(seconds=120)      # a sender that was killed: its mail is tried again after this, with the same Message-ID
REASONS = {
    'unreachable': _.lazy('The mail server does not answer.'),
    'certificate': _.lazy('The mail server shows a certificate that is not trusted for its name.'),
    'encryption': _.lazy('The mail server does not offer the encryption that is set.'),
    'unencrypted': _.lazy('The password would go over the network unencrypted.'),
    'login': _.lazy('The mail server refuses the login.'),
    'sender': _.lazy('The mail server refuses the sender.'),
    'recipient': _.lazy('The mail server refuses the recipient.'),
    'refused': _.lazy('The mail server refuses the mail.'),
    'later': _.lazy('The mail server asks to try again later.'),
    'blocked': _.lazy('The person is blocked.'),
    'off': _.lazy('The tool that wrote it is switched off.'),
    'no_address': _.lazy('The person has no mail address.'),
    'address': _.lazy('A mail address cannot be used.'),
    'broken': _.lazy('The mail could not be written.'),
}


class Outbox(Base):
    """One thing to send. `key` is unique for ever: the same news is sent once, with the same Message-ID at each try.

    It names a template and plain data, and is rendered when sent, in the person's language of that moment. `next_at` is the
    next try; while `sending`, the end of the sender's lease. `error` is `<reason>: <what the server said>`.
    """

    id = Id()
    kind = Text()
    key = Text(unique=True)
    person = Link(Person, null=True)
    recipient = Text(default='')        # an address where there is no person: a test mail
    language = Text(default='')
    template = Text()
    data = Json()
    state = Text(default=WAITING)
    attempts = Integer(default=0)
    next_at = Moment()
    created_at = Moment()
    sent_at = Moment(null=True)
    error = Text(default='')

    class Meta:
        indexes = ((('state', 'next_at'), False),)


def send_mail(template, data, key, person_id=None, recipient='', language=''):
    """Put a mail to a person (or, without one, to an address in a language) into the outbox. Inside an action only.

    `template` names `<folder>/mail/<name>` without ending; `data` is plain and holds no secret. Twice the same key is one mail.
    """
    if not in_write():
        raise RuntimeError('send_mail belongs into an action: mail and business are one transaction')
    now = clock.now()
    (Outbox.insert(kind='mail', key=key, person=person_id, recipient=recipient, language=language, template=template,
                   data=data, state=WAITING, next_at=now, created_at=now).on_conflict_ignore().execute())
    bus.wake(bus.JOBS)


def is_configured():
    """Whether a mail server and a sender are set; until then mails wait."""
    return bool(get_setting('mail.host') and get_setting('mail.sender'))


_UNDER_WAY = Outbox.state.in_([WAITING, SENDING])


def waiting_since():
    """When the oldest mail that is still to be sent was written, or None."""
    return Outbox.select(fn.MIN(Outbox.created_at)).where(_UNDER_WAY).scalar()


def next_due():
    """The moment from which there is something to send, or None: nothing waits, or no mail server is set up."""
    found = Outbox.select(fn.MIN(Outbox.next_at)).where(_UNDER_WAY).scalar()
    return found if found and is_configured() else None


def take():
    """Take the mail that is due longest, for as long as LEASE; an Outbox row, or None. `attempts` fences what follows."""
    now = clock.now()
    due = Outbox.select().where(_UNDER_WAY & (Outbox.next_at <= now)).order_by(Outbox.next_at, Outbox.id)
    with write('core.outbox.take'):
        mail = due.first()
        if mail is None:
            return None
        taken = (Outbox.update(state=SENDING, attempts=mail.attempts + 1, next_at=now + LEASE)
                 .where((Outbox.id == mail.id) & (Outbox.attempts == mail.attempts) & _UNDER_WAY).execute())
        mail.attempts += 1
        return mail if taken else None


def mark_sent(mail):
    _settle(mail, state=SENT, sent_at=clock.now(), error='')


def mark_skipped(mail, reason):
    """Note that this mail is not to be sent: its person is blocked, or has no address."""
    _settle(mail, state=SKIPPED, error=f'{reason}: ')


def mark_failed(mail, error):
    """Give a mail up for good; an administrator can have it sent again."""
    _settle(mail, state=FAILED, error=error)


def put_off(mail, error):
    """Try again later, with growing pauses, and after about a day no more."""
    _settle(mail, **_later(mail.attempts, error))


def put_off_others(error):
    """The server is away for all: whatever is due waits like the one that found out, instead of knocking one by one."""
    due = (Outbox.state == WAITING) & (Outbox.next_at <= clock.now())
    with write('core.outbox.put_off_others'):
        for attempts, in list(Outbox.select(Outbox.attempts).where(due).distinct().tuples()):
            (Outbox.update(attempts=attempts + 1, **_later(attempts + 1, error)).where(due & (Outbox.attempts == attempts)).execute())


def _later(attempts, error):
    if attempts >= TRIES:
        return {'state': FAILED, 'error': error}
    pause = timedelta(minutes=BACKOFF_MIN[min(attempts, len(BACKOFF_MIN)) - 1])
    return {'state': WAITING, 'error': error, 'next_at': clock.now() + pause}


def _settle(mail, **values):
    """Note what became of a mail, unless another sender has it by now."""
    with write('core.outbox.settle'):
        (Outbox.update(**values)
         .where((Outbox.id == mail.id) & (Outbox.state == SENDING) & (Outbox.attempts == mail.attempts)).execute())


def forget_sent(before):
    """Delete what was sent, skipped or cancelled and written before a moment; for the cleaning job, inside an action."""
    return Outbox.delete().where(Outbox.state.in_([SENT, SKIPPED, CANCELLED]) & (Outbox.created_at < before)).execute()


def reason(error):
    """An `error` of a row as a sentence in the person's language, with what the server said."""
    code, _colon, detail = error.partition(': ')
    if code not in REASONS:
        return error
    return f'{REASONS[code]} ({detail})' if detail else str(REASONS[code])


def counts(actor):
    """{state: number of mails} of all states."""
    require(actor, 'core.mail.manage')
    found = dict(Outbox.select(Outbox.state, fn.COUNT(Outbox.id)).group_by(Outbox.state).tuples())
    return {state: found.get(state, 0) for state in STATES}


def list_outbox(actor, state='', older_than=None, newer_than=None):
    """A page of mails, the newest first: {mails, older, newer}; the last two are ids for the neighbouring pages, or None.

    A mail: id, person_id, to, template, state, attempts, next_at, created_at, sent_at, error (a sentence). What it says is
    its person's alone.
    """
    require(actor, 'core.mail.manage')
    found = Outbox.select(Outbox, Person.id, Person.name).join(Person, JOIN.LEFT_OUTER)
    if state:
        found = found.where(Outbox.state == state)
    if newer_than is not None:
        mails = list(found.where(Outbox.id > newer_than).order_by(Outbox.id).limit(PAGE_ROWS))[::-1]
    else:
        bound = (Outbox.id < older_than) if older_than is not None else True
        mails = list(found.where(bound).order_by(Outbox.id.desc()).limit(PAGE_ROWS))
    has_older = mails and found.where(Outbox.id < mails[-1].id).exists()
    has_newer = mails and found.where(Outbox.id > mails[0].id).exists()
    return {'mails': [_shown(mail) for mail in mails], 'older': mails[-1].id if has_older else None,
            'newer': mails[0].id if has_newer else None}


def _shown(mail):
    return {'id': mail.id, 'person_id': mail.person_id, 'to': mail.person.name if mail.person_id else mail.recipient,
            'template': mail.template, 'state': mail.state, 'attempts': mail.attempts, 'next_at': mail.next_at,
            'created_at': mail.created_at, 'sent_at': mail.sent_at, 'error': reason(mail.error)}


@action(rights=permitted('core.mail.manage'))
def retry(actor, outbox_id):
    """Send a mail that waits, failed, was skipped, cancelled or held now, as if it were new. Conflict when it was sent already."""
    _change(outbox_id, (WAITING, FAILED, SKIPPED, CANCELLED, HELD), state=WAITING, attempts=0, next_at=clock.now())
    audit.record(actor, 'core.mail.retried', f'core.mail:{outbox_id}')


@action(rights=permitted('core.mail.manage'))
def cancel(actor, outbox_id):
    """Do not send a mail that waits, failed or is held."""
    _change(outbox_id, (WAITING, FAILED, HELD), state=CANCELLED)
    audit.record(actor, 'core.mail.cancelled', f'core.mail:{outbox_id}')


def _change(outbox_id, states, **values):
    if Outbox.update(**values).where((Outbox.id == outbox_id) & Outbox.state.in_(states)).execute():
        return
    if Outbox.select().where(Outbox.id == outbox_id).exists():
        raise Conflict(_('This mail was sent, or is on its way.'))
    raise NotFound()
