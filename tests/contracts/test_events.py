"""Every event is a frozen dataclass that says when it happens, holds plain fields, is published by its owner, comes back from its row, and either
goes out to programs or says why it does not."""
import ast
import dataclasses
import functools
import importlib
import json
import types
import typing

import pytest

from appliance.core import events
from appliance.core.db import write
from appliance.core.rest import happenings
from appliance.core.tool import declarations, registry
from tests.contracts.saying import code
from tests.switches import every_tool

PLAIN = (int, str, bool, float, list, dict, type(None))
OWNERS = ('core', 'identity')


def load_all():
    """({name: class} of all events of the core and of all tools, {name: Happening} of those that go out): when their modules are imported."""
    for path in code():
        if path.startswith('appliance/core/') and '(Event):' in code()[path]:
            importlib.import_module(path.removesuffix('.py').removesuffix('/__init__').replace('/', '.'))
    with every_tool():
        registry.load('events')
        told = {one.event: one for one in happenings.declared().values()}
    return {name: one for name, one in events.declared().items() if one.__module__.startswith('appliance.')}, told


ALL, TOLD = load_all()


@functools.cache
def published():
    """The names of the classes that some file of the portal calls, or gives to what it calls."""
    found = set()
    for path, text in code().items():
        if path.endswith('.py'):
            tree = ast.parse(text)
            given = {alias.asname: alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names if alias.asname}
            for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
                found |= {given.get(one.id, one.id) for one in (call.func, *call.args) if isinstance(one, ast.Name)}
                found |= {one.attr for one in (call.func, *call.args) if isinstance(one, ast.Attribute)}
    return found


def problems(declared, told):
    """What the events lack, as `<name>: <what>`."""
    made, found = published(), []
    for name, one in declared.items():
        found += [f'{name}: {what}' for what in (*_faults(one), *(() if one.__name__ in made else ('nothing publishes it',)))]
        if name.partition('.')[0] not in (*OWNERS, *declarations()):
            found.append(f'{name}: belongs to no tool')
        if (name in told) == bool(one.INSIDE):
            found.append(f'{name}: programs are told of it, and INSIDE says why not' if name in told else f'{name}: programs are not told of it, and INSIDE does not say why')
    return found


def _faults(one):
    if not dataclasses.is_dataclass(one) or not one.__dataclass_params__.frozen:
        return ['is no frozen dataclass']
    found, fields = [], {field.name: field.type for field in dataclasses.fields(one)}
    if not (one.__dict__.get('__doc__') or '').strip().endswith('.') or one.__doc__.startswith(f'{one.__name__}('):
        found.append('does not say when it happens')
    for needed in ('actor_id', one._thing_id):
        if needed not in fields:
            found.append(f'has no {needed}')
    for name, kind in typing.get_type_hints(one).items():
        kinds = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
        if name in fields and not all((typing.get_origin(each) or each) in PLAIN for each in kinds):
            found.append(f'{name} is not plain')
    return found


def test_every_event_is_whole():
    assert len(ALL) > 15 and problems(ALL, TOLD) == []


def planted(name, fields, doc='It happened.', frozen=True):
    """An event class of the core that no list keeps."""
    made = dataclasses.dataclass(frozen=frozen)(type(name, (events.Event,), {'__module__': 'appliance.core.planting', '__annotations__': fields, '__doc__': doc}))
    del events._classes[made.name]
    return made


@pytest.mark.parametrize(('fields', 'options', 'words'), [
    ({'person_id': int, 'actor_id': int}, {}, 'nothing publishes it'), ({'person_id': int, 'actor_id': int}, {}, 'INSIDE does not say why'),
    ({'person_id': int}, {}, 'has no actor_id'), ({'actor_id': int}, {}, 'has no person_id'), ({'person_id': int, 'actor_id': int, 'at': object}, {}, 'at is not plain'),
    ({'person_id': int, 'actor_id': int}, {'doc': None}, 'does not say when'), ({'person_id': int, 'actor_id': int}, {'frozen': False}, 'no frozen dataclass')])
def test_a_planted_omission_is_found(fields, options, words):
    made = planted('PersonPlanted', fields, **options)
    assert any(words in one for one in problems({made.name: made}, {})), problems({made.name: made}, {})


def test_one_that_goes_out_and_says_why_not_is_found():
    assert any('INSIDE says why not' in one for one in problems({'core.comment.added': ALL['core.comment.added']}, {'core.comment.added': None}))
    assert any('INSIDE does not say why' in one for one in problems({'core.person.added': ALL['core.person.added']}, {}))


SAMPLE = {int: 7, str: 'text', bool: True, float: 1.5, list: [1], dict: {'a': 1}, type(None): None}


def test_every_event_comes_back_from_its_row(box):
    for name, one in ALL.items():
        hints = typing.get_type_hints(one)
        values = {field.name: SAMPLE[_first(hints[field.name])] for field in dataclasses.fields(one)}
        with write('test'):
            event_id = events.publish(one(**(values | {'actor_id': None})))
        happened = events.read(events.EventRow.get_by_id(event_id))
        assert (happened.name, happened.version, happened.object_id) == (name, one.VERSION, 7), name
        assert one(**happened.data) == one(**(values | {'actor_id': None})) and json.loads(json.dumps(happened.data)) == happened.data, name
        # What an older portal wrote is brought up, version by version.
        assert set(one.UPCASTS) == set(range(1, one.VERSION)), name


def _first(kind):
    each = typing.get_args(kind)[0] if isinstance(kind, types.UnionType) else kind
    return typing.get_origin(each) or each
