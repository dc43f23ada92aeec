"""`appliance check`: the portal looks at itself, and says what that means and what to do."""

import sys

import click

from appliance.cli.context import opened
from appliance.cli.output import as_json_option, as_json_text
from appliance.core import checks, i18n
from appliance.identity import models as _identity    # noqa: F401 - the tables of identity are looked at, too
from appliance.identity.kerberos import health as _kerberos     # noqa: F401 - it registers itself

COLOURS = {'ok': 'green', 'warning': 'yellow', 'failed': 'red', 'skipped': 'bright_black'}


@click.command('check')
@click.option('--language', default=i18n.SOURCE, show_default=True, help='The language of the findings, such as es.')
@as_json_option
def command(language, as_json):
    """Run all checks. Exit status 1 when one failed; warnings are for reading.

    Each finding has a code that stays the same in every version, such as backup.old.
    """
    if language not in i18n.languages():
        raise click.UsageError(f'the portal speaks {", ".join(i18n.languages())}')
    with opened(is_checked=False) as config, i18n.language(language):
        found = checks.run(config)
    if as_json:
        print(as_json_text(found))
    else:
        for one in found:
            click.echo(f"{click.style(one['state'].ljust(8), fg=COLOURS[one['state']])} {one['code'].ljust(22)} {one['message']}")
            for mark, words in (('  ', one['meaning']), ('->', one['action'])):
                if words:
                    click.echo(f"{'':31} {mark} {words}")
    sys.exit(1 if any(one['state'] == 'failed' for one in found) else 0)
