"""Every method and every event of REST says what it is, has a scope with a title, and asks the same rights wherever it is called."""
import inspect

import pytest

from appliance.core import events
from appliance.core.actor import ADMINISTRATOR, KINDS
from appliance.core.rest import happenings, methods
from appliance.core.rest.kinds import Kind
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


@pytest.mark.parametrize('name', METHODS)
def test_method_is_documented_and_typed(name):
    method = METHODS[name]
    assert method.summary.endswith('.') and len(method.summary) < 200
    assert method.roles and method.roles <= {*KINDS, ADMINISTRATOR}
    assert not method.scope or str(SCOPES[method.scope]) != method.scope, f'the scope {method.scope} has no title: rest.scope(...)'
    for parameter, (kind, default) in method.parameters.items():
        assert isinstance(kind, Kind) and kind.about, f'{name}: what is {parameter}?'
        assert isinstance(kind, Open) or kind.schema['type'] in ('string', 'integer', 'boolean', 'object', 'array')
        assert default is inspect.Parameter.empty or default in (None, '', 0, False, 'online'), f'{name}: {parameter} has a default that changes'


@pytest.mark.parametrize('name', HAPPENINGS)
def test_event_is_documented_and_really_happens(name):
    one = HAPPENINGS[name]
    assert name == name.upper() and one.summary.endswith('.')
    assert one.event in EVENTS, f'{name} is told when {one.event} happens, which nothing publishes'
    assert not one.scope or one.scope in SCOPES


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


@pytest.mark.parametrize('path', [path for path in python_files('appliance/tools', 'tests/planted') if path.stem == 'rest'], ids=str)
def test_a_tools_methods_write_through_its_rules(path):
    text = (ROOT / path).read_text()
    for word in ('.create(', '.insert(', '.update(', '.delete(', '.save(', 'write(', 'flask'):
        assert word not in text, f'{path}: a method calls a rule, it does not write: {word}'
