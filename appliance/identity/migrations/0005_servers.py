"""Several servers and bases a directory, and what else is taken from an entry: the employee number, the language, the photo.

Columns come by plain ALTER TABLE with a default, so that neither engine builds the table `person` anew, to which half the schema links.
"""

from peewee import SqliteDatabase


def up(migrator, db):
    text = 'TEXT' if isinstance(db, SqliteDatabase) else 'TEXT COLLATE "C"'
    for table, column, kind in (
            ('directory', 'more_servers', "TEXT NOT NULL DEFAULT '[]'"), ('directory', 'more_bases', "TEXT NOT NULL DEFAULT '[]'"),
            ('directory', 'failures', "TEXT NOT NULL DEFAULT '{}'"),
            ('directory_person', 'photo', f"{text} NOT NULL DEFAULT ''"), ('directory_person', 'photo_at', 'BIGINT'),
            ('person', 'employee_number', f"{text} NOT NULL DEFAULT ''"), ('person', 'has_chosen_language', 'SMALLINT NOT NULL DEFAULT 0')):
        db.execute_sql(f'ALTER TABLE {table} ADD COLUMN {column} {kind}')
    migrator.migrate(migrator.add_index('person', ('employee_number',)))
    # Whose language is another than that of new people has said so himself.
    db.execute_sql("""UPDATE person SET has_chosen_language = 1
        WHERE '"' || language || '"' <> coalesce((SELECT value FROM setting WHERE scope = '' AND name = 'company.language'), '"en"')""")
