"""/admin/backups: what the state file tells, without key or repository; each finding in words."""
import json

from appliance.core.actor import SYSTEM
from appliance.core.jobs.runs import JobRun
from appliance.core.people import set_language, set_zone


def note(lumbreras, **values):
    """Write the state file as a backup leaves it."""
    config = lumbreras.box.config
    known = {'repository': config.repository, 'listed_at': '2026-11-23T01:31:00Z', 'snapshots': []}
    (config.data.folder / 'backup-state.json').write_text(json.dumps(known | values))


def row(**values):
    return {'snapshot': 'a1b2c3d4' + '0' * 56, 'created_at': '2026-11-23T01:30:00Z', 'size_bytes': 5_500_000, 'engine': 'sqlite', 'version': '0.1.0',
            'verified_at': None, 'drilled_at': None, **values}


def test_without_a_backup_the_page_says_what_to_do(lumbreras, administrator):
    text = administrator.get('/admin/backups').text
    for words in ('There is no backup yet', 'Backups go into the data folder', 'appliance backup key'):
        assert words in text, words
    assert 'None yet' in administrator.get('/admin').text


def test_a_backup_is_shown_with_its_proofs(lumbreras, administrator):
    set_zone(SYSTEM, lumbreras.ids['administrator'], 'Europe/Madrid')
    set_language(SYSTEM, lumbreras.ids['administrator'], 'es')
    note(lumbreras, snapshots=[row(verified_at='2026-11-23T02:00:00Z'), row(snapshot='f' * 64)])
    text = administrator.get('/admin/backups').text
    first, second = text.split('<tbody>')[1].split('</tbody>')[0].split('<tr>')[1:]
    assert '23/11/26, 2:30' in first and '23/11/26, 3:00' in first and '5,2 MiB' in first and 'SQLite' in first and 'a1b2c3d4<' in first
    assert first.count('>Íntegra<') == 1 and second.count('>Íntegra<') == 0


def test_a_failure_is_told_as_text(lumbreras, administrator):
    failure = {'at': '2026-11-23T01:31:00Z', 'what': 'create', 'code': 'full', 'message': 'The disk is full <b>now</b>.'}
    note(lumbreras, failures={'create': failure})
    assert 'The disk is full &lt;b&gt;now&lt;/b&gt;.' in administrator.get('/admin/backups').text
    assert 'The last one failed' in administrator.get('/admin').text


def test_rows_of_another_repository_are_not_shown(lumbreras, administrator):
    note(lumbreras, repository='/mnt/former', snapshots=[row()])
    assert 'There is no backup yet' in administrator.get('/admin/backups').text


def test_a_damaged_state_file_is_no_failure(lumbreras, administrator):
    (lumbreras.box.config.data.folder / 'backup-state.json').write_text('{"snapshots": [')
    assert administrator.get('/admin/backups').status_code == 200


def test_a_backup_can_be_asked_for(lumbreras, administrator):
    answer = administrator.post('/admin/jobs/core.backup/runs', page='/admin/backups')
    assert (answer.status_code, JobRun.get().job) == (303, 'core.backup')


TRIAL = {'at': '2026-11-23T03:00:00Z', 'snapshot': '2026-11-23T01:30:00Z', 'start_ms': 2345, 'seconds': 12.3, 'walls': 'kernel',
         'pages': [{'address': '/', 'status': 200, 'ms': 41, 'problem': '', 'detail': ''}]}


def test_the_portal_on_trial_is_told_with_its_pages(lumbreras, administrator):
    note(lumbreras, snapshots=[row()], trial=TRIAL)
    text = administrator.get('/admin/backups').text
    for words in ('A portal started and answered', 'in 2,345 ms', 'took 12.3 s', '<code>/</code>', '/admin/jobs/core.drill/runs'):
        assert words in text, words
    assert 'guard in the process alone' not in text
    set_language(SYSTEM, lumbreras.ids['administrator'], 'es')
    assert 'La última restauración de prueba' in administrator.get('/admin/backups').text


def test_what_failed_on_trial_is_told_as_text(lumbreras, administrator):
    page = {'address': '/<b>', 'status': 0, 'ms': 0, 'problem': 'unusable', 'detail': 'No <b>'}
    note(lumbreras, snapshots=[row()], trial=TRIAL | {'seconds': None, 'start_ms': None, 'walls': 'process', 'pages': [page]})
    text = administrator.get('/admin/backups').text
    assert 'the tool cannot be used' in text and 'No &lt;b&gt;' in text and '/&lt;b&gt;' in text and 'guard in the process alone' in text
    assert 'A portal started' not in text


def test_a_restore_on_trial_can_be_asked_for_once_there_is_a_backup(lumbreras, administrator):
    assert 'core.drill' not in administrator.get('/admin/backups').text
    note(lumbreras, snapshots=[row()])
    answer = administrator.post('/admin/jobs/core.drill/runs', page='/admin/backups')
    assert (answer.status_code, JobRun.get().job) == (303, 'core.drill')
