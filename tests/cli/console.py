"""Runs the command line in this process and keeps what it said."""

import json
import logging
from dataclasses import dataclass

from appliance import cli
from appliance.core import db
from tests.boxes import close


@dataclass(frozen=True)
class Said:
    """What a command left: exit status, stdout, stderr."""

    status: int
    out: str
    err: str

    @property
    def data(self):
        return json.loads(self.out)

    @property
    def error(self):
        return json.loads(self.err.splitlines()[-1])['error']


def console(capsys, monkeypatch, path, arguments, text=''):
    """Run `appliance ARGUMENTS` on the configuration at a path, with text on stdin."""
    monkeypatch.setenv('APPLIANCE_CONFIG', str(path))
    stdin = type('Stdin', (), {'readline': lambda self: text, 'read': lambda self: text, 'isatty': lambda self: False,
                               'fileno': lambda self: 0})()
    monkeypatch.setattr('sys.stdin', stdin)
    capsys.readouterr()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    status = 0
    try:
        cli.main([str(argument) for argument in arguments])
    except SystemExit as end:
        status = end.code or 0
    finally:
        if db.database.obj is not None:
            close(db.database.obj)
        # The command's own handler writes to a stderr that ends with this test.
        root.handlers[:] = handlers
        root.setLevel(level)
    said = capsys.readouterr()
    return Said(status, said.out, said.err)
