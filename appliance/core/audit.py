"""Who did what, when and from where: rows that are only ever added, in the transaction of what they tell of.

Jobs seal them a few seconds later, in one chain: the seal of a row is a hash over the row and the seal before, so that no row can be
changed, taken out or put in between without breaking all that follow. Sealing has numbers of its own, since a transaction with a
lower id may end after one with a higher. The newest seal goes where the portal cannot rewrite it: its log, and syslog if that is set.
"""

import hashlib
import json
from contextvars import ContextVar
from datetime import timedelta

from peewee import fn

from appliance.core import clock
from appliance.core.db import Base, in_write, row, rows, write
from appliance.core.fields import Bytes, Id, Integer, Json, Moment, Text
from appliance.core.i18n import texts
from appliance.core.limits import GREATEST_ID, PAGE_ROWS
from appliance.core.personal.declarations import Keep, Kept, Nothing, Personal

_ = texts(__name__)
FIRST_SEAL = b'appliance audit'
REDACTED = 'core.audit.redacted'
SEALED_AFTER = timedelta(seconds=4)         # looked at each second: at most five behind
COUNTED_AFTER = timedelta(seconds=60)
_MOST_AT_ONCE = 500
_COLUMNS = ('id', 'at', 'person_id', 'via', 'what', 'object', 'data', 'address')
_origin = ContextVar('audit_origin', default='')


class AuditRow(Base):
    """One thing that was done. `what` is `<owner>.<thing>.<verb>`, `object` `<owner>.<thing>:<id>`; `data` names secrets, never holds them."""

    id = Id()
    at = Moment()
    person_id = Integer(null=True, index=True)
    via = Text()
    what = Text(index=True)
    object = Text(default='', index=True)
    data = Json(default=dict)
    address = Text(default='')
    seal_no = Integer(null=True, unique=True)
    seal = Bytes(null=True)

    class Meta:
        personal = Personal(
            _.lazy('What a person did, when, by which session and from which address'), person='person_id', words=('data', 'via'), hidden=('data', 'via', 'seal', 'seal_no'),
            forget=Keep(_.lazy('What was done in the company’s name must stay provable. The rows name nobody, only a number.')))
        table_name = 'audit'


class AuditCount(Base):
    """Refusals and failures that repeat, counted until they are written down as one row."""

    key = Text(primary_key=True)
    person_id = Integer(null=True)
    via = Text()
    what = Text()
    object = Text()
    data = Json()
    address = Text()
    count = Integer()
    first_at = Moment()

    class Meta:
        personal = Personal(
            _.lazy('Refusals and failures of the last minute, before they enter the audit log'), person='person_id', words=('data', 'via'), hidden=('key', 'data', 'via'),
            kept=Kept(_.lazy('about a minute')), forget=Keep(_.lazy('It becomes a row of the audit log within a minute.')))
        table_name = 'audit_count'


class AuditMark(Base):
    """How far the chain was told or forwarded: the number of a seal."""

    name = Text(primary_key=True)
    seal_no = Integer()
    at = Moment()

    class Meta:
        personal = Nothing(_.lazy('How far the audit log was sealed and forwarded.'))
        table_name = 'audit_mark'


def come_from(address):
    """Say where what is done in this context comes from: for an entry point."""
    _origin.set(address)


def record(actor, what, object='', **data):
    """Write down what is being done: inside the action that does it."""
    if not in_write():
        raise RuntimeError('record belongs into an action: what is done and its record are one transaction')
    AuditRow.add(at=clock.now(), person_id=actor.person_id, via=actor.via, what=what, object=object, data=data, address=_origin.get()[:64])


def count(actor, what, object='', **data):
    """Write down a refusal or a failure: after the rollback, in a transaction of its own. Repeats within a minute are counted."""
    key = hashlib.sha256(json.dumps([actor.person_id, what, object, data, _origin.get()], sort_keys=True, default=str).encode()).hexdigest()
    with write('core.audit.count'):
        (AuditCount.insert(key=key, person_id=actor.person_id, via=actor.via, what=what, object=object, data=data, address=_origin.get()[:64],
                           count=1, first_at=clock.now())
         .on_conflict(conflict_target=(AuditCount.key,), update={AuditCount.count: AuditCount.count + 1}).execute())


