"""`appliance restore`: put a backup in the place of what is here, which is kept aside."""

import click

from appliance.cli.context import load_config
from appliance.cli.output import as_json_option, as_json_text, say
from appliance.core.backup import restore


@click.command('restore')
@click.argument('snapshot')
@as_json_option
def command(snapshot, as_json):
    """Restore SNAPSHOT: an id of `appliance backup list`, its beginning, or the word latest.

    The portal must be stopped. On a new server, put your copy of the backup key in its place first. When anything is wrong,
    everything stays as it was; what the restore replaces is kept aside.
    """
    done = restore.restore(load_config(), snapshot, lambda text: say(f'- {text}'))
    if as_json:
        print(as_json_text(done))
        return
    say(f"Restored {done['rows']} rows of {done['tables']} tables, saved {done['created_at']:%Y-%m-%d %H:%M} UTC, in {done['seconds']} s.")
    for place in done['kept']:
        say(f'What was here before is kept: {place}')
    say('All people must log in again; who was dismissed or lost a role since that backup has to be again. Mails that waited are '
        'held: see /admin/mail. Start the portal: systemctl start appliance.target')
