"""The memory of everything that `appliance run` starts, idle."""
import time

from tests.bench.servers import serving

SETTLED_S = 10


def test_idle(crowd, table):
    with serving(['appliance', 'run'], crowd.box, log=crowd.box.folder / 'run.log') as server:
        time.sleep(SETTLED_S)
        found = server.pss_mib()
    for name, mib in found.items():
        table(f'idle: {name}', mib, None, 'MiB')
    table(f'idle PSS of all {len(found)} processes', sum(found.values()), 200, 'MiB')
