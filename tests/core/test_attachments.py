"""Files on objects: who may is said by the owner of the kind alone; names are safe; rows, uses, events and audit go together."""
import pytest

from appliance.core import attachments, audit, clock, db, refs, storage, storage_sweep
from appliance.core.actor import EMPLOYEE, SYSTEM, Actor
from appliance.core.attachments import attach, remove, safe_name
from appliance.core.errors import Conflict, NotAllowed, NotFound
from appliance.core.limits import ATTACHMENTS_AN_OBJECT, FILE_NAME_BYTES
from appliance.core.people import add_person
from appliance.core.storage import keep_bytes

KIND = 'core.thing'
# {object: {person: verbs}}: what the owner of the tests' kind allows.
RIGHTS = {1: {1: {'view', 'attach', 'detach'}, 2: {'view', 'attach'}, 3: {'view'}}, 2: {1: {'view', 'attach', 'detach'}}}


def access_thing(actor, object_id, to='view'):
    may = RIGHTS.get(object_id, {}).get(actor.person_id, ())
    if 'view' not in may:
        raise NotFound()
    if to not in may:
        raise NotAllowed()


@pytest.fixture
def people(box, monkeypatch):
    """Actors 1 to 4 as {number: Actor}, and a kind of objects whose rights are RIGHTS."""
    monkeypatch.setitem(refs._owners, KIND, refs.Owner(KIND, access_thing, verbs={'attach': 'attach', 'detach': 'detach'}))
    for number in range(1, 5):
        assert add_person(SYSTEM, f'login{number}', f'Name {number}') == number
    return {number: Actor(number, EMPLOYEE, frozenset({EMPLOYEE})) for number in range(1, 5)}


def attached(actor, content=b'content', name='a.txt', object_id=1):
    return attach(actor, KIND, object_id, [(keep_bytes(content).hash, name)])[0]


def told():
    return [(name, object_) for name, object_ in db.rows('SELECT name, object FROM event WHERE name LIKE ? ORDER BY id', 'core.attachment.%')]


def test_a_file_is_attached_seen_and_removed(people):
    one = attached(people[2], name='Report 2026.pdf')
    found, = attachments.attachments_of(people[1], KIND, 1)
    assert {name: found[name] for name in ('id', 'kind', 'object_id', 'name', 'media_type', 'size_bytes', 'person_id')} == {
        'id': one, 'kind': KIND, 'object_id': 1, 'name': 'Report 2026.pdf', 'media_type': 'application/pdf', 'size_bytes': 7, 'person_id': 2}
    assert storage.path_of(found['blob']).read_bytes() == b'content'
    remove(people[2], one)
    assert attachments.attachments_of(people[1], KIND, 1) == [] and db.rows('SELECT * FROM blob_use') == []
    assert told() == [('core.attachment.added', f'core.attachment:{one}'), ('core.attachment.removed', f'core.attachment:{one}')]
    recorded = [(row['what'], row['person_id'], row['data']) for row in audit.listing(what='core.attachment')['rows']]
    assert recorded == [('core.attachment.removed', 2, {'of': 'core.thing:1'}), ('core.attachment.added', 2, {'to': 'core.thing:1'})]


def test_only_the_owner_of_the_kind_decides(people):
    own, other = attached(people[2]), attached(people[1])
    assert attachments.access_attachment(people[3], own)['id'] == own
    for call in (lambda: attached(people[3]), lambda: remove(people[3], own), lambda: remove(people[2], other)):
        with pytest.raises(NotAllowed):
            call()
    assert [attachments.verbs(people[number], KIND, 1) for number in (1, 2, 3)] == [{'view', 'attach', 'detach'}, {'view', 'attach'}, {'view'}]
    remove(people[1], own)       # who may detach, others' too
    assert [one['is_removable'] for one in attachments.attachments_of(people[2], KIND, 1)] == [False]
    assert [one['is_removable'] for one in attachments.attachments_of(people[1], KIND, 1)] == [True]


def test_unseen_absent_and_unknown_are_one(people):
    one = attached(people[1], object_id=2)
    refusals = set()
    for call in (lambda: attachments.access_attachment(people[2], one), lambda: attachments.access_attachment(people[2], 10**9),
                 lambda: attachments.attachments_of(people[2], KIND, 2), lambda: attachments.attachments_of(people[1], KIND, 99),
                 lambda: attachments.attachments_of(people[1], 'core.nothing', 1), lambda: attachments.attachments_of(people[1], '', 1),
                 lambda: attachments.attachments_of(people[1], 'planted.note', 1),      # a tool that is off
                 lambda: remove(people[4], one), lambda: attach(people[4], KIND, 1, [(keep_bytes(b'x').hash, 'x')]),
                 lambda: attachments.verbs(people[4], KIND, 1)):
        with pytest.raises(NotFound) as refused:
            call()
        refusals.add(str(refused.value))
    assert len(refusals) == 1


