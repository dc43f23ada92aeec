"""Notes of the planted tool, and people who see them or not."""
import pytest

from appliance.core import listeners, notices, switch
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
