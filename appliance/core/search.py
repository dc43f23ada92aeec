"""One index over everything that has words: what each says, and who may see it, meet in the index itself.

    search.documents('worktime.day', documents, url='/worktime/days/{id}', icon='clock', title=_.lazy('Working days'))

`documents(ids)` gives {id: Document}; the audience comes from the kind's own access function, so a document follows its object whenever
`access.changed` is called. Ids of documents grow with each change: the newest are those with the highest. On SQLite the index is FTS5
(words and audience as columns), on PostgreSQL a tsvector beside the document; both hold the same tokens.
"""

import re
from dataclasses import dataclass

from peewee import SQL

from appliance.core import access, clock, registration
from appliance.core.db import Base, database, is_sqlite, rows, write
from appliance.core.errors import Invalid
from appliance.core.fields import Id, Integer, Moment, Text
from appliance.core.folding import fold
from appliance.core.i18n import texts
from appliance.core.limits import SEARCH_LENGTH
from appliance.core.personal.declarations import FOLLOW, Kept, Personal

_ = texts(__name__)
RANKED = 1000           # what is ranked by how well it fits: the newest that fit at all
GLANCED = 100           # of the newest, whose titles are looked at first
RARE = 200              # documents of a word that are looked through rather than found between those of others
RAREST, SEEN = 1, 2     # which list is looked through
MOST_WORDS = 8          # of a question; more would find no more
TEXT_LENGTH = 20_000    # characters of a document that are looked through
# Beginnings of this many letters have lists of their own in the index: a longer list of words need not be put together for a question,
# which took 65 ms for the commonest word in a million documents. What is typed beyond is compared with the document.
BEGINNING = 6
_TOKEN = re.compile(r'[^\W_]+')
_BATCH = 500
_kinds = {}


class SearchDocument(Base):
    """What is found: a title, a line below it, and the folded words; `audience` are the subjects as tokens."""

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
        personal = Personal(
            _.lazy('The words by which an object is found'), kept=Kept(_.lazy('as long as the object')), forget=FOLLOW)
        table_name = 'search_document'
        indexes = ((('kind', 'object_id'), True),)


@dataclass(frozen=True)
class Document:
    """What an object says: `title` and `line` are shown, `text` is looked through with them."""

    title: str
    text: str = ''
    line: str = ''


@dataclass(frozen=True)
class Kind:
    """How objects of a kind are found: `documents(ids)` -> {id: Document}, `url` with {id}, an icon, what they are called.

    What hangs on other objects has their audience, and no access rows of its own: `through(ids)` -> {id: (kind, object id)}, and
    `source`: (table, id column). Who writes it calls `changed`. Not `is_titled`: the title names its author, and ranks as any other word.
    """

    name: str
    documents: object
    url: str
    icon: str
    title: object
    version: int = 1
    through: object = None
    source: tuple = ()
    is_titled: bool = True


def documents(name, function, **values):
    """Declare that objects of a kind are found."""
    _kinds[name] = Kind(name, function, **values)
    if not _kinds[name].through:
        access.follow(name, _follow)


def kinds():
    """{name: Kind} of the core and of the tools that are on."""
    return registration.of_tools_that_are_on('search', _kinds)


def tokens(text):
    """The folded words of a text, in order."""
    return _TOKEN.findall(fold(text))


def changed(name, ids):
    """Write the documents of what hangs on other objects anew: inside the action that changed it, or made or deleted it."""
    this = kinds()[name]
    for start in range(0, len(ids), _BATCH):
        batch = list(ids[start:start + _BATCH])
        of = this.through(batch)
        audiences = _audiences_of(of)
        # Where the owner's tool is off, nobody knows who may see it: the document waits as it is, unseen.
        _write(name, [one for one in batch if one not in of or one in audiences], audiences)


def audience_of(kind, object_id):
    """The column `audience` of whatever hangs on an object, '' where nobody sees it."""
    found = _audiences_of({0: (kind, object_id)}).get(0)
    return _audience_column(*found) if found else ''


