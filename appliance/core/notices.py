"""What a person should know: a row for each, made from events, shown at the bell and on the day, mailed when nobody looks.

    @notices.on('worktime.day.corrected', title=_.lazy('A day of my people was corrected'),
                text=lambda data: _('%(name)s entered the end of a day.', **data), url=lambda data: f'/worktime/days/{data["day_id"]}')
    def tell_heads(event):                      # in a tool's notifications.py
        yield head_id, {'day_id': event.object_id, 'name': ...}

A rule says who and what. Channels, bundling, languages and rights are the core's: the text is made when it is shown, in the reader's
language; what happens again to the same object while it is unread is one notice with a number; who may not see the object any more
does not see the notice either; nobody is told of what he did himself.
"""

import functools
from dataclasses import dataclass
from datetime import timedelta

from peewee import SQL, CompositeKey

from appliance.core import access, clock, listeners, live, registration
from appliance.core.actions import action
from appliance.core.db import Base, row, rows
from appliance.core.errors import NotAllowed, NotFound
from appliance.core.fields import Flag, Id, Integer, Json, Link, Moment, Text
from appliance.core.i18n import texts
from appliance.core.limits import GREATEST_ID, PAGE_ROWS
from appliance.core.outbox import send_mail
from appliance.core.people import Person, actor_for
from appliance.core.personal.declarations import WITH_PERSON, Personal, after
from appliance.core.settings import get_setting

_ = texts(__name__)
MAILED_AGAIN_AFTER = timedelta(hours=1)     # of the same notice, when more of it happens
MAILED_AT_ONCE = 20                         # notices in one mail; the others are counted
SHOWN = 10                                  # in the panel of the bell
_kinds = {}


class Notice(Base):
    """One thing that a person should know. `data` is plain; `count` is how often it happened since it was read."""

    id = Id()
    person = Link(Person, index=False)
    kind = Text()
    object = Text(default='')
    data = Json()
    count = Integer(default=1)
    at = Moment()
    is_shown = Flag(default=True)           # at the bell; one that is only mailed is not
    is_mailed = Flag(default=True)          # when it stays unread
    read_at = Moment(null=True)
    mailed_at = Moment(null=True)

    class Meta:
        personal = Personal(
            _.lazy('What a person was told, and whether it was read'), person='person', words=('data',), hidden=('data',), kept=after(90, 'core.clean'))
        indexes = ((('person', 'id'), False),)


# The count at the bell is part of each page.
Notice.add_index(SQL('CREATE INDEX notice_unread ON notice (person_id, kind, object) WHERE read_at IS NULL'))


class NoticeChoice(Base):
    """Where a person wants a kind of notice, if not as it is from the start."""

    person = Link(Person)
    kind = Text()
    is_shown = Flag()
    is_mailed = Flag()

    class Meta:
        personal = Personal(_.lazy('Where a person wants which kind of notice'), person='person', kept=WITH_PERSON)
        table_name = 'notice_choice'
        primary_key = CompositeKey('person', 'kind')


@dataclass(frozen=True)
class Kind:
    """A kind of notice: `title` in the settings, `text(data)` and `url(data)` of one; `kinds` of people who may get it."""

    name: str
    title: object
    text: object
    url: object
    is_mailed: bool
    kinds: frozenset


def kind(name, *, title, text, url, is_mailed=True, kinds=frozenset({'employee'})):
    """Declare a kind of notice; `on` does it for an event of the same name."""
    _kinds[name] = Kind(name, title, text, url, is_mailed, frozenset(kinds))


def on(event, **values):
    """Declare a kind by the name of an event, and who gets it: `function(event)` yields (person id, data)."""
    kind(event, **values)

    def register(function):
        @functools.wraps(function)
        def hear(actor, happened):
            for person_id, data in function(happened):
                if person_id != happened.actor_id:
                    put(event, person_id, data, happened.object)
        listeners.on(event)(hear)
        return function
    return register


