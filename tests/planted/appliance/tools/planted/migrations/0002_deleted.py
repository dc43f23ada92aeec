"""Notes that lie in the trash."""

from peewee import Model

from appliance.core.fields import Id, Moment


def up(migrator, db):
    class PlantedNote(Model):
        id = Id()
        deleted_at = Moment(null=True)

        class Meta:
            database = db
            legacy_table_names = False

    migrator.migrate(migrator.add_column('planted_note', 'deleted_at', PlantedNote.deleted_at))
