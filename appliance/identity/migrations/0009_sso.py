"""The realm of Kerberos whose people a directory holds."""

from peewee import Model

from appliance.core.fields import Id, Text


def up(migrator, db):
    class Directory(Model):
        id = Id()
        realm = Text(default='')

        class Meta:
            database = db

    migrator.migrate(migrator.add_column('directory', 'realm', Directory.realm))
