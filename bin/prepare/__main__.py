"""What bin/run and bin/test do before the portal's own environment exists: standard library only.

    python3 bin/prepare run|test ARGUMENTS
"""
import signal
import sys

import portal
import suite
from machine import Stop

COMMANDS = {'run': portal.main, 'test': suite.main}


def main():
    """Run one command; a Stop becomes one line and exit status 1."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        # So that what was begun is cleaned up, as after Ctrl+C.
        signal.signal(number, signal.default_int_handler)
    try:
        return COMMANDS[sys.argv[1]](sys.argv[2:])
    except Stop as stop:
        print(f'bin/{sys.argv[1]}: {stop}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\nStopped.', file=sys.stderr)
        return 130


if __name__ == '__main__':
    sys.exit(main())
