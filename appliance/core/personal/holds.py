"""Holds: somebody says that nothing of a person may be forgotten yet, why, and until when. While one is on, forgetting is refused."""

from datetime import date

from appliance.core import audit, clock
from appliance.core.actions import action
from appliance.core.db import Base
from appliance.core.errors import Conflict, Invalid, NotFound
from appliance.core.fields import Day, Id, Link, Moment, Text
from appliance.core.i18n import texts
from appliance.core.limits import REASON_LENGTH
from appliance.core.people import Person
from appliance.core.person_fields import one_line
from appliance.core.permissions import permitted, require
from appliance.core.personal.declarations import Keep, Kept, Personal

_ = texts(__name__)


class PersonHold(Base):
    """A hold. `by` is who said it (`person:7`, `console:root`), `until` the last day it lasts, None for as long as nobody ends it."""

    id = Id()
    person = Link(Person)
    reason = Text(limit=REASON_LENGTH)
    by = Text()
    at = Moment(default=clock.now)
    until = Day(null=True)
    ended_at = Moment(null=True)
    ended_by = Text(default='')

    class Meta:
        table_name = 'person_hold'
        personal = Personal(
            _.lazy('Why a person’s data had to be kept, who said so, and until when'), person='person', words=('reason', 'by', 'ended_by'),
            hidden=('by', 'ended_by'), kept=Kept(_.lazy('as long as the portal exists, as proof that data was kept for a reason')),
            forget=Keep(_.lazy('That there was a hold, and why, must stay provable.')))


def _by(actor):
    return f'person:{actor.person_id}' if actor.person_id else actor.via


@action(rights=permitted('core.personal.manage'))
def hold(actor, person_id, reason, until=None):
    """Keep everything of a person until a day (ISO text or date, the last one; None: until it is ended). Returns the hold's id.

    Invalid without a reason, or for a day that is past.
    """
    if not Person.select().where(Person.id == person_id).exists():
        raise NotFound()
    reason = one_line(reason, 'reason')
    if not 0 < len(reason) <= REASON_LENGTH:
        raise Invalid(_('Say why, in 1 to %(most)s characters.', most=REASON_LENGTH), field='reason')
    hold_id = PersonHold.create(person=person_id, reason=reason, by=_by(actor), until=_day(until)).id
    # Not the reason: the log outlives it.
    audit.record(actor, 'core.hold.began', f'core.person:{person_id}', hold=hold_id, until=str(until or ''))
    return hold_id


def _day(text):
    try:
        day = date.fromisoformat(text) if isinstance(text, str) and text else text or None
    except ValueError:
        raise Invalid(_('A date looks like 2026-11-23.'), field='until') from None
    if day is not None and day < clock.now().date():
        raise Invalid(_('This day is past.'), field='until')
    return day


@action(rights=permitted('core.personal.manage'))
def end(actor, hold_id):
    """End a hold now. Conflict when it is over already."""
    found = PersonHold.get_or_none(PersonHold.id == hold_id)
    if found is None:
        raise NotFound()
    if not is_on(found):
        raise Conflict(_('This hold is over already.'))
    PersonHold.update(ended_at=clock.now(), ended_by=_by(actor)).where(PersonHold.id == hold_id).execute()
    audit.record(actor, 'core.hold.ended', f'core.person:{found.person_id}', hold=hold_id)


def is_on(found):
    """Whether a PersonHold holds now."""
    return found.ended_at is None and (found.until is None or found.until >= clock.now().date())


def holds_of(actor, person_id=None):
    """[{id, person_id, name, reason, by, at, until, is_on}] of a person, or of everybody, the newest first."""
    require(actor, 'core.personal.manage')
    found = PersonHold.select(PersonHold, Person.name).join(Person).order_by(PersonHold.id.desc())
    if person_id is not None:
        found = found.where(PersonHold.person == person_id)
    return [{'id': one.id, 'person_id': one.person_id, 'name': one.person.name, 'reason': one.reason, 'by': one.by, 'at': one.at, 'until': one.until,
             'is_on': is_on(one)} for one in found]


def holding(person_id):
    """The PersonHolds that are on for a person."""
    return [one for one in PersonHold.select().where(PersonHold.person == person_id) if is_on(one)]
