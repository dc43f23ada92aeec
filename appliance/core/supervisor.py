"""Watches over the portal's processes: `python -m appliance.core.supervisor ADDRESS NAME...` starts `appliance NAME` for each.

Becomes what `appliance run` was, in the same process but without all that was imported to check the configuration: it runs as
long as the portal does, so it imports the standard library only.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time

from appliance.core.children import die_with_parent

STOPPED_WITHIN_S = 15
LOOK_EVERY_S = 0.2
# A process that ends sooner than this after its start has a fault that another start would not mend.
SHORTEST_LIFE_S = 5


def become(address, names):
    """Replace this process by the supervisor; does not return. $APPLIANCE_CONFIG names the configuration."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, '-m', 'appliance.core.supervisor', address, *names])


def main(address, *names):
    """Watch until a signal; returns the exit status: 1 when a process ended at once, which ends all."""
    stopping = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopping.append(True))
    running = {name: start(name) for name in names}
    say(f'The portal listens at {address}. Ctrl+C stops it.')
    status = 0
    while not stopping and not status:
        status = watch(running)
        time.sleep(LOOK_EVERY_S)
    stop([process for process, _started in running.values()])
    return status


def watch(running):
    """Start again what died ({name: (process, when it was started)}); 1 when one died at once, else 0."""
    for name, (process, started) in running.items():
        if process.poll() is None:
            continue
        end_group(process)
        # Who was killed may have been well; who gave up by himself at once will do so again.
        if process.returncode > 0 and time.monotonic() - started < SHORTEST_LIFE_S:
            say(f'{name} ended at once with status {process.returncode}; its last lines say why.')
            return 1
        say(f'{name} ended with status {process.returncode}; starting it again.')
        running[name] = start(name)
    return 0


def start(name):
    """(process, moment) of a command in a session of its own: a Ctrl+C at the terminal reaches us alone, and we stop all in order."""
    process = subprocess.Popen([sys.executable, '-m', 'appliance', name], start_new_session=True, preexec_fn=die_with_parent)
    return process, time.monotonic()


def end_group(process):
    """What a dead process had started must not serve on beside its successor."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


def stop(processes):
    """End processes: politely, then by force."""
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


def say(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
