"""Four eyes: what is a person's alone, an administrator reads only with a second one's word, for a reason and a few hours.

    DAYS = access.kind('worktime.day', ..., private_of='person_id')      # the column of the objects' table that says whose they are

One asks (`ask`), another decides (`grant`, `refuse`); until it ends, core/access.py shows him those objects at the kind's first level.
Each look is a row of the audit log, which the person sees with the reason, and he is told when it begins. Nobody decides for himself,
nor by an account that he has just made, unblocked or changed.
"""

from datetime import timedelta

from appliance.core import access, audit, clock
from appliance.core.actions import action
from appliance.core.db import Base, row, rows
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.events import publish
from appliance.core.fields import Id, Integer, Link, Moment, Text
from appliance.core.i18n import texts
from appliance.core.insight_events import InsightAsked, InsightEnded, InsightGranted, InsightRefused
from appliance.core.limits import GREATEST_ID, PAGE_ROWS, REASON_LENGTH
from appliance.core.people import Person, is_blocked, names_of
from appliance.core.person_fields import one_line
from appliance.core.permissions import may, permitted
from appliance.core.personal.declarations import Keep, Kept, Personal

_ = texts(__name__)
ASKED, GRANTED, REFUSED, ENDED = 'asked', 'granted', 'refused', 'ended'
HOURS, LONGEST_HOURS = 4, 24
WAITS = timedelta(days=7)           # for a decision
SETTLED = timedelta(days=7)         # since when an account must be as it is, if the one who asks had a hand in it
READ = 'core.insight.read'
PERMISSION = 'core.insight.decide'


class Insight(Base):
    """One asking: `asked_by` wants to see the objects of a kind that are `person`'s alone. `ends_at` is set when it is granted."""

    id = Id()
    person = Link(Person)
    kind = Text()
    asked_by = Link(Person, index=False)
    reason = Text(limit=REASON_LENGTH)
    hours = Integer()
    asked_at = Moment(default=clock.now)
    state = Text(default=ASKED)
    decided_by = Link(Person, null=True)
    decided_at = Moment(null=True)
    ends_at = Moment(null=True)
    ended_by = Link(Person, null=True)

    class Meta:
        personal = Personal(
            _.lazy('Who asked to read what is this person’s alone, why, who let him, and until when'), person='person', words=('reason',),
            kept=Kept(_.lazy('as long as the portal exists, so that nobody can hide having read')),
            forget=Keep(_.lazy('Who read whose things must stay provable. The row names nobody, only numbers.')))
        indexes = ((('asked_by', 'state', 'person', 'kind'), False),)


def private_kinds():
    """{name: access.Kind} of what is a person's alone and may be asked for."""
    return {name: this for name, this in access.kinds().items() if this.private_of}


@action(rights=permitted(PERMISSION))
def ask(actor, person_id, kind, reason, hours=HOURS):
    """Ask to read what is a person's alone; returns the id. Invalid (with the field) for what is not right; Conflict when it was asked already."""
    if actor.person_id is None:
        raise NotAllowed(_('A person must ask, not the console.'))
    if kind not in private_kinds():
        raise Invalid(_('There is no such kind of object.'), field='kind')
    if not Person.select().where(Person.id == person_id).exists():
        raise NotFound()
    if person_id == actor.person_id:
        raise Invalid(_('You see what is your own already.'), field='login')
    reason = one_line(reason, 'reason')
    if not 10 <= len(reason) <= REASON_LENGTH:
        raise Invalid(_('Say why, in 10 to %(most)s characters. The person reads it.', most=REASON_LENGTH), field='reason')
    if type(hours) is not int or not 1 <= hours <= LONGEST_HOURS:
        raise Invalid(_('From 1 to %(most)s hours.', most=LONGEST_HOURS), field='hours')
    for one in _current(actor.person_id, person_id, kind):
        raise Conflict(_('You asked for this already; it waits for another administrator.') if one.state == ASKED else _('You may read this already.'))
    made = Insight.create(person=person_id, kind=kind, asked_by=actor.person_id, reason=reason, hours=hours, asked_at=clock.now())
    audit.record(actor, 'core.insight.asked', f'core.person:{person_id}', insight=made.id, kind=kind)
    publish(InsightAsked(made.id, person_id, actor.person_id))
    return made.id


def _current(asker, person_id, kind):
    found = Insight.select().where((Insight.asked_by == asker) & (Insight.person == person_id) & (Insight.kind == kind)
                                   & Insight.state.in_([ASKED, GRANTED]))
    return [one for one in found if state_of(one) in (ASKED, GRANTED)]


