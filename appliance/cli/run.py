"""`appliance run`: all processes here, supervised, one log; for trying out and developing."""

import os
import signal
import subprocess
import sys
import time

import click

from appliance.cli.context import opened
from appliance.cli.output import say
from appliance.core.children import die_with_parent

PROCESSES = ('web', 'jobs')
STOPPED_WITHIN_S = 15
# A process that ends sooner than this after its start has a fault that another start would not mend.
SHORTEST_LIFE_S = 5


@click.command('run')
def command():
    """Start web and jobs and watch them until Ctrl+C. One that dies is started again; one that dies at once ends all."""
    with opened() as config:
        path = str(config.path)
    stopping = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.append(True))
    running = {name: _start(name, path) for name in PROCESSES}
    say(f'The portal listens at {config.server.public_address}. Ctrl+C stops it.')
    status = 0
    while not stopping and not status:
        for name, (process, started) in running.items():
            if process.poll() is not None:
                if time.monotonic() - started < SHORTEST_LIFE_S:
                    say(f'{name} ended at once with status {process.returncode}; its last lines say why.')
                    status = 1
                    break
                say(f'{name} ended with status {process.returncode}; starting it again.')
                running[name] = _start(name, path)
        time.sleep(0.2)
    _stop([process for process, _started in running.values()])
    sys.exit(status)


def _start(name, config_path):
    environment = os.environ | {'APPLIANCE_CONFIG': config_path}
    # Sessions of their own: a Ctrl+C at the terminal reaches us alone, and we stop them in order.
    process = subprocess.Popen([sys.executable, '-m', 'appliance', name], env=environment, start_new_session=True,
                               preexec_fn=die_with_parent)
    return process, time.monotonic()


def _stop(processes):
    for process in processes:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + STOPPED_WITHIN_S
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