def next_due():
    """When there is something to seal or a count to write down, or None."""
    unsealed = row('SELECT min(at) FROM audit WHERE seal_no IS NULL')[0]
    counted = AuditCount.select(fn.MIN(AuditCount.first_at)).scalar()
    found = [clock.from_microseconds(unsealed) + SEALED_AFTER] if unsealed is not None else []
    found += [counted + COUNTED_AFTER] if counted else []
    return min(found, default=None)


def seal():
    """Write down what was counted, then seal what is not sealed yet; inside an action. Returns (number, seal) of the newest, as text."""
    _write_counted()
    number, last = head()
    for found in rows(f'SELECT {", ".join(_COLUMNS)} FROM audit WHERE seal_no IS NULL ORDER BY id LIMIT ?', _MOST_AT_ONCE):
        number, last = number + 1, _hash(last, number + 1, found)
        AuditRow.update(seal_no=number, seal=last).where(AuditRow.id == found[0]).execute()
    return number, last.hex()


def _write_counted():
    for one in list(AuditCount.select().where(AuditCount.first_at <= clock.now() - COUNTED_AFTER)):
        data = one.data | ({'times': one.count} if one.count > 1 else {})
        AuditRow.create(at=one.first_at, person_id=one.person_id, via=one.via, what=one.what, object=one.object, data=data, address=one.address)
        AuditCount.delete().where(AuditCount.key == one.key).execute()


def head():
    """(number, seal) of the newest sealed row."""
    found = row('SELECT seal_no, seal FROM audit WHERE seal_no IS NOT NULL ORDER BY seal_no DESC LIMIT 1')
    return (found[0], bytes(found[1])) if found else (0, hashlib.sha256(FIRST_SEAL).digest())


def _hash(before, number, values):
    """The seal of a row of `_COLUMNS`, as the database holds them."""
    line = json.dumps([number, *values], ensure_ascii=False, separators=(',', ':'))
    return hashlib.sha256(before + line.encode()).digest()


def broken_at():
    """The number of the first row whose seal does not hold, or is missing; None when the chain is whole. Reads every row."""
    last, number, redacted = hashlib.sha256(FIRST_SEAL).digest(), 0, _redacted()
    while found := rows(f'SELECT seal_no, seal, {", ".join(_COLUMNS)} FROM audit WHERE seal_no > ? ORDER BY seal_no LIMIT 1000', number):
        for seal_no, kept, *values in found:
            number += 1
            if redacted.get(number) == digest(values):
                last = bytes(kept)      # the row after it still holds that seal
            else:
                last = _hash(last, number, values)
            if seal_no != number or bytes(kept) != last:
                return number
    return None


def digest(values):
    """The SHA-256 of a row of `_COLUMNS` by itself, as text."""
    return hashlib.sha256(json.dumps(values, ensure_ascii=False, separators=(',', ':')).encode()).hexdigest()


def _redacted():
    """{number of a seal: digest of what its row holds since a person was forgotten}, from rows that are sealed themselves."""
    return {number: digest for data, in rows('SELECT data FROM audit WHERE what = ? ORDER BY id', REDACTED)
            for number, digest in json.loads(data)['rows']}


def redact(actor, changes):
    """Replace what rows hold ({id: {column: value}}) where it would name a forgotten person: inside the action that forgets.

    Of a sealed row the seal stays, and another row tells what it holds now: so the chain shows every other change as before.
    """
    told = []
    for row_id, values in changes.items():
        AuditRow.update(**values).where(AuditRow.id == row_id).execute()
        number, *now = row(f'SELECT seal_no, {", ".join(_COLUMNS)} FROM audit WHERE id = ?', row_id)
        if number is not None:
            told.append([number, digest(now)])
    for start in range(0, len(told), _MOST_AT_ONCE):
        record(actor, REDACTED, rows=told[start:start + _MOST_AT_ONCE])