def _audiences_of(of):
    """{id: (owner's kind, audience)} from {id: (owner's kind, owner's id)}."""
    known, found = access.kinds(), {}
    for owner in {kind for kind, _object_id in of.values()} & set(known):
        audiences = known[owner].audiences(list({object_id for kind, object_id in of.values() if kind == owner}))
        found |= {one: (owner, audiences.get(object_id, (None, {}))[1]) for one, (kind, object_id) in of.items() if kind == owner}
    return found


def _follow(name, ids, audiences):
    _write(name, ids, {object_id: (name, audience) for object_id, (_key, audience) in audiences.items()})


def _write(name, ids, audiences):
    """Replace the documents of objects that say something else by now: in the transaction that changed them."""
    if not ids:
        return
    found = {object_id: _row(one, _kinds[name].is_titled, *audiences[object_id])
             for object_id, one in _kinds[name].documents(ids).items() if object_id in audiences}
    marks = ', '.join('?' * len(ids))
    held = {one[0]: one[1:] for one in rows(f'''SELECT object_id, title, line, words, audience FROM search_document
                                               WHERE kind = ? AND object_id IN ({marks})''', name, *ids)}
    _delete(name, [object_id for object_id in held if held[object_id] != _compared(found.get(object_id))])
    now = clock.now()
    for object_id, values in found.items():
        if held.get(object_id) != _compared(values):
            made = SearchDocument.create(kind=name, object_id=object_id, at=now, **values)
            _index(made.id, values['words'], values['audience'])


def _row(one, is_titled, owner, audience):
    """The columns of a document with the audience of an object of the kind `owner`."""
    return {'title': one.title, 'line': one.line, 'title_words': ' '.join(tokens(one.title)) if is_titled else '',
            'words': ' '.join(dict.fromkeys(tokens(f'{one.title} {one.line} {one.text}'[:TEXT_LENGTH]))),
            'audience': _audience_column(owner, audience)}


def _audience_column(owner, audience):
    return ' '.join(sorted(map(_token_of, (*audience, _all_of(owner)))))


def _compared(values):
    return values and tuple(values[name] for name in ('title', 'line', 'words', 'audience'))


def _token_of(subject):
    """A subject as a token: `person:7` is `person7`. In a column (or behind a sign) of its own: no typed word can ever equal it."""
    return subject.replace(':', '').replace('.', '')


def _all_of(name):
    """What stands in every document of a kind, for those who see all of them."""
    return f'allof{name}'.replace('_', '')


def _index(document_id, words, audience):
    if is_sqlite():
        database.execute_sql('INSERT INTO search_fts (rowid, words, audience) VALUES (?, ?, ?)', (document_id, words, audience))
    else:
        beginnings = dict.fromkeys(f'<{word[:length]}' for word in words.split() for length in range(1, BEGINNING + 1))
        lexemes = [*beginnings, *(f'@{one}' for one in audience.split())]
        database.execute_sql('INSERT INTO search_vector (id, tsv) VALUES (%s, array_to_tsvector(%s::text[]))', (document_id, lexemes))


def _delete(name, ids):
    if not ids:
        return
    marks = ', '.join('?' * len(ids))
    for document_id, words, audience in rows(f'SELECT id, words, audience FROM search_document WHERE kind = ? AND object_id IN ({marks})', name, *ids):
        if is_sqlite():
            # FTS5 keeps no text of its own: it must be told what it forgets.
            database.execute_sql("INSERT INTO search_fts (search_fts, rowid, words, audience) VALUES ('delete', ?, ?, ?)", (document_id, words, audience))
        else:
            database.execute_sql('DELETE FROM search_vector WHERE id = %s', (document_id,))
        SearchDocument.delete().where(SearchDocument.id == document_id).execute()


def find(actor, text, only=(), most=20, is_newest=False, older_than=None):
    """What the actor may see of what holds all words of a text, as beginnings: {hits: [...], older: id or None}.

    Ranked (a word in the title first) within the newest thousand; `is_newest` by time alone, page by page. A hit: id, kind, object_id,
    title, line, url, icon, kind_title, at. Invalid for a text that is too long. `only` names kinds.
    """
    if len(text) > SEARCH_LENGTH:
        raise Invalid(_('Search with at most %(most)s characters.', most=SEARCH_LENGTH), field='q')
    words, known = list(dict.fromkeys(tokens(text)))[:MOST_WORDS], kinds()
    names = [name for name in known if not only or name in only]
    audience = _audience(actor)
    if not words or not names or not audience:
        return {'hits': [], 'older': None}
    found = _candidates(words, audience, names if only or len(names) < len(_kinds) else (), most + 1, is_newest, older_than)
    hits = _confirmed(actor, found[:most])
    return {'hits': [_hit(known[one[1]], one) for one in hits], 'older': found[most - 1][0] if is_newest and len(found) > most else None}


