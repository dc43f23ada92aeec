"""`appliance backup`: make snapshots of everything, look at them, prove them."""

import click

from appliance.cli.context import load_config, opened
from appliance.cli.output import as_json_option, as_json_text, listing, say
from appliance.core.backup import keeping
from appliance.jobs import on_trial

COLUMNS = {'snapshot': 'SNAPSHOT', 'created_at': 'CREATED (UTC)', 'size_bytes': 'BYTES', 'engine': 'ENGINE', 'version': 'VERSION',
           'verified_at': 'VERIFIED', 'drilled_at': 'DRILLED'}
ref = click.argument('snapshot', default=keeping.LATEST)


@click.group('backup')
def command():
    """Make, list and prove backups; show their key. `appliance restore` puts one back."""


@command.command('key')
@click.option('--again', is_flag=True, help='Show it although it was shown before.')
@as_json_option
def key(again, as_json):
    """Show the key of the backups, once, to be kept outside this server. Without it no backup can be opened."""
    shown = keeping.show_key(load_config(), again)
    say('Keep this where you will find it when this server is gone, and where nobody else does:')
    print(as_json_text({'key': shown}) if as_json else shown)


@command.command('create')
@as_json_option
def create(as_json):
    """Take a snapshot of database, files and secrets while the portal runs."""
    with opened(is_checked=False) as config:
        row = keeping.create(config, _steps())
    _show(row, as_json, f"Kept {row['snapshot'][:8]}: {row['size_bytes']:,} bytes. Nobody has read it back yet: appliance backup verify")


@command.command('list')
@as_json_option
def list_(as_json):
    """List the snapshots, the newest first."""
    rows = keeping.list_all(load_config())
    if not as_json:
        rows = [row | {'snapshot': row['snapshot'][:8]} for row in rows]
    listing(rows, COLUMNS, as_json, 'There is no backup yet: appliance backup create')


@command.command('verify')
@ref
@as_json_option
def verify(snapshot, as_json):
    """Read every byte of all snapshots back, and compare the tables of one with its manifest."""
    row = keeping.verify(load_config(), _steps(), snapshot)
    _show(row, as_json, f"Every byte was read back; the tables of {row['snapshot'][:8]} are what was saved.")


@command.command('drill')
@ref
@as_json_option
def drill(snapshot, as_json):
    """Restore a snapshot on trial, start a portal on the copy, without jobs and without a way out, look at its pages, throw it away."""
    with opened(is_checked=False) as config:        # whoever may see the backups is told of a failure
        row = on_trial.drill(config, _steps(), snapshot)
    if not as_json:
        listing(row['pages'], {'address': 'PAGE', 'status': 'ANSWER', 'ms': 'MS'})
    _show(row, as_json, f"Restored {row['rows']} rows of {row['tables']} tables, all as saved; a portal started on the copy in "
          f"{row['start_ms']} ms and showed {len(row['pages'])} pages and files. {row['seconds']} s in all. The scratch is gone."
          + ('' if row['walls'] == 'kernel' else ' Its way out was closed by the guard in the process alone: this kernel offers no filter.'))


def _steps():
    """Progress: each step on a line of its own."""
    return lambda text: say(f'- {text}')


def _show(row, as_json, words):
    if as_json:
        print(as_json_text(row))
    else:
        say(words)
