"""Sixteen writers at once on SQLite, four processes of four threads: no lock error, and nobody waits long."""
import json
import subprocess
import sys

from tests.bench.load import p50, p99

PROCESSES, THREADS, SECONDS = 4, 4, 6


def test_sixteen_writers(crowd, table):
    writers = [subprocess.Popen([sys.executable, '-m', 'tests.bench.writer', str(crowd.box.config.path), str(SECONDS), str(THREADS)],
                                stdout=subprocess.PIPE) for _number in range(PROCESSES)]
    found = [json.loads(writer.communicate()[0]) for writer in writers]
    times = [seconds for one in found for seconds in one['times']]
    errors = [error for one in found for error in one['errors']]
    table(f'16 writers, p50 of {len(times)} writes', p50(times) * 1000, None, 'ms')
    table('16 writers, p99', p99(times) * 1000, 20, 'ms')
    table('16 writers, errors', len(errors), 0)
    assert not errors, errors[:3]