def seal_of(number):
    """The seal of a number as text, '' where there is none."""
    found = row('SELECT seal FROM audit WHERE seal_no = ?', number)
    return bytes(found[0]).hex() if found else ''


def listing(what='', person_ids=None, words='', older_than=None):
    """A page of rows, the newest first: {rows: [{id, at, person_id, via, what, object, data, address, is_sealed}], older (an id or None)}.

    `what` is a beginning (`identity.`), `words` stand somewhere in object or data, `person_ids` are those who acted.
    """
    conditions, values = ['id < ?'], [older_than or GREATEST_ID]
    if what:
        conditions.append("(what = ? OR what LIKE ? ESCAPE '!')")
        values += [what, what.replace('!', '!!').replace('%', '!%').replace('_', '!_') + '.%']
    if person_ids is not None:
        conditions.append(f'person_id IN ({", ".join("?" * len(person_ids))})' if person_ids else '1 = 0')
        values += person_ids
    for word in words.casefold().split():
        conditions.append("lower(object || ' ' || data) LIKE ? ESCAPE '!'")
        values.append('%' + word.replace('!', '!!').replace('%', '!%').replace('_', '!_') + '%')
    found = rows(f'SELECT {", ".join(_COLUMNS)}, seal_no FROM audit WHERE {" AND ".join(conditions)} ORDER BY id DESC LIMIT ?',
                 *values, PAGE_ROWS + 1)
    shown = [dict(zip((*_COLUMNS, 'is_sealed'), one, strict=True)) for one in found[:PAGE_ROWS]]
    for one in shown:
        one |= {'at': clock.from_microseconds(one['at']), 'data': json.loads(one['data']), 'is_sealed': one['is_sealed'] is not None}
    return {'rows': shown, 'older': shown[-1]['id'] if len(found) > PAGE_ROWS else None}


def last_at(what, since, **data):
    """When something was last written down, or counted, with exactly this data since a moment; None where it was not."""
    begins = AuditRow.data.db_value(data)[:-1]      # counting adds `times` behind it
    found = row('''SELECT max(at) FROM (SELECT at, data FROM audit WHERE what = ? AND at > ?
                   UNION ALL SELECT first_at, data FROM audit_count WHERE what = ? AND first_at > ?) told
                   WHERE substr(data, 1, ?) = ?''', *(what, clock.microseconds(since)) * 2, len(begins), begins)[0]
    return found if found is None else clock.from_microseconds(found)


def kinds():
    """The names of all that was ever written down."""
    return [what for what, in rows('SELECT DISTINCT what FROM audit ORDER BY what')]


def mark(name):
    """The number of the newest seal that was told or forwarded, 0 before the first."""
    found = row('SELECT seal_no FROM audit_mark WHERE name = ?', name)
    return found[0] if found else 0


def set_mark(name, number):
    """Note how far it was told or forwarded."""
    with write('core.audit.mark'):
        (AuditMark.insert(name=name, seal_no=number, at=clock.now())
         .on_conflict(conflict_target=(AuditMark.name,), update={AuditMark.seal_no: number, AuditMark.at: clock.now()}).execute())


def pass_mark(name, number, now, every_s):
    """Set a mark if it is behind and was not set for some seconds; whether it was."""
    found = AuditMark.get_or_none(AuditMark.name == name)
    if found and (found.seal_no == number or (now - found.at).total_seconds() < every_s):
        return False
    set_mark(name, number)
    return True


def sealed_after(number, most):
    """Rows sealed after a number, in order, for forwarding: [{no, seal, ...}] with moments as ISO text."""
    found = rows(f'SELECT seal_no, seal, {", ".join(_COLUMNS)} FROM audit WHERE seal_no > ? ORDER BY seal_no LIMIT ?', number, most)
    return [{'no': one[0], 'seal': bytes(one[1]).hex(), **dict(zip(_COLUMNS, one[2:], strict=True)),
             'at': clock.from_microseconds(one[3]).isoformat(), 'data': json.loads(one[8])} for one in found]
