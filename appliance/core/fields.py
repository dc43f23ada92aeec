"""The only fields that models and migrations may use. What they mean never changes: old migrations import them.

Each stores the same bytes on SQLite and PostgreSQL, so that raw rows, sort keys, hashes and snapshots are equal on both:
moments are integers of microseconds, days ISO text, amounts integers, truth 0 or 1, texts compared byte by byte.
"""

import json
import uuid
from datetime import date, datetime

import peewee

from appliance.core import clock


def _is_sqlite(field):
    database = field.model._meta.database
    database = getattr(database, 'obj', database) or database
    return isinstance(database, peewee.SqliteDatabase)


class Id(peewee.BigAutoField):
    """A number given once and never again, not after deletion either (SQLite reuses the highest unless told)."""

    def ddl(self, ctx):
        nodes = super().ddl(ctx)
        return peewee.NodeList((nodes, peewee.SQL('AUTOINCREMENT'))) if _is_sqlite(self) else nodes


class Link(peewee.ForeignKeyField):
    """A row of another table, by id; read as `x_id`. What is linked to cannot be deleted, unless `on_delete` says so."""

    def __init__(self, model, **options):
        options.setdefault('on_delete', 'RESTRICT')
        options.setdefault('backref', '+')
        # A restore loads tables in any order and checks at the end.
        options.setdefault('deferrable', 'INITIALLY IMMEDIATE')
        super().__init__(model, **options)


class Text(peewee.TextField):
    """Text, compared byte by byte on both engines. `limit` is the greatest length in characters, checked by forms."""

    def __init__(self, limit=None, **options):
        self.limit = limit
        super().__init__(**options)

    def ddl(self, ctx):
        nodes = super().ddl(ctx)
        return nodes if _is_sqlite(self) else peewee.NodeList((nodes, peewee.SQL('COLLATE "C"')))


class Integer(peewee.BigIntegerField):
    """A whole number of 64 bits."""


class Bytes(peewee.BlobField):
    """Raw bytes; small ones only (hashes, sealed secrets). Files are blobs of their own."""

    def python_value(self, value):
        return bytes(value) if value is not None else None


class Uuid(Text):
    """A UUID as its 36 lower-case characters."""

    def db_value(self, value):
        return None if value is None else str(uuid.UUID(str(value)))


class Moment(peewee.BigIntegerField):
    """A moment: an aware datetime outside, microseconds since 1970 (UTC) inside.

    Integers are taken as microseconds, so that expressions (`Day.started_at > limit`) may be built from raw rows.
    """

    def adapt(self, value):
        return value

    def db_value(self, value):
        if isinstance(value, datetime):
            return clock.microseconds(value)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise TypeError(f'a moment is an aware datetime or whole microseconds, not {value!r}')

    def python_value(self, value):
        return None if value is None else clock.from_microseconds(value)


class Day(Text):
    """A calendar date without a zone: a `date` outside, ISO text inside."""

    def db_value(self, value):
        if value is None or isinstance(value, str):
            return value and date.fromisoformat(value).isoformat()
        if isinstance(value, datetime):
            raise TypeError(f'a day is a date, not a moment: {value!r}')
        return value.isoformat()

    def python_value(self, value):
        return None if value is None else date.fromisoformat(value)


class Money(peewee.BigIntegerField):
    """An amount in the smallest unit of its currency (cents); the currency's code stands in a Text beside it."""


class Quantity(peewee.BigIntegerField):
    """A number with `scale` decimal places, stored times 10**scale."""

    def __init__(self, scale, **options):
        self.scale = scale
        super().__init__(**options)


class Flag(peewee.SmallIntegerField):
    """True or False outside, 1 or 0 inside."""

    def adapt(self, value):
        return value

    def db_value(self, value):
        if value not in (True, False, None):
            raise TypeError(f'a flag is true or false, not {value!r}')
        return None if value is None else int(value)

    def python_value(self, value):
        return None if value is None else bool(value)


class Json(peewee.TextField):
    """Plain data (dict, list, text, numbers) as compact JSON with sorted keys, so that equal data is equal text."""

    def db_value(self, value):
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(',', ':'))

    def python_value(self, value):
        return None if value is None else json.loads(value)
