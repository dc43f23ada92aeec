"""The memory of everything that `appliance run` starts, idle."""
import shutil
import time

from tests.bench.servers import served_box, serving

SETTLED_S = 10


def test_idle(sqlite_template, tmp_path, table):
    # A portal of its own: the other benches' web process has their port.
    (tmp_path / 'data').mkdir()
    shutil.copyfile(sqlite_template.file, tmp_path / 'data' / 'portal.db')
    box = served_box(tmp_path, 'sqlite:///data/portal.db')
    with serving(['appliance', 'run'], box, log=tmp_path / 'run.log') as server:
        time.sleep(SETTLED_S)
        found = server.pss_mib()
    for name, mib in found.items():
        table(f'idle: {name}', mib, None, 'MiB')
    table(f'idle PSS of all {len(found)} processes', sum(found.values()), 200, 'MiB')