def test_a_file_that_is_not_kept_is_refused_whole(people):
    with pytest.raises(NotFound):
        attach(people[1], KIND, 1, [(keep_bytes(b'x').hash, 'x'), ('0' * 64, 'y')])
    assert attachments.attachments_of(people[1], KIND, 1) == [] == told()


def test_the_same_content_on_many_objects_is_kept_until_the_last(people, box):
    first, second = attached(people[1]), attached(people[1], object_id=2)
    blob = attachments.access_attachment(people[1], first)['blob']
    remove(people[1], first)
    far = clock.from_microseconds(clock.microseconds(clock.now()) + 10**12)
    assert storage_sweep.remove_unused(far) == 0
    remove(people[1], second)
    assert storage_sweep.remove_unused(far) == 1 and not storage.path_of(blob).exists()


def test_twice_by_a_request_key_is_once(people):
    blob = keep_bytes(b'x').hash
    answers = [attach(people[1], KIND, 1, [(blob, 'x')], request_key='a key of the tests') for _time in range(2)]
    assert answers[0] == answers[1] and len(attachments.attachments_of(people[1], KIND, 1)) == 1


def test_there_is_an_end_to_how_many(people):
    blob = keep_bytes(b'x').hash
    attach(people[1], KIND, 1, [(blob, str(number)) for number in range(ATTACHMENTS_AN_OBJECT - 1)])
    with pytest.raises(Conflict):
        attach(people[1], KIND, 1, [(blob, 'a'), (blob, 'b')])
    attach(people[1], KIND, 1, [(blob, 'a')])
    assert len(attachments.attachments_of(people[1], KIND, 1)) == ATTACHMENTS_AN_OBJECT


def test_all_go_with_their_object(people):
    for number in range(3):
        attached(people[1], content=bytes([number]))
    with db.write('test'):
        attachments.remove_all(SYSTEM, KIND, 1)
    assert attachments.listed(KIND, [1]) == [] and db.rows('SELECT * FROM blob_use') == [] and len(told()) == 6


def test_a_kind_has_one_owner(people):
    refs.own(KIND, access_thing)
    with pytest.raises(ValueError, match=KIND):
        refs.own(KIND, safe_name)


def test_many_objects_are_read_in_one_statement(people):
    first, second = attached(people[1]), attached(people[1], object_id=2)
    assert [(one['object_id'], one['id']) for one in attachments.listed(KIND, [2, 1, 77])] == [(1, first), (2, second)]
    assert attachments.listed(KIND, []) == []


@pytest.mark.parametrize(('given', 'kept'), [
    ('report.pdf', 'report.pdf'), ('Año Nuevo ñ.txt', 'Año Nuevo ñ.txt'), ('田中.png', '田中.png'), ('تقرير.pdf', 'تقرير.pdf'),
    ('../../etc/passwd', 'passwd'), ('C:\\Users\\x\\boot.ini', 'boot.ini'), ('/', 'file'), ('', 'file'), ('..', 'file'), ('.', 'file'), ('...', 'file'),
    ('a\0b.txt', 'ab.txt'), ('two\r\nlines.txt', 'twolines.txt'), ('exe\u202efdp.txt', 'exefdp.txt'), ('\u2066x\u2069.txt', 'x.txt'),
    ('  spaced   out .txt ', 'spaced out.txt'), ('.hidden', 'hidden'), ('trailing. ', 'trailing'), ('"quoted";.txt', '"quoted";.txt'),
    ('\ud800.txt', 'txt'), ('<b>.html', '<b>.html'), ('con\u0301.txt', 'co\u0144.txt'), ('no ending', 'no ending')])
def test_names_are_safe_and_otherwise_as_written(given, kept):
    assert safe_name(given) == kept


@pytest.mark.parametrize('name', ['x' * 1000 + '.pdf', 'ñ' * 500 + '.txt', '🦤' * 100, 'a.' + 'b' * 1000, '.' * 1000 + 'x', 'ñ' * 128 + '.jpeg'])
def test_long_names_keep_their_ending(name):
    kept = safe_name(name)
    assert 0 < len(kept.encode()) <= FILE_NAME_BYTES and kept == safe_name(kept)
    ending = name.rpartition('.')[2]
    assert len(ending) > 16 or kept.endswith(ending)


def test_the_type_follows_from_the_name():
    assert [attachments.media_type(name) for name in ('a.PNG', 'b.html', 'c', 'd.unknown', 'e.svg', 'f.tar.gz')] == [
        'image/png', 'text/html', 'application/octet-stream', 'application/octet-stream', 'image/svg+xml', 'application/x-tar']
