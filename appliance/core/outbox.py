"""What leaves the box: rows written in the business transaction, sent later by jobs, retried, never lost, never silent."""

from appliance.core import clock
from appliance.core.db import Base, in_write
from appliance.core.fields import Id, Integer, Json, Link, Moment, Text
from appliance.core.people import Person

WAITING, SENDING, SENT, FAILED = 'waiting', 'sending', 'sent', 'failed'


class Outbox(Base):
    """One thing to send. `key` is unique for ever: the same news is sent once, with the same Message-ID at each try.

    It names a template and plain data, and is rendered when sent, in the person's language of that moment.
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
