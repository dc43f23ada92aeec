"""`appliance tool list|on|off`: the switches of the tools."""

import time

import click

from appliance.cli import tool_cost
from appliance.cli.context import console_actor, opened
from appliance.cli.output import as_json_option, as_json_text, fail, listing, say
from appliance.core import jobs, switch, usage
from appliance.core.jobs import runs
from appliance.core.tool import registry
from appliance.jobs import by_hand, own

COLUMNS = {'name': 'NAME', 'title': 'TITLE', 'is_on': 'ON', 'requires': 'REQUIRES', 'rows': 'ROWS', 'hash': 'HASH', 'import_mib': 'MIB',
           'import_ms': 'MS', 'requests': 'REQUESTS', 'cpu_s': 'CPU (S)', 'queries': 'QUERIES', 'job_s': 'JOBS (S)', 'fault': 'FAULT'}
SETTLED_WITHIN_S = 60


@click.group('tool')
def command():
    """See what each tool costs and keeps, and switch tools on and off. Their data stays."""


@command.command('list')
@as_json_option
def list_(as_json):
    """List all tools. What they cost is of the last 24 hours, memory and time of an import measured now; ROWS and HASH tell their data apart."""
    with opened():
        found = [_described(one) for one in switch.listing(console_actor())]
    costs = tool_cost.measure([one['name'] for one in found if one['is_imported']])
    for one in found:
        cost = costs.get(one['name'], {'mib': 0, 'ms': 0})
        one |= {'import_mib': cost['mib'], 'import_ms': cost['ms']}
    if not as_json:
        found = [one | {'hash': one['hash'][:12]} for one in found]
    listing(found, COLUMNS, as_json)


def _described(one):
    count, digest = switch.total(switch.measure(one['name']))
    cost = usage.of_a_day()[one['name']] if one['is_on'] else {'requests': 0, 'cpu_s': 0, 'queries': 0, 'job_s': 0}
    return {'name': one['name'], 'title': one['title'], 'is_on': one['is_on'], 'requires': one['requires'], 'by': one['by'], 'at': one['at'],
            'rows': count, 'hash': digest, 'is_imported': one['name'] in registry.names, 'is_settled': one['is_settled'],
            'fault': one['fault'], **cost}


@command.command('on')
@click.argument('name')
@as_json_option
def on(name, as_json):
    """Switch a tool on: it comes back with all its data, and catches up with what happened meanwhile."""
    _turn(name, True, as_json)


@command.command('off')
@click.argument('name')
@as_json_option
def off(name, as_json):
    """Switch a tool off: no page, no job, no query, no memory. Its data stays."""
    _turn(name, False, as_json)


def _turn(name, to_on, as_json):
    with opened() as config:
        version = switch.turn(console_actor(), name, to_on)
        for one in switch.wait(version):
            say(f'{one["kind"]} on {one["host"]} (process {one["pid"]}) has not followed yet; it does when it has ended its work.')
        switch.load()
        _settle(config, name)
        found = next(one for one in switch.listing(console_actor()) if one['name'] == name)
    if as_json:
        print(as_json_text({key: found[key] for key in ('name', 'is_on', 'is_settled', 'outcome')}))
    elif found['is_settled']:
        click.echo(f'{name} is {"on" if to_on else "off"}. {_words(found, to_on)}')
    if to_on and found['is_settled'] and found['outcome'].get('is_equal') is False:
        fail('differs', f'tables of {name} are not as they were left: {", ".join(found["outcome"]["differing"])}', as_json)


def _words(found, to_on):
    count, digest = switch.total(found['tables'])
    if to_on:
        return 'All its rows are as they were.' if found['tables'] else ''
    return f'It keeps {count} rows, {digest[:12]}.'


def _settle(config, name):
    """Let jobs settle it where jobs runs, else do it here."""
    own.load()
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while not _is_settled(name) and time.monotonic() < deadline:
        if not switch.has_process('jobs') and not switch.laggards(registry.version):
            job = jobs.declared()['core.switch']
            for run_id in runs.of_slot(job.name, jobs.request(console_actor(), job.name)):
                by_hand.run_one(run_id, job, config, say)
        else:
            time.sleep(0.2)
    if not _is_settled(name):
        say(f'{name} is switched; its data are still being looked at. appliance tool list tells when that has ended.')


def _is_settled(name):
    return next(one['is_settled'] for one in switch.listing(console_actor()) if one['name'] == name)
