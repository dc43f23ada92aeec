"""A directory that was set up by mistake goes with all that is its own; one by which somebody has come stays."""
import pytest

from appliance.core import db
from appliance.core.actor import SYSTEM
from appliance.core.errors import Conflict, NotAllowed, NotFound
from appliance.core.people import actor_for
from appliance.identity import accounts
from appliance.identity.directory import directories, group_rules, removing
from appliance.identity.directory.sync import following, runs
from appliance.identity.directory.sync.models import SyncRun, SyncStep
from appliance.identity.models import Directory
from tests.ldap.people import PASSWORD, PEOPLE, PORTAL, SECRET


@pytest.fixture
def mistaken(box, server):
    """The id of a directory that was added, given a rule, and compared, but by which nobody has come."""
    made = directories.add_directory(SYSTEM, 'mistaken', server.url, PEOPLE, SECRET, bind_dn=PORTAL, tls='none')
    group = {'uuid': '00000000-0000-0000-0000-000000000001', 'dn': f'cn=staff,{PEOPLE}', 'name': 'staff'}
    group_rules.add_rule(SYSTEM, made, group, 'role', 'portal_admin')
    following.carry_on(runs.ask(SYSTEM, made, creates=True))
    assert SyncStep.select().exists()
    return made


def test_all_that_is_its_own_goes(mistaken):
    directories.edit_directory(SYSTEM, mistaken, is_active=False)
    removing.remove_directory(SYSTEM, mistaken)
    assert not Directory.select().exists() and not SyncRun.select().exists() and not SyncStep.select().exists() and not directories.list_directories(SYSTEM)
    for model in (*removing.OF_IT, *removing.LEFT_BEHIND):
        assert not model.select().exists(), model
    assert db.row("SELECT count(*) FROM audit WHERE what = 'identity.directory.removed'")[0] == 1
    with pytest.raises(NotFound):
        removing.remove_directory(SYSTEM, mistaken)


def test_one_that_is_on_or_in_use_stays(mistaken):
    with pytest.raises(Conflict, match='Switch it off'):
        removing.remove_directory(SYSTEM, mistaken)
    directories.edit_directory(SYSTEM, mistaken, is_active=False)
    run_id = runs.ask(SYSTEM, mistaken)
    with pytest.raises(Conflict, match='being compared'):
        removing.remove_directory(SYSTEM, mistaken)
    runs.discard(SYSTEM, run_id)
    directories.edit_directory(SYSTEM, mistaken, is_active=True)
    accounts.log_in('employee', PASSWORD, '192.0.2.1')
    directories.edit_directory(SYSTEM, mistaken, is_active=False)
    with pytest.raises(Conflict, match='come by this directory'):
        removing.remove_directory(SYSTEM, mistaken)
    assert Directory.select().count() == 1 and not removing.is_unused(mistaken)


def test_only_who_manages_directories_removes_one(mistaken):
    directories.edit_directory(SYSTEM, mistaken, is_active=False)
    clerk = accounts.add_local(SYSTEM, 'clerk', 'Clerk')
    with pytest.raises(NotAllowed):
        removing.remove_directory(actor_for(clerk, 'test'), mistaken)
    assert Directory.select().exists()


def test_each_table_that_names_a_directory_is_thought_of():
    known = {*removing.OF_IT, *removing.LEFT_BEHIND, SyncRun}
    assert {model for model in db.Base.__subclasses__() if any(getattr(field, 'rel_model', None) is Directory for field in model._meta.sorted_fields)} == known
