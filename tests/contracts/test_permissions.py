"""Every permission says in both languages what it lets do, is asked somewhere, belongs to a role or is given by hand with a reason, and nobody
without it passes where it is asked."""
import pytest

from appliance.core import permissions
from appliance.core.actor import ADMINISTRATOR, EMPLOYEE, GUEST, SERVICE, Actor
from appliance.core.config import Config
from appliance.core.errors import NotAllowed
from appliance.core.tool import Permission, declarations
from appliance.web.app import create_app
from tests.contracts.saying import named_in, not_said
from tests.switches import every_tool

# No role has these but the administrator; one of the company's own may be given them.
BY_HAND = {
    'core.personal.manage': 'who answers for personal data is named by the company, and is often none of the two administrators',
    'core.insight.decide': 'reading what is a person’s alone is no part of running a portal',
}
OWNERS = ('core', 'identity')


def problems(declared, by_hand=BY_HAND):
    """What the permissions lack, as `<name>: <what>`."""
    asked, found = _asked_by_routes(), []
    for name, one in declared.items():
        owner, *rest = name.split('.')
        declared_in = ('appliance/core/permissions.py', f'appliance/tools/{owner}/__init__.py', 'appliance/core/settings.py')
        found += [f'{name}: {what}' for what in (not_said(one.label),) if what]
        if owner not in (*OWNERS, *declarations()) or len(rest) != 2:
            found.append(f'{name}: is not called <owner>.<thing>.<verb>')
        if name not in asked and not named_in(f"'{name}'", declared_in):
            found.append(f'{name}: nothing asks for it')
        unknown = set(one.roles) - set(permissions.BUILT_IN)
        if unknown or ADMINISTRATOR in one.roles:
            found.append(f'{name}: is no role that is there, or the administrator, who has all: {sorted(unknown or one.roles)}')
        if bool(one.roles) == (name in by_hand):
            found.append(f'{name}: no role has it, and BY_HAND gives no reason' if not one.roles else f'{name}: BY_HAND says that no role has it')
    return found


def _asked_by_routes():
    with every_tool():
        app = create_app(Config(path='none'))
    return {name for view in app.view_functions.values() for name in getattr(getattr(view, 'right', None), 'names', ())}


def test_every_permission_is_whole():
    assert problems(permissions.declared()) == []


@pytest.mark.parametrize(('values', 'words'), [
    (('core.thing.read', 'A word that nobody translated', (EMPLOYEE,)), 'is not said in Spanish'), (('core.thing.read', '', (EMPLOYEE,)), 'says nothing'),
    (('core.thing.read', '', (EMPLOYEE,)), 'nothing asks for it'), (('thing.read', '', (EMPLOYEE,)), 'is not called'), (('nobody.thing.read', '', (EMPLOYEE,)), 'is not called'),
    (('core.thing.read', '', ()), 'BY_HAND gives no reason'), (('core.thing.read', '', ('boss',)), 'no role that is there'),
    (('core.thing.read', '', (ADMINISTRATOR,)), 'the administrator, who has all')])
def test_a_planted_omission_is_found(values, words):
    planted = Permission(*values)
    assert any(words in one for one in problems({planted.name: planted})), problems({planted.name: planted})


def test_a_list_that_is_behind_is_found():
    assert any('BY_HAND says' in one for one in problems(permissions.declared(), BY_HAND | {'core.jobs.manage': 'x'}))


@pytest.mark.parametrize('name', permissions.declared())
def test_who_lacks_it_does_not_pass(box, name):
    """For each role: it may what was declared for it, and nothing else; a right that asks says so."""
    for role in permissions.BUILT_IN:
        kind = role if role in (EMPLOYEE, GUEST, SERVICE) else EMPLOYEE
        actor = Actor(1, kind, frozenset({role, kind}))
        has = role == ADMINISTRATOR or bool({role, kind} & set(permissions.declared()[name].roles))
        assert permissions.may(actor, name) is has, role
        if not has:
            with pytest.raises(NotAllowed):
                permissions.permitted(name)(actor)
