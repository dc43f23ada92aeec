"""What importing each tool costs, measured in a process that has imported nothing else of it: `python -m appliance.cli.tool_cost NAME...`.

Prints {name: {mib, ms}}. Each tool is measured in a child of its own, forked after the base was imported.
"""

import importlib
import json
import os
import subprocess
import sys
import time

TIMEOUT_S = 60
# What a web worker or jobs has imported anyway before the first tool comes.
BASE = ('appliance.web.wsgi', 'appliance.core.jobs')


def measure(names):
    """{name: {'mib': resident memory, 'ms': processor time}} of importing all parts of these tools, each in a fresh process."""
    if not names:
        return {}
    answer = subprocess.run([sys.executable, '-m', 'appliance.cli.tool_cost', *names], capture_output=True, text=True, timeout=TIMEOUT_S,
                            check=True)
    return json.loads(answer.stdout)


def _resident_kib():
    with open('/proc/self/smaps_rollup', encoding='ascii') as file:
        return sum(int(line.split()[1]) for line in file if line.startswith(('Private_Clean:', 'Private_Dirty:')))


def _import_all(name):
    """Import every part of a tool but its migrations; returns (KiB, milliseconds)."""
    memory, begun = _resident_kib(), time.process_time()
    package = importlib.import_module(f'appliance.tools.{name}')
    for entry in sorted(os.scandir(package.__path__[0]), key=lambda one: one.name):
        part = entry.name.removesuffix('.py')
        if part.isidentifier() and part not in ('__init__', '__pycache__') and (
                entry.name.endswith('.py') or os.path.exists(os.path.join(entry.path, '__init__.py'))):
            importlib.import_module(f'appliance.tools.{name}.{part}')
    return _resident_kib() - memory, (time.process_time() - begun) * 1000


def main(names):
    for module in BASE:
        importlib.import_module(module)
    found = {}
    for name in names:
        reader, writer = os.pipe()
        if os.fork() == 0:
            try:
                os.write(writer, json.dumps(_import_all(name)).encode())
            finally:
                os._exit(0)
        os.close(writer)
        with open(reader, encoding='ascii') as file:
            text = file.read()
        os.wait()
        kib, ms = json.loads(text) if text else (0, 0)
        found[name] = {'mib': round(max(0, kib) / 1024, 2), 'ms': round(ms, 1)}
    print(json.dumps(found))


if __name__ == '__main__':
    main(sys.argv[1:])
