"""core.drill: the monthly restore on trial as a run of a job, in a process of its own beside the portal's database."""
import pytest

from appliance.core import jobs, sealing
from appliance.core.backup import keeping
from appliance.core.jobs import runs
from appliance.core.jobs.runs import JobRun
from appliance.jobs import by_hand, on_trial, own
from tests.boxes import opened
from tests.core.backup.conftest import silent

pytestmark = pytest.mark.slow


def run_drill(box, said):
    """Ask for the job and run it here; how it ended."""
    own.load()
    slot = jobs.request(on_trial.SYSTEM, 'core.drill')
    run_id, = runs.of_slot('core.drill', slot)
    return by_hand.run_one(run_id, jobs.declared()['core.drill'], box.config, said.append)


def test_the_job_drills_the_newest_backup(closed_box, monkeypatch):
    monkeypatch.setenv('APPLIANCE_CONFIG', '/nowhere')      # the run's configuration counts, not who started the process
    sealing.create_key(closed_box.config.backup.key_file)
    said = []
    with opened(closed_box):
        assert run_drill(closed_box, said) == 'done' and said == []     # there is no backup: nothing to do, nothing to tell
        keeping.create(closed_box.config, silent)
        assert run_drill(closed_box, said) == 'done' and any('starting a portal' in text for text in said)
        trial = keeping.list_backups(closed_box.config)['trial']
        assert [page['address'] for page in trial['pages']] == ['/login'] and trial['seconds'] > 0
        (closed_box.config.data.folder / 'backups' / 'config').write_bytes(b'')
        assert run_drill(closed_box, said) == 'waiting'      # tried again
        row = JobRun.select().where(JobRun.job == 'core.drill').order_by(JobRun.id.desc()).get()
        assert 'The restore on trial failed.' in row.error and keeping.list_backups(closed_box.config)['failure']['what'] == 'drill'
