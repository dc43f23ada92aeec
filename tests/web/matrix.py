"""Who may what: the status of every route and every method for every role, as a table in matrix.txt, which a test compares with what happens.
The rows of a tool stand beside its own tests (tests/tools/<tool>/matrix.txt).

`python -m tests.web.matrix` writes the tables anew; what changed is then seen in the review of those files.
"""
import contextlib
import difflib
import itertools
import sys
import tempfile
from pathlib import Path
from unittest import mock

from appliance.core import comments, db, revisions
from appliance.core.actor import SYSTEM
from appliance.core.rest import methods
from appliance.core.switch import load
from appliance.identity import services, sessions, tokens
from appliance.web.app import create_app
from tests.boxes import SqliteTemplate, opened
from tests.contracts.sources import ROOT
from tests.switches import off_at_first, switch_on, tools_of_the_clone
from tests.visitors import Browser, Company
from tests.web import objects
from tests.web.rest.callers import Caller, caller

VERBS = {'GET', 'POST', 'PUT', 'PATCH', 'DELETE'}
PEOPLE = ('administrator', 'portal', 'system', 'head', 'employee', 'outsider', 'guest')
COLUMNS = ('stranger', *PEOPLE, 'service')
# Values that only one address takes.
OF_ONE = {'admin.switch_tool': {'name': 'worktime'}, 'comments.restore': {'comment_id': 'deleted'}, 'rest.unknown': {'path': 'a/b'},
          'tags.add': {'kind': 'core.person', 'object_id': 'person_id'}, 'tags.remove': {'kind': 'core.person', 'object_id': 'person_id'},
          'tags.suggestions': {'kind': 'core.person'}}
# Addresses asked a second time, about what is another's: {endpoint: [parameter of whom]}.
AGAIN = {
    'people.profile': ['person_id of the guest', 'person_id of the administrator', 'person_id of the outsider'], 'people.edit': ['person_id of the guest', 'person_id of the administrator'],
    'people.set_photo': ['person_id of the guest', 'person_id of the administrator'], 'people.remove_photo': ['person_id of the guest', 'person_id of the administrator'],
    'worktime.show_day': ['day_id of the head'], 'worktime.pause': ['day_id of the head'], 'worktime.finish': ['day_id of the head'],
    'comments.edit': ['comment_id of the head'], 'comments.remove': ['comment_id of the head'], 'comments.show': ['comment_id of the head'],
    'admin.take_role': ['person_id of the administrator'],
}
# What methods need so as to do something; all else is called without parameters.
NEEDED = {'method.get': 'name=user.get', 'feature.get': 'code=x', 'batch': 'cmd[a]=profile', 'event.bind': 'event=ONUSERADD&handler=https://erp.example/x',
          'event.unbind': 'event=ONUSERADD'}
HEAD = '''\
# Who may what: the status of every address and every method for every role. Written by `python -m tests.web.matrix`; a test compares it with what
# happens. Forms are sent empty, with the right token: 303 and 422 are let in (it was done; something is missing in the form), 403 and 404 are not.
# stranger: without a login, or with a token that is none. portal, system: administrators of the portal and of the system. service: a service account.
# -: not asked. What an address names, unless [another] stands behind it:
'''


OF_A_TOOL = '# Who may what of this tool: see tests/web/matrix.txt.\n'


class Undone(Exception):
    """What happened is taken back."""


@contextlib.contextmanager
def undone():
    """Take back whatever a request writes, so that each meets the same portal."""
    # A request gives its connection back at its end; here the transaction around it is still open then.
    with contextlib.suppress(Undone), mock.patch.object(db, 'release', lambda: None), db.write('tests.matrix'):
        yield
        raise Undone
    revisions._kept.clear()


def file_of(owner):
    """Where the rows of a tool stand, or those of all that is no tool's ('')."""
    return ROOT / 'tests' / (f'tools/{owner}' if owner else 'web') / 'matrix.txt'


def met(company, asked=None):
    """{owner: [line]} of the tables, as it is now; of some owners alone, where they are named."""
    switch_on(*off_at_first())
    values = objects.make(company)
    company._app = app = create_app(company.config)
    logins = {'stranger': 'no such session'} | {login: sessions.open_session(SYSTEM, company.ids[login], ['password'])[0] for login in PEOPLE}
    found = {owner: [_line('', COLUMNS)] for owner in owners() if asked is None or owner in asked}
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if (owner := _owner(rule.endpoint.partition('.')[0])) in found:
            for verb, other in itertools.product(sorted(rule.methods & VERBS), (None, *AGAIN.get(rule.endpoint, ()))):
                path = path_of(rule, values, other)
                cells = [_ask(Browser(app, token), verb, path, '/settings' if role in PEOPLE else '/login') for role, token in logins.items()]
                found[owner].append(_line(f'{verb} {rule}{f" [{other}]" if other else ""}', [*cells, '-']))
    for owner, line in _methods(company, values, found):
        found[owner].append(line)
    return found


