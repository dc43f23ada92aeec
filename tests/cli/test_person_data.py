"""`appliance person data-map|export|forget|hold|release|holds`."""
import stat
import zipfile

import pytest


@pytest.fixture
def erika(appliance):
    appliance('person', 'add', '--login', 'admin', '--name', 'Anna Admin')
    appliance('person', 'make-admin', 'admin')
    return appliance('person', 'add', '--login', 'erika', '--name', 'Erika Example', '--mail', 'erika@firma.example', '--json').data['id']


def test_the_map_names_every_table(appliance):
    rows = appliance('person', 'data-map', '--json').data
    session = next(one for one in rows if one['table'] == 'session')
    assert session['kept'].startswith('1 day') and session['job'] == 'core.clean' and session['forgotten'] == 'deleted' and session['is_personal']
    assert not next(one for one in rows if one['table'] == 'revision')['is_personal']
    assert 'worktime_day' in appliance('person', 'data-map').out


def test_an_export_is_a_zip_for_its_owner_alone(appliance, erika, tmp_path):
    path = tmp_path / 'erika.zip'
    said = appliance('person', 'export', 'erika', '--to', path, '--json')
    assert said.status == 0 and said.data['path'] == str(path) and said.data['files'] == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with zipfile.ZipFile(path) as packed:
        assert {'index.html', 'style.css', 'data/person.json'} <= set(packed.namelist())
    again = appliance('person', 'export', 'erika', '--to', path)
    assert again.status == 1 and 'File exists' in again.err
    assert appliance('person', 'export', 'nobody', '--to', tmp_path / 'x').status == 1 and not (tmp_path / 'x').exists()
    assert appliance('person', 'export', 'erika', '--to', tmp_path / 'none' / 'x').status == 1


def test_forgetting_is_a_dry_run_first(appliance, erika):
    shown = appliance('person', 'forget', 'erika', '--json')
    assert shown.status == 0 and shown.data['is_done'] is False and shown.data['stand_in'] == f'Former employee {erika}'
    assert 'Nothing was changed' in appliance('person', 'forget', 'erika').err
    done = appliance('person', 'forget', 'erika', '--also', 'Erika Before', '--yes')
    assert done.status == 0 and f'Former employee {erika}' in done.err
    assert appliance('person', 'forget', 'erika', '--yes').status == 1
    assert appliance('person', 'forget', f'former-{erika}').status == 1


def test_the_last_administrator_is_not_forgotten(appliance, erika):
    shown = appliance('person', 'forget', 'admin')
    assert shown.status == 1 and 'In the way: There must be another active administrator first.' in shown.err
    assert appliance('person', 'forget', 'admin', '--yes', '--json').error['code'] == 'conflict'


def test_a_hold_is_put_on_listed_and_ended(appliance, erika):
    assert appliance('person', 'hold', 'erika', '--reason', 'a case at court', '--until', '2031-12-31').status == 0
    row, = appliance('person', 'holds', '--json').data
    assert (row['name'], row['reason'], row['until'], row['is_on']) == ('Erika Example', 'a case at court', '2031-12-31', True)
    assert row['by'].startswith('console:')
    assert appliance('person', 'forget', 'erika', '--yes').status == 1
    assert appliance('person', 'release', row['id']).status == 0 and appliance('person', 'release', row['id']).status == 1
    assert appliance('person', 'release', 99).status == 1
    assert appliance('person', 'hold', 'erika', '--reason', 'x', '--until', 'never', ).status == 1
