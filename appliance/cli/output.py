"""How commands speak: results on stdout, progress and failures on stderr, the same data as a table or as JSON."""

import json
import shutil
import sys
from datetime import date, datetime

import click


def say(text):
    """Progress or a remark: on stderr, so that results can be piped."""
    print(text, file=sys.stderr, flush=True)


def fail(code, message, as_json=False):
    """End with status 1 and one line (or one JSON object) on stderr."""
    say(json.dumps({'error': {'code': code, 'message': message}}, ensure_ascii=False) if as_json else f'appliance: {message}')
    sys.exit(1)


def plain(value):
    """A value as JSON shows it: moments as `2026-11-23T09:00:00Z`, days as ISO dates."""
    if isinstance(value, datetime):
        return value.strftime('%Y-%m-%dT%H:%M:%SZ')
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (set, frozenset, tuple)):
        return sorted(value) if isinstance(value, (set, frozenset)) else list(value)
    raise TypeError(f'{value!r} cannot be shown')


def as_json_text(data):
    return json.dumps(data, default=plain, ensure_ascii=False)


def listing(rows, columns, as_json=False, empty='Nothing.'):
    """Print rows (dicts): all of each as JSON, or the named columns as a table; `columns` is {key: heading}."""
    if as_json:
        print(as_json_text(rows))
        return
    if not rows:
        say(empty)
        return
    table = [list(columns.values())] + [[_cell(row[key]) for key in columns] for row in rows]
    widths = [max(len(line[number]) for line in table) for number in range(len(columns))]
    if sys.stdout.isatty() and sum(widths) + 2 * (len(widths) - 1) > shutil.get_terminal_size().columns:
        # Lines that wrap are columns no more.
        for line in table[1:]:
            record(dict(zip(table[0], line, strict=True)))
            print()
        return
    for number, line in enumerate(table):
        text = '  '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        click.secho(text, bold=number == 0)


def record(values):
    """Print {heading: value}, a line each; of a list one a line."""
    width = max(map(len, values))
    for heading, value in values.items():
        lines = [_cell(one) for one in value] if isinstance(value, (list, tuple)) else [_cell(value)]
        for number, line in enumerate(lines or ['-']):
            click.echo(f'{click.style(("" if number else heading).ljust(width), bold=True)}  {line}')


def _cell(value):
    if value is None or value == '':
        return '-'
    if isinstance(value, bool):
        return 'yes' if value else 'no'
    if isinstance(value, datetime):
        return value.strftime('%Y-%m-%d %H:%M')
    if isinstance(value, (list, tuple, set, frozenset)):
        return ', '.join(str(item) for item in sorted(value)) or '-'
    return str(value)


def as_json_option(function):
    """Adds `--json` to a command, as the argument `as_json`."""
    return click.option('--json', 'as_json', is_flag=True, help='One JSON array (or object) instead of a table.')(function)


def read_secret(prompt, from_stdin):
    """A secret from the first line of stdin, or typed without being shown; never an argument, which `ps` would tell."""
    if from_stdin:
        secret = sys.stdin.readline().rstrip('\n')
        if not secret:
            raise click.UsageError('nothing came on stdin')
        return secret
    if not sys.stdin.isatty():
        raise click.UsageError('a secret is needed: type it at a terminal, or give it on stdin')
    return click.prompt(prompt, hide_input=True, err=True)
