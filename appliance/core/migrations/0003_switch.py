"""The switches of the tools, what each tool costs, what a process could not load; how often small tables were changed."""

from peewee import CompositeKey, Model

from appliance.core.fields import Flag, Integer, Json, Moment, Text


def up(migrator, db):
    class Frozen(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class ToolState(Frozen):
        name = Text(primary_key=True)
        is_on = Flag()
        by = Text()
        at = Moment()
        version = Integer()
        settled_at = Moment(null=True)
        tables = Json()
        migrations = Json()
        outcome = Json()

    class ToolUsage(Frozen):
        tool = Text()
        hour = Moment()
        requests = Integer()
        cpu_us = Integer()
        queries = Integer()

        class Meta:
            primary_key = CompositeKey('tool', 'hour')

    class Revision(Frozen):
        name = Text(primary_key=True)
        number = Integer()

    db.create_tables([ToolState, ToolUsage, Revision])
    migrator.migrate(migrator.add_column('process', 'faults', Json(default={})))
