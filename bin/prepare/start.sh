#!/bin/sh
# Find a Python that is new enough and hand over to it: start.sh run|test ARGUMENTS
here=$(dirname -- "$0")
for python in python3 python3.14 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        # -B: no __pycache__ in the clone, which may be somebody else's.
        exec "$python" -B "$here" "$@"
    fi
done
echo "Python 3.11 or newer is needed; this machine has $(python3 --version 2>/dev/null || echo none)." >&2
exit 1
