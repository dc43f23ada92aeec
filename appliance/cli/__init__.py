"""The command `appliance`. Each file here is one command; it is imported when it is called, so that none slows the others.

Exit status: 0 well, 1 what was asked for failed, 2 wrong use.
"""

import importlib
import json
import pathlib
import sys

import click

from appliance import __version__
from appliance.cli.output import fail
from appliance.core.errors import PortalError, StartError

FOLDER = pathlib.Path(__file__).parent
NOT_COMMANDS = ('__init__', 'context', 'output')


class Commands(click.Group):
    """The commands found in this folder by file name (`check.py` holds `command`, called `check`; `new_tool.py` that of `new-tool`).

    `directory_sync.py` is a part of `directory.py`, since there is one.
    """

    def list_commands(self, ctx):
        names = {path.stem for path in FOLDER.glob('*.py')}.difference(NOT_COMMANDS)
        return sorted(name.replace('_', '-') for name in names if '_' not in name or name.partition('_')[0] not in names)

    def get_command(self, ctx, name):
        if name in self.list_commands(ctx):
            return importlib.import_module(f'appliance.cli.{name.replace("-", "_")}').command
        return None


@click.group(cls=Commands, context_settings={'help_option_names': ['-h', '--help'], 'max_content_width': 120})
@click.version_option(__version__, prog_name='appliance')
@click.option('--config', type=click.Path(dir_okay=False), help='The configuration file; else $APPLIANCE_CONFIG, else '
              '/etc/appliance/config.ini.')
@click.pass_context
def commands(ctx, config):
    """The company portal, from its server's console."""
    ctx.obj = config


def main(arguments=None):
    """Run a command and exit with its status; refusals are one line (with --json one object) on stderr, never a traceback."""
    as_json = '--json' in (arguments or sys.argv)
    try:
        commands.main(args=arguments, prog_name='appliance', standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        if as_json:
            print(json.dumps({'error': {'code': 'usage', 'message': error.format_message()}}), file=sys.stderr)
        else:
            error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        print('\nStopped.', file=sys.stderr)
        sys.exit(1)
    except StartError as error:
        fail('start', str(error), as_json)
    except PortalError as error:
        where = f'{error.field}: ' if getattr(error, 'field', None) else ''
        fail(error.code, f'{where}{error.message}', as_json)