_COLUMNS = 'd.id, d.kind, d.object_id, d.title, d.line, d.at'


def _candidates(words, audience, names, most, is_newest, older_than):
    """Rows of _COLUMNS that hold the words and one of the audience's tokens."""
    index = _Fts if is_sqlite() else _Vectors
    of_kind = f' AND d.kind IN ({", ".join("?" * len(names))})' if names else ''
    spelled = [] if is_newest else [f' {word}' for word in words]
    short = _short_list(index, max(words, key=len), index.seen(audience))
    if spelled and short != RAREST:
        # Who types a common word finds it in enough of the newest titles, and nothing ranks above those: the thousand are left alone.
        source, holds, values = _matching(index, words, audience, older_than, short, GLANCED)
        titled = f" AND {index.has.format('d.title_words')}" * len(spelled)
        best = rows(f'SELECT {_COLUMNS} FROM {source} WHERE {holds}{of_kind}{titled} ORDER BY d.id DESC LIMIT ?', *values, *names, *spelled, most)
        if len(best) == most:
            return best
    source, holds, values = _matching(index, words, audience, older_than, short, RANKED)
    fits = ' + '.join(f"(CASE WHEN {index.has.format('d.title_words')} THEN 0 ELSE 1 END)" for _word in spelled)
    ranked = f'{fits}, ' if fits else ''
    return rows(f'SELECT {_COLUMNS} FROM {source} WHERE {holds}{of_kind} ORDER BY {ranked}d.id DESC LIMIT ?', *values, *names, *spelled, most)


def _audience(actor):
    """The tokens of which one must stand in a document."""
    return sorted({*map(_token_of, actor.subjects),
                   *(_token_of(_all_of(name)) for name, one in access.kinds().items() if one.sees_all(actor))})


def _matching(index, words, audience, older_than, short, most):
    """(FROM clause, condition, values): the newest `most` documents, as `d`, that hold the words and one of the audience's tokens.

    `short` is what _short_list says: of a short list the words are looked for in its newest `most`.
    """
    seen, rarest = index.seen(audience), max(words, key=len)
    beyond, place = (f' AND i.{index.row} < ?', [older_than]) if older_than else ('', [])
    newest = f'ORDER BY i.{index.row} DESC LIMIT {most}'
    if short:
        # All of it is looked through: to find a few between the many of another list took 27 ms in a million.
        compared = [word for word in words if short == SEEN or word != rarest or len(word) > BEGINNING]
        held = f" AND {index.has.format('d.words')}" * len(compared)
        tokens_of = audience if short == RAREST else ()
        let_in = f" AND ({' OR '.join([index.has.format('d.audience')] * len(tokens_of))})" if tokens_of else ''
        listed = f'SELECT i.{index.row} AS id FROM {index.table} i WHERE {index.matches}{beyond} {newest}'
        return (f'({listed}) f JOIN search_document d ON d.id = f.id', f'1 = 1{held}{let_in}',
                (index.wanted([rarest]) if short == RAREST else seen, *place, *(f' {word}' for word in compared), *(f' {one} ' for one in tokens_of)))
    compared = [f' {word}' for word in words if len(word) > BEGINNING]
    source = f'{index.table} i JOIN search_document w ON w.id = i.{index.row}' if compared else f'{index.table} i'
    held = f" AND {index.has.format('w.words')}" * len(compared)
    found = f'SELECT i.{index.row} AS id FROM {source} WHERE {index.matches}{held}{beyond} {newest}'
    return f'({found}) f JOIN search_document d ON d.id = f.id', '1 = 1', (index.both(index.wanted(words), seen), *compared, *place)


