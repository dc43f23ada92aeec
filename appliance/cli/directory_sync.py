"""`appliance directory sync|runs|apply|undo`: the comparison with a directory, without the web and without the jobs. Part of `directory`."""

import click

from appliance.cli import directory_proposals
from appliance.cli.context import console_actor, opened
from appliance.cli.output import as_json_option, as_json_text, listing, say
from appliance.core.errors import Unavailable
from appliance.identity.directory import directories
from appliance.identity.directory.sync import following, models, planning, runs, words


@click.command('sync')
@click.argument('name')
@click.option('--dry-run', is_flag=True, help='Say what would be done, and do nothing.')
@click.option('--create/--no-create', 'creates', default=None, help='Whether people who are not here yet are made; else as the directory is followed.')
@as_json_option
def sync(name, dry_run, creates, as_json):
    """Read the directory NAME, plan, and bring people here in line with it. What the brake holds waits: appliance directory apply."""
    with opened():
        actor = console_actor()
        directory_id = directories.id_of(actor, name)
        run_id = runs.ask(actor, directory_id, creates, is_here=True)
        following.carry_on(run_id)
        run = runs.one_run(actor, run_id)
        if run['state'] == models.PLANNED and not dry_run and run['counts']:
            runs.start(actor, run_id)
            following.carry_on(run_id)
        show(actor, run_id, as_json)


@click.command('runs')
@click.argument('name')
@as_json_option
def list_(name, as_json):
    """List the comparisons with the directory NAME that found something, the newest first."""
    with opened():
        actor = console_actor()
        found = runs.list_runs(actor, directories.id_of(actor, name))
    rows = [run | {'found': ', '.join(f'{kind} {run["counts"][kind]}' for kind in planning.KINDS if run['counts'].get(kind))} for run in found]
    listing(rows, {'id': 'RUN', 'started_at': 'WHEN', 'state': 'STATE', 'brake': 'BRAKE', 'found': 'FOUND'}, as_json,
            'No comparison has found anything yet.')


@click.command('apply')
@click.argument('run_id', type=int, metavar='RUN')
@click.option('--with-held', is_flag=True, help='Also cut off the people whom the brake holds.')
@as_json_option
def apply(run_id, with_held, as_json):
    """Carry out the plan of RUN, which is at most an hour old."""
    with opened():
        actor = console_actor()
        runs.start(actor, run_id, with_held=with_held)
        following.carry_on(run_id)
        show(actor, run_id, as_json)


@click.command('undo')
@click.argument('run_id', type=int, metavar='RUN')
@as_json_option
def undo(run_id, as_json):
    """Take back what RUN did, where nobody touched it since. The directory is not followed any more until you say so: --sync."""
    with opened():
        actor = console_actor()
        runs.undo(actor, run_id)
        following.carry_on(run_id)
        show(actor, run_id, as_json)


COMMANDS = (sync, list_, apply, undo)


def show(actor, run_id, as_json):
    """Print a run with its steps and who may be here already by it; Unavailable where it failed."""
    run, steps, after = runs.one_run(actor, run_id), [], 0
    while page := runs.steps_of(actor, run_id, after=after, limit=1000):
        steps, after = steps + page, page[-1]['id']
    proposed = directory_proposals.rows(actor, run['directory_id'], run_id=run_id) if run['states'].get(models.PROPOSED) else []
    if as_json:
        print(as_json_text(run | {'steps': steps, 'proposals': proposed}))
        return
    for step in steps:
        if step['state'] == models.PROPOSED:
            continue
        what = words.KINDS[step['kind']] if step['state'] != models.WAITING or not step['is_held'] else f'{words.KINDS[step["kind"]]} (held)'
        click.echo(f'{what!s:<20} {step["name"]}: {words.note(step) or words.REASONS[step["reason"]]}')
        for field, old, new in words.changes(step):
            click.echo(f'{"":<20}   {field}: {old or "-"} -> {new or "-"}')
    if proposed:
        directory_proposals.show(proposed, directories.load(run['directory_id']))
    if run['brake']:
        say(words.brake(run))
    found = ', '.join(f'{word} {count}' for _kind, word, count in words.counts(run))
    say(f'Run {run_id}: {words.RUN_STATES[run["state"]]}.{found and f" {found}."}' if steps or run['failure'] or run['brake'] else 'Nothing to do: everybody is here as the directory says.')
    waiting, held = run['states'].get(models.WAITING, 0), run['states']['held']
    if run['state'] == models.PLANNED and waiting > held:
        say(f'Carry it out within the hour: appliance directory apply {run_id}')
    if run['state'] in (models.PLANNED, models.HELD) and held:
        say(f'Held: {held}. To do that, too: appliance directory apply {run_id} --with-held')
    if run['states'].get(models.PROPOSED):
        say('Say who is here already: appliance directory adopt NAME --help')
    if run['failure']:
        raise Unavailable(words.failure(run))
