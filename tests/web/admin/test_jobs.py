"""/admin/jobs: every declared job with what was promised and what came; asking for a run."""
from datetime import timedelta

from appliance.core import clock
from appliance.core.jobs.runs import JobRun

DAY = timedelta(days=1)


def add_run(state, due_ago=DAY, **values):
    due = clock.now() - due_ago
    return JobRun.create(job='core.outbox', slot=due.isoformat(), due_at=due, next_at=due, state=state, **values)


def row_of(text, name='core.outbox'):
    return next(part for part in text.split('<tr>') if f'/admin/jobs/{name}"' in part)


def test_every_declared_job_is_listed(lumbreras, administrator):
    text = administrator.get('/admin/jobs').text
    for name in ('core.outbox', 'core.clean', 'worktime.remind', 'worktime.expire'):
        assert 'Never ran' in row_of(text, name), name


def test_states_are_words(lumbreras, administrator):
    for state, word in (('done', 'Done'), ('failed', 'Failed'), ('missed', 'Missed'), ('running', 'Running')):
        JobRun.delete().execute()
        add_run(state, started_at=clock.now() - DAY)
        assert f'>{word}</span>' in row_of(administrator.get('/admin/jobs').text)
        assert f'>{word}</span>' in administrator.get('/admin/jobs/core.outbox').text


def test_late_is_said_after_a_minute(lumbreras, administrator):
    add_run('waiting', due_ago=timedelta(hours=2, minutes=5))
    assert '2 h 05 min' in row_of(administrator.get('/admin/jobs').text)
    assert 'Send mails' in administrator.get('/admin').text.split('class="rows overview"')[1]
    JobRun.delete().execute()
    add_run('waiting', due_ago=timedelta(seconds=20))
    assert 'On time' in row_of(administrator.get('/admin/jobs').text)


def test_the_last_error_is_shown_as_text(lumbreras, administrator):
    add_run('failed', error='OSError: <script>x</script>', started_at=clock.now() - DAY, ended_at=clock.now())
    for path in ('/admin/jobs', '/admin/jobs/core.outbox'):
        assert 'OSError: &lt;script&gt;' in administrator.get(path).text


def test_a_run_is_asked_for_once(lumbreras, administrator):
    key = {'request_key': 'the same key twice'}
    for _turn in range(2):
        answer = administrator.post('/admin/jobs/core.clean/runs', key, page='/admin/jobs/core.clean')
        assert (answer.status_code, answer.location) == (303, '/admin/jobs/core.clean')
    run = JobRun.get()
    assert (JobRun.select().count(), run.job, run.state) == (1, 'core.clean', 'waiting')
    assert 'An administrator' in administrator.get('/admin/jobs/core.clean').text


def test_unknown_jobs_are_not_found(lumbreras, administrator):
    for name in ('core.nothing', '%00', "x'--", 'x' * 1000):
        assert administrator.get(f'/admin/jobs/{name}').status_code == 404
        assert administrator.post(f'/admin/jobs/{name}/runs', page='/settings').status_code == 404
    assert not JobRun.select().exists()
