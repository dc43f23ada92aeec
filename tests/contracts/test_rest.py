"""Every method and every event of REST says what it is, has a scope with a title, and asks the same rights wherever it is called."""
import dataclasses
import inspect

import pytest

from appliance.core import events
from appliance.core.actor import ADMINISTRATOR, KINDS
from appliance.core.rest import happenings, methods
from appliance.core.rest.kinds import Kind, Text
from appliance.core.rest.queries import Open
from appliance.core.tool import registry
from tests.contracts.sources import ROOT, python_files
from tests.switches import every_tool

with every_tool():
    methods.load()
    registry.load('events')
    METHODS, HAPPENINGS, SCOPES, EVENTS = methods.declared(), happenings.declared(), methods.scopes(), events.declared()
# What issue and design promise by name.
PROMISED = {'methods', 'method.get', 'scope', 'server.time', 'profile', 'user.current', 'user.get', 'user.search', 'department.get', 'timeman.status',
            'timeman.open', 'timeman.pause', 'timeman.close', 'im.notify.personal.add', 'batch', 'events', 'event.bind', 'event.unbind', 'event.get', 'app.info', 'feature.get'}


def test_what_was_promised_is_there():
    assert PROMISED <= {one.name for one in METHODS.values()}


def problems(found, scopes):
    """What methods ({name: Method}) lack, as `<name>: <what>`."""
    said = []
    for name, method in found.items():
        if not method.summary.endswith('.') or len(method.summary) > 200:
            said.append(f'{name}: does not say in a sentence what it does')
        if not method.roles or not method.roles <= {*KINDS, ADMINISTRATOR}:
            said.append(f'{name}: is for no role, or for one that is none')
        if method.scope and str(scopes.get(method.scope, method.scope)) == method.scope:
            said.append(f'{name}: the scope {method.scope} has no title: rest.scope(...)')
        for parameter, (kind, default) in method.parameters.items():
            if not isinstance(kind, Kind) or not kind.about:
                said.append(f'{name}: what is {parameter}?')
            elif not isinstance(kind, Open) and kind.schema['type'] not in ('string', 'integer', 'boolean', 'object', 'array'):
                said.append(f'{name}: of which type is {parameter}?')
            if default is not inspect.Parameter.empty and default not in (None, '', 0, False, 'online'):
                said.append(f'{name}: {parameter} has a default that changes')
    return said


def silent(found, declared, scopes):
    """What the events that go out ({name: Happening}) lack."""
    said = []
    for name, one in found.items():
        if name != name.upper() or not one.summary.endswith('.'):
            said.append(f'{name}: is not written large, or does not say when it comes')
        if one.event not in declared:
            said.append(f'{name} is told when {one.event} happens, which nothing publishes')
        if one.scope and one.scope not in scopes:
            said.append(f'{name}: the scope {one.scope} is none')
    return said


def test_every_method_is_documented_and_typed():
    assert len(METHODS) > 20 and problems(METHODS, SCOPES) == []


def test_every_event_is_documented_and_really_happens():
    assert HAPPENINGS and silent(HAPPENINGS, EVENTS, SCOPES) == []


def _undocumented(call, a, b=[1]):      # noqa: B006 - what is planted is wrong
    """No sentence"""


@pytest.mark.parametrize(('values', 'words'), [
    ({'function': _undocumented}, 'does not say in a sentence'), ({'roles': frozenset()}, 'is for no role'), ({'roles': frozenset({'boss'})}, 'is for no role'),
    ({'scope': 'planted'}, 'has no title'), ({'parameters': {'a': (Text(''), inspect.Parameter.empty)}}, 'what is a?'),
    ({'parameters': {'a': (str, inspect.Parameter.empty)}}, 'what is a?'), ({'parameters': {'a': (Text('Any.'), [1])}}, 'a default that changes')])
def test_a_planted_omission_is_found(values, words):
    found = problems({'user.get': dataclasses.replace(METHODS['user.get'], **values)}, SCOPES)
    assert len(found) == 1 and words in found[0], found


@pytest.mark.parametrize(('values', 'words'), [({'event': 'core.nothing.happened'}, 'which nothing publishes'), ({'scope': 'planted'}, 'is none'), ({'data': _undocumented}, 'when it comes')])
def test_a_planted_event_is_found(values, words):
    found = silent({'ONUSERADD': dataclasses.replace(HAPPENINGS['ONUSERADD'], **values)}, EVENTS, SCOPES)
    assert len(found) == 1 and words in found[0], found


def test_an_undocumented_method_cannot_be_declared():
    def silent(call):
        pass

    def untyped(call, something):
        """Does something."""
    for function in (silent, untyped):
        with pytest.raises(ValueError):
            methods.method('test.method')(function)
    with pytest.raises(ValueError):
        happenings.happening('ONTEST', 'core.person.added')(silent)


def test_a_name_is_declared_once():
    def get(call):
        """Another one of the same name."""
    get.__module__ = 'appliance.tools.other.rest'
    with pytest.raises(ValueError):
        methods.method('USER.get'.lower())(get)


WRITING = ('.create(', '.insert(', '.update(', '.delete(', '.save(', 'write(', 'flask')


def beside_the_rules(text):
    """What a tool's rest.py does by itself that a rule should."""
    return [word for word in WRITING if word in text]


@pytest.mark.parametrize('path', [path for path in python_files('appliance/tools', 'tests/planted') if path.stem == 'rest'], ids=str)
def test_a_tools_methods_write_through_its_rules(path):
    assert beside_the_rules((ROOT / path).read_text()) == [], f'{path}: a method calls a rule, it does not write'


def test_a_method_that_writes_is_found():
    assert beside_the_rules('Person.update(name=name).execute()') == ['.update('] and beside_the_rules('rules.add_note(call.actor, title)') == []
