"""People of the tests of access, search and what hangs on objects; a module or folder brings its own `notes`, the tool that is switched on first."""
import pytest

from appliance.core import departments, people
from appliance.core.actor import SYSTEM


@pytest.fixture
def staff(notes):
    """A function: the Actor of ana or ben (in Sales), eva (of nothing), gus (ana's guest), root (manages people)."""
    sales = departments.add_department(SYSTEM, 'Sales')
    ids = {name: people.add_person(SYSTEM, name, f'{name.title()} Núñez', f'{name}@company.example', department_id=sales if name in ('ana', 'ben') else None)
           for name in ('ana', 'ben', 'eva', 'root')}
    ids['gus'] = people.add_person(SYSTEM, 'gus', 'Gus Partner', kind='guest', contact_id=ids['ana'])
    people.give_role(SYSTEM, ids['root'], 'portal_admin')
    return lambda name: people.actor_for(ids[name], 'test')