def owners():
    """Who has a table: '' for all that is no tool's, and the tools of the clone."""
    return ['', *tools_of_the_clone()]


def _owner(name):
    return name if name in owners() else ''


def _line(what, cells):
    return f'{what:<84}' + ' '.join(f'{cell!s:<{len(column)}}' for column, cell in zip(COLUMNS, cells, strict=True)).rstrip()


def path_of(rule, values, other=None):
    """The address of a rule, about the object of `objects.make`, or another's."""
    names = OF_ONE.get(rule.endpoint, {}) | values['of tools'].get(rule.endpoint.partition('.')[0], {})
    values = values | {name: values.get(value, value) for name, value in names.items()}
    if other:
        values = values | {other.partition(' ')[0]: values[other]}
    return rule.build({name: values[name] for name in rule.arguments}, append_unknown=False)[1] if rule.arguments else str(rule)


def _ask(browser, verb, path, page):
    """The status of an answer; what is not read is a form, with the token of a page."""
    with undone(), browser.get(path) if verb == 'GET' else browser.post(path, page=page) as answer:
        return answer.status_code


def _methods(company, values, asked):
    """(owner, line) of every method of REST that belongs to these owners."""
    company._app = None
    service_id = services.add_service(SYSTEM, 'caller', 'Caller', 'employee')
    scopes = tuple(sorted(methods.scopes()))
    token, _row_id = tokens.make_token(SYSTEM, 'robot', scopes, person_id=service_id)
    callers = {login: caller(company, login, scopes) for login in PEOPLE}
    first = callers['head']
    callers |= {'service': Caller(first.client, first.base, service_id, token), 'stranger': Caller(first.client, first.base, company.ids['head'], 'x' * 40)}
    needed = _needed(company, values)
    for name, method in sorted(methods.declared().items()):
        if _owner(method.tool) not in asked:
            continue
        cells = []
        for role in COLUMNS:
            with undone():
                cells.append(callers[role].call(name, needed.get(name))[0])
        yield _owner(method.tool), _line(f'REST {name}', cells)


def _needed(company, values):
    about, mine = f'OWNER={values["ref"]}', values['comment_id']
    other = comments.add_comment(company.actor('employee'), 'worktime.day', values['day_id'], 'x')['id']
    bearer = f'OWNER=core.person:{company.ids["employee"]}'
    return {**NEEDED, 'tag.list': bearer, 'tag.find': 'TEXT=lenses', 'tag.add': f'{bearer}&TEXT=lathe', 'tag.delete': f'{bearer}&ID={values["tagging_id"]}',
            'user.userfield.add': 'fields[FIELD_NAME]=X&fields[USER_TYPE_ID]=string', 'user.userfield.delete': f'ID={values["field_id"]}',
            'user.userfield.update': f'ID={values["field_id"]}&fields[LABEL]=y', 'comment.list': about, 'comment.add': f'{about}&TEXT=x', 'comment.update': f'ID={mine}&TEXT=y', 'comment.delete': f'ID={other}',
            'like.list': about, 'like.add': about, 'like.delete': about, 'im.notify.personal.add': f'USER_ID={company.ids["employee"]}&MESSAGE=x'}


def differences(was, now):
    """[`- line` or `+ line`]: what tables ({owner: [line]}) say otherwise than others; so it would have to be."""
    found = []
    for owner in sorted({*was, *now}):
        old, new = ([' '.join(line.split()) for line in table.get(owner, ())] for table in (was, now))
        found += [line for line in difflib.ndiff(old, new) if line[:2] in ('- ', '+ ')]
    return found


def kept():
    """{owner: [line]} of the tables as they are checked in."""
    found = {}
    for owner in owners():
        text = file_of(owner).read_text() if file_of(owner).exists() else ''
        found[owner] = [line for line in text.splitlines() if not line.startswith('#')]
    return found


def main():
    """Write the tables."""
    with tempfile.TemporaryDirectory() as folder, SqliteTemplate(Path(folder)).box(Path(folder) / 'box') as box, opened(box):
        load()
        found = met(Company(box))
    for owner, lines in found.items():
        head = OF_A_TOOL if owner else HEAD + ''.join(f'#   {name}: {whose}\n' for name, whose in objects.WHOSE.items())
        file_of(owner).write_text(head + '\n'.join(lines) + '\n')
        print(f'{file_of(owner)}: {len(lines) - 1} rows', file=sys.stderr)


if __name__ == '__main__':
    main()