def kinds():
    """{name: Kind} of the core and of the tools that are on."""
    # A process in which nothing has happened yet has not asked for listeners, and shows notices all the same.
    from appliance.core import core_notices as _core        # noqa: F401  # cycle: they declare themselves here
    from appliance.core import program_notices as _programs     # noqa: F401  # cycle: see above
    return registration.of_tools_that_are_on('notifications', _kinds)


def put(name, person_id, data, object=''):
    """Tell a person: inside an action; returns the notice's id. Where he wants no such notice, nothing is written, and it is None."""
    this = _kinds[name]
    is_shown, is_mailed = _choice(person_id, this)
    if not (is_shown or is_mailed) or row('SELECT 1 FROM person_forgotten WHERE person_id = ?', person_id):
        return None
    now = clock.now()
    mine = (Notice.person == person_id) & (Notice.kind == name) & (Notice.object == object) & Notice.read_at.is_null()
    held = Notice.get_or_none(mine) if object else None
    if held is None:
        notice_id = Notice.create(person=person_id, kind=name, object=object, data=data, at=now, is_shown=is_shown, is_mailed=is_mailed).id
    else:
        notice_id = held.id
        Notice.update(data=data, count=held.count + 1, at=now).where(Notice.id == held.id).execute()
    if is_shown:
        _tell_bell(person_id)
    return notice_id


def _tell_bell(person_id):
    """Let the bell on this person's open pages count anew."""
    live.tell([f'person:{person_id}'], 'notices')


def _choice(person_id, this):
    found = row('SELECT is_shown, is_mailed FROM notice_choice WHERE person_id = ? AND kind = ?', person_id, this.name)
    return (bool(found[0]), bool(found[1])) if found else (True, this.is_mailed)


def unread_count(actor):
    """How many notices wait at the bell."""
    return row('SELECT count(*) FROM notice WHERE person_id = ? AND read_at IS NULL AND is_shown = 1', actor.person_id)[0]


def listing(actor, most=PAGE_ROWS, older_than=None, is_unread=False):
    """{notices, older}: a page of the actor's own, the newest first; {id, text, url, at, count, is_read}. `older` is an id or None."""
    found = rows(f'''SELECT id, kind, object, data, count, at, read_at FROM notice WHERE person_id = ? AND is_shown = 1 AND id < ?
                     {'AND read_at IS NULL' if is_unread else ''} ORDER BY id DESC LIMIT ?''', actor.person_id, older_than or GREATEST_ID, most + 1)
    notices = [one for one in (_described(values) for values in visible(actor, found[:most])) if one]
    return {'notices': notices, 'older': found[most - 1][0] if len(found) > most else None}


def visible(actor, found):
    """Those rows (id, kind, object, ...) whose object the actor may see now; what has no access rows is his own."""
    seen, known = {}, access.kinds()
    for kind_name in {one[2].partition(':')[0] for one in found} & set(known):
        ids = [int(one[2].partition(':')[2]) for one in found if one[2].startswith(f'{kind_name}:')]
        seen |= {f'{kind_name}:{number}': True for number in access.seen_among(known[kind_name], actor, ids)}
    return [one for one in found if one[2].partition(':')[0] not in known or one[2] in seen]


def _described(values):
    notice_id, name, _object, data, count, at, read_at = values
    words = wording(name, Notice.data.python_value(data))
    return words and {'id': notice_id, 'text': words[0], 'url': words[1], 'at': clock.from_microseconds(at), 'count': count,
                      'is_read': read_at is not None}


def wording(name, data):
    """(text, url) of a notice in the current language; None when its tool is off."""
    this = kinds().get(name)
    return this and (str(this.text(data)), this.url(data))


def _own(actor, *args, **kwargs):
    if actor.person_id is None:
        raise NotFound()


@action(rights=_own)
def read(actor, notice_id):
    """Mark one's own notice as read; returns where it leads. NotFound for anybody else's."""
    found = Notice.get_or_none((Notice.id == notice_id) & (Notice.person == actor.person_id))
    words = found and wording(found.kind, found.data)
    if not words:
        raise NotFound()
    if Notice.update(read_at=clock.now()).where((Notice.id == notice_id) & Notice.read_at.is_null()).execute():
        _tell_bell(actor.person_id)
    return words[1]


