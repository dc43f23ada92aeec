"""The search index: documents, and beside them FTS5 or a tsvector; how far long work has come."""

from peewee import Model, SqliteDatabase

from appliance.core.fields import Id, Integer, Json, Moment, Text

FTS = '''CREATE VIRTUAL TABLE search_fts USING fts5(words, audience, content='search_document', content_rowid='id',
         detail=column, prefix='1 2 3 4 5 6', tokenize='unicode61 remove_diacritics 0')'''


def up(migrator, db):
    class SearchDocument(Model):
        id = Id()
        kind = Text()
        object_id = Integer()
        title = Text()
        line = Text()
        title_words = Text()
        words = Text()
        audience = Text()
        at = Moment()

        class Meta:
            database = db
            legacy_table_names = False
            indexes = ((('kind', 'object_id'), True),)

    class Operation(Model):
        id = Id()
        what = Text()
        person_id = Integer(null=True)
        state = Text()
        done = Integer()
        total = Integer()
        result = Json()
        started_at = Moment()
        told_at = Moment()
        ended_at = Moment(null=True)

        class Meta:
            database = db
            legacy_table_names = False
            indexes = ((('what', 'id'), False),)

    db.create_tables([SearchDocument, Operation])
    if isinstance(db, SqliteDatabase):
        db.execute_sql(FTS)
    else:
        db.execute_sql('CREATE TABLE search_vector (id bigint PRIMARY KEY, tsv tsvector NOT NULL)')
        db.execute_sql('CREATE INDEX search_vector_tsv ON search_vector USING gin (tsv)')
