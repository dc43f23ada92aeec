"""`appliance init`: data folder, secrets, database, and the link by which the first administrator comes in."""

import os
import shutil

import click

from appliance.cli.context import console_actor, load_config, open_all
from appliance.cli.output import say
from appliance.core import db, derived, migrations, sealing, switch
from appliance.core.errors import StartError
from appliance.core.people import PersonRole
from appliance.identity import one_time_links


@click.command('init')
def command():
    """Make the data folder, the secrets and the database, and print a one-time set-up link.

    What is there already stays as it is. The link makes the first administrator and lives 30 minutes; where there is an
    administrator already, none is printed: `appliance rescue` lets one in.
    """
    config = load_config()
    _make_folder(config.data.folder)
    for path in (config.secrets.key_file, config.backup.key_file):
        _make_key(path)
    open_all(config)
    with db.connected():
        migrations.migrate(say)
        switch.load()
        derived.make(derived.outdated())
        if PersonRole.select().exists():
            say('There is an administrator already: appliance rescue makes a link that lets one in.')
            return
        path = one_time_links.make_link(console_actor(), one_time_links.SETUP)
        say('Open this link within 30 minutes to set up the portal. It works once; appliance init makes a new one:')
        print(config.server.public_address + path)


def _make_folder(folder):
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise StartError(f'the data folder {folder} cannot be made: {error.strerror}') from None
    if not os.access(folder, os.W_OK):
        raise StartError(f'the data folder {folder} cannot be written by this user')
    if free < 100 << 20:
        raise StartError(f'the disk of {folder} has {free >> 20} MiB left; 100 MiB are the least to begin with')


def _make_key(path):
    if path.exists():
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sealing.create_key(path)
    except OSError as error:
        raise StartError(f'the key file {path} cannot be made: {error.strerror}') from None
    say(f'Made {path}. Keep a copy of it off this machine.')