def state_of(one):
    """The state of an Insight now: what waits too long, or whose hours are over, has ended by itself."""
    now = clock.now()
    if (one.state == ASKED and one.asked_at + WAITS < now) or (one.state == GRANTED and one.ends_at <= now):
        return ENDED
    return one.state


@action(rights=permitted(PERMISSION))
def grant(actor, insight_id):
    """Let the one who asked read, for the hours he asked for, from now. NotAllowed for himself and for an account that is his hand."""
    one = _waiting(insight_id)
    require_second(actor, one)
    now = clock.now()
    ends_at = now + timedelta(hours=one.hours)
    _set(one, ASKED, state=GRANTED, decided_by=actor.person_id, decided_at=now, ends_at=ends_at)
    audit.record(actor, 'core.insight.granted', f'core.person:{one.person_id}', insight=one.id, to=one.asked_by_id, hours=one.hours)
    publish(InsightGranted(one.id, one.person_id, actor.person_id))


@action(rights=permitted(PERMISSION))
def refuse(actor, insight_id):
    """Say no."""
    one = _waiting(insight_id)
    require_second(actor, one)
    _set(one, ASKED, state=REFUSED, decided_by=actor.person_id, decided_at=clock.now())
    audit.record(actor, 'core.insight.refused', f'core.person:{one.person_id}', insight=one.id)
    publish(InsightRefused(one.id, one.person_id, actor.person_id))


@action
def end(actor, insight_id):
    """End it before its time, or take the asking back: who asked, whoever may decide, and the person whose things they are."""
    one = Insight.get_or_none(Insight.id == insight_id)
    if one is None or not (may(actor, PERMISSION) or actor.person_id in (one.asked_by_id, one.person_id)):
        raise NotFound()
    if actor.person_id is None:
        raise NotAllowed()
    if actor.person_id == one.person_id != one.asked_by_id and one.state == ASKED and not may(actor, PERMISSION):
        raise NotFound()
    if state_of(one) not in (ASKED, GRANTED):
        raise Conflict(_('This is over already.'))
    _set(one, one.state, state=ENDED, ended_by=actor.person_id, ends_at=min(one.ends_at or clock.now(), clock.now()))
    audit.record(actor, 'core.insight.ended', f'core.person:{one.person_id}', insight=one.id)
    publish(InsightEnded(one.id, one.person_id, actor.person_id))


def _waiting(insight_id):
    one = Insight.get_or_none(Insight.id == insight_id)
    if one is None:
        raise NotFound()
    if state_of(one) != ASKED:
        raise Conflict(_('This was decided already, or waited too long.'))
    return one


def _set(one, before, **values):
    # The state once more: of two who decide at once, the second finds it decided.
    if not Insight.update(**values).where((Insight.id == one.id) & (Insight.state == before)).execute():
        raise Conflict(_('This was decided already, or waited too long.'))


def require_second(actor, one):
    """NotAllowed unless another person than the one who asked is at work here."""
    if actor.person_id is None:
        raise NotAllowed(_('A second person must decide, not the console.'))
    if actor.person_id == one.asked_by_id:
        raise NotAllowed(_('Nobody decides about what they asked for themselves.'))
    if is_blocked(actor.person_id) or is_blocked(one.asked_by_id):
        raise NotAllowed(_('One of the two is blocked.'))
    if _same_mail(actor.person_id, one.asked_by_id):
        raise NotAllowed(_('Both accounts have the same mail address: this is no second person.'))
    if _had_a_hand_in(one.asked_by_id, actor.person_id, one.asked_at):
        raise NotAllowed(_('Who asked, or the console, changed your account within the last %(days)s days. Another administrator must decide.',
                           days=SETTLED.days))


def _same_mail(*people):
    mails = {mail.casefold() for mail, in Person.select(Person.mail).where(Person.id.in_(people)).tuples() if mail}
    return len(mails) == 1 and all(mail for mail, in Person.select(Person.mail).where(Person.id.in_(people)).tuples())


# What makes an account somebody else's: it is new, was let in again, got another password, or a right.
_TAKEN_OVER = ('core.person.added', 'core.person.unblocked', 'core.person.updated', 'core.role.given', 'identity.password.set')


