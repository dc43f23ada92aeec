"""`appliance job list|run` and `appliance jobs`."""
KEYS = ['last_ended_at', 'last_slot', 'last_started_at', 'last_state', 'late_s', 'name', 'next_at', 'schedule', 'tool']


def test_the_list_has_the_fixed_keys(appliance):
    rows = appliance('job', 'list', '--json').data
    assert [sorted(row) for row in rows] == [KEYS] * len(rows)
    assert {row['name'] for row in rows} >= {'core.backup', 'core.clean', 'core.outbox', 'worktime.expire', 'worktime.remind'}
    assert {row['last_state'] for row in rows} == {None}
    assert 'core.backup' in appliance('job', 'list').out


def test_a_job_can_be_run_by_hand_without_the_process(appliance):
    said = appliance('job', 'run', 'core.clean')
    assert (said.status, said.out) == (0, '') and 'core.clean: done' in said.err
    row = next(row for row in appliance('job', 'list', '--json').data if row['name'] == 'core.clean')
    assert row['last_state'] == 'done' and row['last_ended_at'].endswith('Z') and row['late_s'] == 0


def test_an_unknown_job_is_wrong_use(appliance):
    said = appliance('job', 'run', 'core.nothing')
    assert said.status == 2 and 'there is no job core.nothing' in said.err


def test_a_job_that_fails_is_told_with_status_1(appliance, closed_box):
    closed_box.config.backup.key_file.unlink(missing_ok=True)
    said = appliance('job', 'run', 'core.backup')
    assert said.status == 1 and 'did not end well' in said.err
    row = next(row for row in appliance('job', 'list', '--json').data if row['name'] == 'core.backup')
    assert row['last_state'] == 'failed'
