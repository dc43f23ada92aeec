"""Notes of the planted tool, and people who see them or not."""
import pytest

from appliance.core import departments, listeners, notices, people, switch
from appliance.core.actor import SYSTEM
from appliance.core.tool import registry


@pytest.fixture
def notes(box):
    """The rules of the planted tool, which is on."""
    turn(True)
    return next(module for one, module in registry.load('rules') if one.name == 'planted')


def turn(to_on):
    """Switch the planted tool, as the processes would."""
    switch.turn(SYSTEM, 'planted', to_on)
    switch.load()
    if to_on:
        switch.settle(SYSTEM, lambda text: None)
        switch.load()


@pytest.fixture
def staff(notes):
    """A function: the Actor of ana or ben (in Sales), eva (of nothing), gus (ana's guest), root (manages people)."""
    sales = departments.add_department(SYSTEM, 'Sales')
    ids = {name: people.add_person(SYSTEM, name, f'{name.title()} Núñez', f'{name}@company.example', department_id=sales if name in ('ana', 'ben') else None)
           for name in ('ana', 'ben', 'eva', 'root')}
    ids['gus'] = people.add_person(SYSTEM, 'gus', 'Gus Partner', kind='guest', contact_id=ids['ana'])
    people.give_role(SYSTEM, ids['root'], 'portal_admin')
    return lambda name: people.actor_for(ids[name], 'test')


@pytest.fixture
def note(notes, staff):
    """The id of a note of ana's that Sales sees."""
    return notes.add_note(staff('ana'), 'The plan', 'department:1')


@pytest.fixture
def hear():
    """Let all listeners hear what has happened."""
    def run():
        while listeners.deliver():
            pass
    return run


@pytest.fixture
def told():
    """A function: [(kind, text)] of the notices of an actor, the newest first."""
    def read(actor):
        return [one['text'] for one in notices.listing(actor)['notices']]
    return read
