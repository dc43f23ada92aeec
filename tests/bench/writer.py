"""One process of writers: threads that act as fast as they are let. Run as: python -m tests.bench.writer CONFIG SECONDS THREADS.

Prints {"times": [seconds, ...], "errors": [text, ...]}.
"""
import json
import sys
import threading
import time
from pathlib import Path

from appliance.core import config, db, people, sealing
from appliance.core.actor import SYSTEM

ZONES = ('Europe/Madrid', 'Europe/Lisbon')


def write(until, number, times, errors):
    """Change one person's zone to and fro until that moment."""
    turn = 0
    with db.connected():
        while time.monotonic() < until:
            begun = time.perf_counter()
            try:
                people.set_zone(SYSTEM, number, ZONES[turn % 2])
            except Exception as error:
                errors.append(f'{type(error).__name__}: {error}')
            times.append(time.perf_counter() - begun)
            turn += 1
        db.database.close()


def main(path, seconds, threads):
    """Write from several threads of this process."""
    portal = config.load(Path(path))
    sealing.use_key(sealing.read_key(portal.secrets.key_file))
    db.open_database(portal.database.url, portal.database.password_file)
    until, times, errors = time.monotonic() + float(seconds), [], []
    writers = [threading.Thread(target=write, args=(until, number + 1, times, errors)) for number in range(int(threads))]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    print(json.dumps({'times': times, 'errors': errors}))


if __name__ == '__main__':
    main(*sys.argv[1:])
