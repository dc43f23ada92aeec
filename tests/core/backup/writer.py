"""Somebody who writes without pause, in a process of his own: python -m tests.core.backup.writer CONFIG."""
import sys

from appliance.core import clock, config, db, sealing
from appliance.identity.models import LoginFailure


def write(path):
    """Add a row a transaction until killed."""
    found = config.load(path)
    sealing.use_key(sealing.read_key(found.secrets.key_file))
    db.open_database(found.database.url)
    with db.connected():
        while True:
            with db.write('test'):
                LoginFailure.create(bucket='x' * 2000, at=clock.now())


if __name__ == '__main__':
    write(sys.argv[1])
