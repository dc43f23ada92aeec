"""Working days, their pauses and the corrections of their ends."""

from peewee import SQL, Model

from appliance.core.fields import Day, Id, Link, Moment, Text


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Person(Frozen):
        id = Id()

    class WorktimeDay(Frozen):
        id = Id()
        person = Link(Person)
        on_date = Day()
        zone = Text()
        started_at = Moment()
        ended_at = Moment(null=True)
        state = Text()
        address = Text()

        class Meta:
            indexes = ((('person', 'on_date'), True),)

    WorktimeDay.add_index(SQL("CREATE UNIQUE INDEX worktime_day_unfinished ON worktime_day (person_id) WHERE state <> 'closed'"))

    class WorktimePause(Frozen):
        id = Id()
        day = Link(WorktimeDay)
        started_at = Moment()
        ended_at = Moment(null=True)

    WorktimePause.add_index(SQL('CREATE UNIQUE INDEX worktime_pause_open ON worktime_pause (day_id) WHERE ended_at IS NULL'))

    class WorktimeCorrection(Frozen):
        id = Id()
        day = Link(WorktimeDay)
        old_end = Moment(null=True)
        new_end = Moment()
        reason = Text()
        by = Link(Person)
        at = Moment()

    for model in (WorktimeDay, WorktimePause, WorktimeCorrection):
        db.create_tables([model])
