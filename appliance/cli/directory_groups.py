"""`appliance directory group list|add|remove`: what a directory's groups give, without the web. Part of `directory`."""

import click

from appliance.cli.context import console_actor, opened
from appliance.cli.output import as_json_option, as_json_text, listing, say
from appliance.core.errors import Invalid, NotFound
from appliance.identity.directory import directories, group_rules
from appliance.identity.directory.group_models import DEPARTMENT, ROLE


@click.group('group')
def group():
    """Say which groups of a directory give which role or department."""


@group.command('list')
@click.argument('name')
@as_json_option
def list_(name, as_json):
    """List the rules of the directory NAME, in the order in which they count."""
    with opened():
        actor = console_actor()
        rules = group_rules.list_rules(actor, directories.id_of(actor, name))
    listing(rules, {'id': 'RULE', 'group': 'GROUP', 'gives': 'GIVES', 'dn': 'ENTRY', 'gone_at': 'NOT SHOWN SINCE'}, as_json,
            'No group gives anything. Add a rule: appliance directory group add')


@group.command('choices')
@as_json_option
def choices(as_json):
    """List what a group may give: roles by their names, departments by their ids."""
    with opened():
        found = [{'kind': kind, 'what': what, 'words': str(words)} for kind, several in group_rules.may_give(console_actor()).items() for what, words in several]
    listing(found, {'kind': 'KIND', 'what': 'WHAT', 'words': 'IN WORDS'}, as_json)


@group.command('add')
@click.argument('name')
@click.argument('which', metavar='GROUP')
@click.option('--role', help='The role it gives, by its name: see choices.')
@click.option('--department', help='The department it gives, by its id: see choices.')
@as_json_option
def add(name, which, role, department, as_json):
    """Let GROUP (its DN, its UUID, or its name where only one has it) of the directory NAME give a role or a department."""
    if bool(role) == bool(department):
        raise Invalid('right would be one of --role and --department', field='role')
    with opened():
        actor = console_actor()
        directory_id = directories.id_of(actor, name)
        found = _group(actor, directory_id, which)
        rule_id = group_rules.add_rule(actor, directory_id, found, ROLE if role else DEPARTMENT, role or department)
    if as_json:
        print(as_json_text({'id': rule_id} | found))
    else:
        say(f'{found["name"]} gives it from the next look at the directory on.')


def _group(actor, directory_id, which):
    try:
        return group_rules.find_group(actor, directory_id, which)
    except NotFound:
        named = [one for one in group_rules.find_groups(actor, directory_id, which) if one['name'].casefold() == which.casefold()]
        if len(named) != 1:
            raise
        return named[0]


@group.command('remove')
@click.argument('name')
@click.argument('rule_id', type=int, metavar='RULE')
def remove(name, rule_id):
    """Remove RULE of the directory NAME; what it alone gave is taken back by the next look."""
    with opened():
        actor = console_actor()
        group_rules.remove_rule(actor, directories.id_of(actor, name), rule_id)
    say('The rule is gone.')