def _short_list(index, word, seen):
    """Which list is short enough to be looked through whole: RAREST, of the longest word, SEEN, of the audience, or neither: None."""
    beyond = f'(SELECT 1 FROM {index.table} i WHERE {index.matches} ORDER BY i.{index.row} DESC LIMIT 1 OFFSET {{}}) IS NULL'
    by_word, values = (f'WHEN {beyond.format(RARE)} THEN {RAREST} ', [index.wanted([word])]) if index.is_walked else ('', [])
    return rows(f'SELECT CASE {by_word}WHEN {beyond.format(RANKED)} THEN {SEEN} END', *values, seen)[0][0]


class _Fts:
    """How FTS5 is asked."""

    table, row, matches = 'search_fts', 'rowid', 'search_fts MATCH ?'
    has, is_walked = "instr(' ' || {} || ' ', ?) > 0", True

    @staticmethod
    def wanted(words):
        return 'words : (' + ' AND '.join(f'"{word[:BEGINNING]}" *' for word in words) + ')'

    @staticmethod
    def seen(audience):
        return 'audience : (' + ' OR '.join(f'"{one}"' for one in audience) + ')'

    @staticmethod
    def both(wanted, seen):
        return f'{wanted} AND {seen}'


class _Vectors:
    """How PostgreSQL's vectors are asked."""

    table, row, matches = 'search_vector', 'id', 'tsv @@ ?::tsquery'
    # Words and rights meet in one look, which a rare word makes quick by itself.
    has, is_walked = "strpos(' ' || {} || ' ', ?) > 0", False

    @staticmethod
    def wanted(words):
        return ' & '.join(f"'<{word[:BEGINNING]}'" for word in words)

    @staticmethod
    def seen(audience):
        return ' | '.join(f"'@{one}'" for one in audience)

    @staticmethod
    def both(wanted, seen):
        return f'{wanted} & ({seen})'


def _confirmed(actor, found):
    """Those that the access tables show the actor now: the index must never be the reason why somebody sees something."""
    known, owners, seen = access.kinds(), {}, set()
    for name in {one[1] for one in found}:
        ids = [one[2] for one in found if one[1] == name]
        through = _kinds[name].through
        owners |= {(name, one): owner for one, owner in (through(ids).items() if through else ((one, (name, one)) for one in ids))}
    for kind in {kind for kind, _object_id in owners.values()} & set(known):
        ids = list({object_id for owner, object_id in owners.values() if owner == kind})
        seen |= {(kind, object_id) for object_id in access.seen_among(known[kind], actor, ids)}
    return [one for one in found if owners.get((one[1], one[2])) in seen]


def _hit(this, found):
    document_id, name, object_id, title, line, at = found
    return {'id': document_id, 'kind': name, 'object_id': object_id, 'title': title, 'line': line, 'url': this.url.format(id=object_id),
            'icon': this.icon, 'kind_title': str(this.title), 'at': clock.from_microseconds(at)}


def rebuild(name, tell=lambda done, total: None):
    """Write all documents of a kind anew, in transactions of some hundred objects; returns how many objects there are."""
    this = kinds()[name]
    table, id_column = this.source or access.kinds()[name].source[:2]
    total, done, last = rows(f'SELECT count(*) FROM {table}')[0][0], 0, 0
    while ids := [one for one, in rows(f'SELECT {id_column} FROM {table} WHERE {id_column} > ? ORDER BY {id_column} LIMIT ?', last, _BATCH)]:
        with write(f'core.search.rebuild {name}'):
            if this.through:
                changed(name, ids)
            else:
                _follow(name, ids, access.kinds()[name].audiences(ids))
        last, done = ids[-1], done + len(ids)
        tell(done, total)
    with write(f'core.search.rebuild {name}'):
        gone = [one for one, in rows(f'SELECT object_id FROM search_document WHERE kind = ? AND object_id NOT IN (SELECT {id_column} FROM {table})', name)]
        for start in range(0, len(gone), _BATCH):
            _delete(name, gone[start:start + _BATCH])
    return done


def counts():
    """{kind: number of documents}."""
    return dict(SearchDocument.select(SearchDocument.kind, SQL('count(*)')).group_by(SearchDocument.kind).tuples())
