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
