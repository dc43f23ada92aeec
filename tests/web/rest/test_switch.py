"""Methods come and go with their tool: off they are as absent as a name that nobody ever gave; while it comes on they wait."""
from appliance.core import switch
from appliance.core.actor import SYSTEM
from appliance.core.tool import registry
from tests.web.rest.callers import caller


def turn(name, to_on):
    """Switch a tool and read the switches, as a new process does."""
    switch.turn(SYSTEM, name, to_on)
    switch.load()


def test_methods_of_a_tool_are_there_while_it_is_on(company):
    program = caller(company, 'employee')
    assert program.refusal('planted.note.list') == program.refusal('never.was') == (404, 'ERROR_METHOD_NOT_FOUND')
    assert 'planted' not in program.result('scope', 'full=1')
    turn('planted', True)
    registry.use(registry.version, registry.names, ())
    planted = caller(company, 'employee', ['planted'])
    assert planted.result('planted.note.add', {'title': 'First'}) == 1
    assert planted.result('planted.note.list') == [{'ID': '1', 'TITLE': 'First'}]
    assert caller(company, 'outsider', ['planted']).refusal('planted.note.get', 'id=1') == planted.refusal('planted.note.get', 'id=2') == (404, 'ERROR_NOT_FOUND')
    turn('planted', False)
    assert planted.refusal('planted.note.list') == (404, 'ERROR_METHOD_NOT_FOUND')
    turn('worktime', False)
    assert program.refusal('timeman.status') == (404, 'ERROR_METHOD_NOT_FOUND')
    assert 'ONTIMEMANOPEN' not in program.result('events') and 'timeman' not in program.result('scope', 'full=1')


def test_methods_of_a_tool_that_is_being_switched_on_wait(company):
    program = caller(company, 'employee')
    registry.use(registry.version, registry.names, ['worktime'])
    answer = program.ask('timeman.status')
    assert (answer.status_code, answer.json['error'], answer.headers['Retry-After']) == (503, 'OVERLOAD_LIMIT', '2')
    found = program.result('batch', json={'cmd': {'a': 'timeman.status', 'b': 'profile'}})
    assert found['result_error']['a']['error'] == 'OVERLOAD_LIMIT' and found['result']['b']