@action(rights=_own)
def read_all(actor):
    """Mark all of one's own notices as read."""
    if Notice.update(read_at=clock.now()).where((Notice.person == actor.person_id) & Notice.read_at.is_null()).execute():
        _tell_bell(actor.person_id)


def choices(actor):
    """[{kind, title, is_shown, is_mailed}] of every kind that the actor may get."""
    held = {name: (bool(shown), bool(mailed)) for name, shown, mailed in
            rows('SELECT kind, is_shown, is_mailed FROM notice_choice WHERE person_id = ?', actor.person_id)}
    return [{'kind': name, 'title': str(one.title), 'is_shown': held.get(name, (True, one.is_mailed))[0],
             'is_mailed': held.get(name, (True, one.is_mailed))[1]} for name, one in kinds().items() if one.kinds & actor.roles]


@action(rights=_own)
def choose(actor, wanted):
    """Keep where the actor wants which kind: {kind: (at the bell, by mail)}. NotFound for a kind that he does not get."""
    known = {one['kind'] for one in choices(actor)}
    for name, (is_shown, is_mailed) in wanted.items():
        if name not in known:
            raise NotFound()
        values = {'is_shown': is_shown, 'is_mailed': is_mailed}
        (NoticeChoice.insert(person=actor.person_id, kind=name, **values)
         .on_conflict(conflict_target=(NoticeChoice.person, NoticeChoice.kind), update=values).execute())


_TO_MAIL = 'read_at IS NULL AND is_mailed = 1 AND (mailed_at IS NULL OR mailed_at < at)'
# A while after it happened; of the same again, an hour after the last mail.
_DUE_AT = 'CASE WHEN mailed_at IS NULL OR mailed_at + ? < at + ? THEN at + ? ELSE mailed_at + ? END'


def _pauses():
    """The values of _DUE_AT, in microseconds."""
    delay = timedelta(minutes=get_setting('notices.mail_after_minutes'))
    return [pause // timedelta(microseconds=1) for pause in (MAILED_AGAIN_AFTER, delay, delay, MAILED_AGAIN_AFTER)]


def next_mail_due():
    """When the next notice that nobody has read is to be mailed, or None."""
    found = row(f'SELECT min({_DUE_AT}) FROM notice WHERE {_TO_MAIL}', *_pauses())[0]
    return clock.from_microseconds(found) if found is not None else None


def mail_unread(actor):
    """Write one mail to each person who has notices that stayed unread: inside an action. Returns how many mails."""
    people = [one for one, in rows(f'SELECT DISTINCT person_id FROM notice WHERE {_TO_MAIL} AND {_DUE_AT} <= ? ORDER BY person_id LIMIT 500',
                                   *_pauses(), clock.microseconds(clock.now()))]
    mails = 0
    for person_id in people:
        found = rows(f'SELECT id, kind, object, data, count, at FROM notice WHERE person_id = ? AND {_TO_MAIL} ORDER BY id DESC', person_id)
        mails += _mail(person_id, _visible_to(person_id, found))
        Notice.update(mailed_at=clock.now()).where(Notice.id.in_([one[0] for one in found])).execute()
    return mails


def _visible_to(person_id, found):
    """Those that a person may see now; none for who may not come in any more."""
    try:
        return visible(actor_for(person_id, 'notices'), found)
    except (NotFound, NotAllowed):
        return []


def _mail(person_id, found):
    """Write the mail of what a person has not read; returns how many mails that is."""
    if not found:
        return 0
    shown = [{'kind': name, 'data': Notice.data.python_value(data), 'count': count, 'at': clock.from_microseconds(at).isoformat()}
             for _id, name, _object, data, count, at in found[:MAILED_AT_ONCE]]
    send_mail('mail/notices', {'notices': shown, 'more': len(found) - len(shown)}, key=f'notices:{person_id}:{found[0][0]}:{found[0][5]}',
              person_id=person_id)
    return 1


def forget(before):
    """Delete what was read before a moment, and what nobody read in twice that time; for the cleaning job, inside an action."""
    return Notice.delete().where((Notice.read_at < before) | (Notice.at < before - (clock.now() - before))).execute()
