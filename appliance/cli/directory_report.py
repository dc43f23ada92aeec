"""How `appliance directory test` tells what it found: a line a step, and below it the bases, three people, and what a login is."""

import click

from appliance.cli.output import plain

MARKS = {'ok': 'ok', 'failed': 'FAILED', 'skipped': '-'}
INDENT = ' ' * 20
BECOMES = {'known': 'comes in as the person he is here', 'new': 'becomes a new person', '': 'does not come in'}


def print_report(report):
    """The steps of a test, as probe.try_out gives them."""
    for row in report:
        click.echo(f"{row['step']:<11} {MARKS[row['state']]:<7} {row['message']}".rstrip())
        if row['action']:
            click.echo(f'{INDENT}{row["action"]}')
        DETAILS.get(row['step'], _nothing)(row['details'])


def _line(text):
    click.echo(f'{INDENT}{text}')


def _nothing(details):
    """A step that has nothing to add."""


def _encryption(details):
    certificate, server = details.get('certificate') or {}, details.get('server') or {}
    if certificate:
        _line(f'certificate of {certificate["subject"]}, by {certificate["issuer"]}, until {plain(certificate["ends_at"])}')
        _line(f'SHA-256 {certificate["sha256"]}')
    if server.get('kind'):
        _line(' '.join(part for part in ('it is', server['kind'], server['product'] and f'({server["product"]})') if part))


def _base(details):
    for base in details.get('bases', ()):
        _line(f'{base["people"] if base["is_whole"] else "more than " + str(base["people"]):>6} people below {base["dn"]}')


def _people(details):
    for person in details.get('people', ()):
        _person(person)
    _warnings(details)


def _person(person):
    _line(person['dn'])
    for field, value in person['fields'].items():
        _line(f'  {field.replace("_", " "):<15} {value or "-"}')
    if person['head_dn']:
        _line(f'  {"head":<15} {person["head_dn"]}')
    if person['closed']:
        _line(f'  {"closed":<15} {person["closed"]}')
    for one in person['groups']:
        _line(f'  {"group":<15} {one["group"]}' + (f': {", ".join(one["gives"])}' if one['gives'] else ''))


def _warnings(details):
    for one in details.get('warnings', ()):
        _line(f'! {one["message"]}')


def _as(details):
    if not details:
        return
    for dn in details['dns']:
        _line(dn)
    if details['dn']:
        _person(details)
    here = details['person']
    _line(f'here: {here["login"]} ({here["name"]})' if here else 'here: nobody yet')
    for block in details['blocks']:
        _line(f'block: {block["source"]}, since {plain(block["at"])}, by {block["by"] or "-"}: {block["reason"] or "-"}')
    _line(BECOMES[details['becomes']])


DETAILS = {'encryption': _encryption, 'base': _base, 'people': _people, 'as': _as, 'login': _warnings}
