"""`appliance tool`: the listing says what each tool is, keeps and costs; switching does it all when nothing else runs."""
import pytest


def tool(appliance, name):
    return next(one for one in appliance('tool', 'list', '--json').data if one['name'] == name)


def test_the_listing_tells_imports_costs_and_data(appliance):
    found = tool(appliance, 'worktime')
    assert set(found) == {'name', 'title', 'is_on', 'requires', 'by', 'at', 'rows', 'hash', 'is_imported', 'is_settled', 'fault', 'requests', 'cpu_s',
                          'queries', 'job_s', 'import_mib', 'import_ms'}
    assert found['is_on'] and found['is_imported'] and found['import_ms'] > 0 and (found['by'], found['at']) == (None, None)


def test_off_shows_nothing_but_its_data(appliance):
    before = tool(appliance, 'worktime')
    said = appliance('tool', 'off', 'worktime', '--json')
    assert (said.status, said.data['is_on'], said.data['is_settled']) == (0, False, True)
    off = tool(appliance, 'worktime')
    assert [off[key] for key in ('is_on', 'is_imported', 'import_mib', 'import_ms', 'requests', 'cpu_s', 'queries', 'job_s')] == [False, False] + 6 * [0]
    assert off['by'].startswith('console:') and off['at'].endswith('Z') and off['hash'] == before['hash']
    said = appliance('tool', 'on', 'worktime', '--json')
    assert (said.status, said.data['is_on'], said.data['outcome']['is_equal']) == (0, True, True)
    assert tool(appliance, 'worktime')['hash'] == before['hash']


@pytest.mark.parametrize('arguments', [('off', 'people'), ('on', 'nothing'), ('off', '')])
def test_what_cannot_be_is_one_line(appliance, arguments):
    said = appliance('tool', *arguments)
    assert (said.status, said.out) == (1, '') and said.err.startswith('appliance: ')


def test_a_listing_for_people(appliance):
    assert appliance('tool', 'off', 'worktime').out.startswith('worktime is off. It keeps 0 rows, ')
    assert appliance('tool', 'on', 'worktime').out == 'worktime is on. All its rows are as they were.\n'
    heading = appliance('tool', 'list').out.splitlines()[0].split()
    assert heading[:3] == ['NAME', 'TITLE', 'ON']
