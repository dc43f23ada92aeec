"""A process that has done nothing yet can comment, like, delete and forget: what it needs is loaded when it is asked for."""
import subprocess
import sys

import pytest

SAY = """
import sys
from pathlib import Path
from appliance.core import config, db, people, registration
from appliance.core.actor import SYSTEM
from appliance.core.tool import registry
from tests.boxes import Box, opened
box = Box(Path(sys.argv[1]), sys.argv[2], config.load(Path(sys.argv[1]) / 'config.ini'))
with opened(box):
    actor = people.actor_for(people.add_person(SYSTEM, 'ana', 'Ana'), 'test')
    from appliance.tools.worktime import rules
    day = rules.start_day(actor)
    {what}
"""
DOINGS = {
    'comment': "from appliance.core import comments; comments.add_comment(actor, 'worktime.day', day, 'x'); comments.delete_comment(actor, 1)",
    'like': "from appliance.core import likes; likes.like(actor, 'worktime.day', day)",
    'finish': 'rules.finish(actor, day)',
    'erase': "from appliance.core import refs\n    with db.write('test'): refs.erase_hanging(SYSTEM, 'worktime.day', day)",
    'empty': "from appliance.core import trash; trash.empty(SYSTEM); trash.listing(actor)",
    'deliver': "from appliance.core import comments, listeners; comments.add_comment(actor, 'worktime.day', day, 'x'); assert listeners.deliver() >= 1",
    'find': "from appliance.core import search; search.find(actor, 'x'); search.rebuild('core.comment')",
}


@pytest.mark.slow
@pytest.mark.parametrize('what', DOINGS)
def test_it_can(closed_box, what):
    done = subprocess.run([sys.executable, '-c', SAY.format(what=DOINGS[what]), str(closed_box.folder), closed_box.engine], capture_output=True, text=True,
                          timeout=120)
    assert done.returncode == 0, done.stderr


TWO_CALLS = """
import threading
from appliance.core.rest import methods
from appliance.core.tool import registry
begun, may_end, found, load = threading.Event(), threading.Event(), [], registry.load
def slowly(part):
    begun.set()
    assert may_end.wait(30)
    return load(part)
registry.load = slowly
calls = [threading.Thread(target=lambda: found.append(methods.find('user.get'))) for _number in range(2)]
calls[0].start()
assert begun.wait(30)
calls[1].start()
calls[1].join(0.5)
may_end.set()
for call in calls:
    call.join(30)
assert None not in found and len(found) == 2, found
"""


@pytest.mark.slow
def test_the_second_call_of_a_process_waits_until_the_first_has_its_methods():
    done = subprocess.run([sys.executable, '-c', TWO_CALLS], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