def _had_a_hand_in(asker, second, asked_at):
    """Whether the one who asked, or somebody at the console, changed the second account so that he may sit behind it."""
    marks = ', '.join('?' * len(_TAKEN_OVER))
    return bool(rows(f'''SELECT 1 FROM audit WHERE object = ? AND at > ? AND what IN ({marks})
                         AND (person_id = ? OR (person_id IS NULL AND via LIKE ?)) LIMIT 1''',
                     f'core.person:{second}', clock.microseconds(asked_at - SETTLED), *_TAKEN_OVER, asker, 'console:%'))


def reads(actor, this, object_id):
    """Whether a granted insight shows this actor this object of a private kind now; the look is written down."""
    if actor.person_id is None or not may(actor, PERMISSION):
        return False
    table, id_column, _key = this.source
    found = row(f'''SELECT i.id, i.person_id FROM insight i JOIN {table} s ON s.{this.private_of} = i.person_id
                    WHERE s.{id_column} = ? AND i.kind = ? AND i.asked_by_id = ? AND i.state = 'granted' AND i.ends_at > ? LIMIT 1''',
                object_id, this.name, actor.person_id, clock.microseconds(clock.now()))
    if found is None:
        return False
    audit.count(actor, READ, f'{this.name}:{object_id}', insight=found[0], person=found[1])
    return True


access.also(reads)


def listing(actor):
    """The askings of everybody, the newest 50 first, for who may decide; each as `_described`, with `may_decide` for this actor."""
    permitted(PERMISSION)(actor)
    found = list(Insight.select().order_by(Insight.id.desc()).limit(PAGE_ROWS))
    return [one | {'may_decide': one['state'] == ASKED and one['asked_by_id'] != actor.person_id, 'is_own': one['asked_by_id'] == actor.person_id}
            for one in _described(found)]


def of_person(actor):
    """Who read what is the actor's own, the newest first: those granted at any time, each with `looks` [(object, at, times)]."""
    found = list(Insight.select().where((Insight.person == actor.person_id) & Insight.decided_at.is_null(False) & (Insight.state != REFUSED))
                 .order_by(Insight.id.desc()).limit(PAGE_ROWS))
    looks = {}
    for data, object_, at in _looks_at(actor.person_id, [one.id for one in found]):
        looks.setdefault(data['insight'], []).append({'object': object_, 'at': at, 'times': data.get('times', 1)})
    return [one | {'looks': looks.get(one['id'], [])} for one in _described(found)]


def _looks_at(person_id, ids):
    """(data, object, moment) of every look under some insights: written down already, or counted in the last minute."""
    if not ids:
        return []
    found = [*audit.AuditRow.select().where(audit.AuditRow.what == READ).order_by(audit.AuditRow.id.desc()).limit(1000),
             *audit.AuditCount.select().where(audit.AuditCount.what == READ)]
    return [(one.data, one.object, getattr(one, 'at', None) or one.first_at) for one in found
            if one.data.get('person') == person_id and one.data.get('insight') in ids]


def _described(found):
    names, kinds = names_of({number for one in found for number in (one.person_id, one.asked_by_id, one.decided_by_id) if number}), access.kinds()
    return [{'id': one.id, 'person_id': one.person_id, 'person': names.get(one.person_id, ''), 'kind': one.kind,
             'kind_title': str(kinds[one.kind].title) if one.kind in kinds else one.kind, 'asked_by_id': one.asked_by_id,
             'asked_by': names.get(one.asked_by_id, ''), 'reason': one.reason, 'hours': one.hours, 'asked_at': one.asked_at, 'state': state_of(one),
             'decided_by': names.get(one.decided_by_id, ''), 'decided_at': one.decided_at, 'ends_at': one.ends_at} for one in found]


def objects(actor, insight_id, older_than=None):
    """{insight, objects: [{id, words}], older}: what the actor may read under an insight of his, the newest 50; NotFound otherwise."""
    one = Insight.get_or_none((Insight.id == insight_id) & (Insight.asked_by == actor.person_id))
    if one is None or not may(actor, PERMISSION) or state_of(one) != GRANTED or one.kind not in private_kinds():
        raise NotFound()
    this = access.kinds()[one.kind]
    table, id_column, _key = this.source
    found = [number for number, in rows(f'SELECT {id_column} FROM {table} WHERE {this.private_of} = ? AND {id_column} < ? ORDER BY {id_column} DESC LIMIT ?',
                                        one.person_id, GREATEST_ID if older_than is None else older_than, PAGE_ROWS + 1)]
    return {'insight': _described([one])[0], 'objects': [{'id': number, 'words': this.describe(number)} for number in found[:PAGE_ROWS]],
            'older': found[PAGE_ROWS - 1] if len(found) > PAGE_ROWS else None}
