"""Tables that are made from others (access rows, the search index): which were made by this version of the code, and making them anew.

`appliance migrate` and a restore do it at once; jobs does it where neither did, and when a tool is switched on.
"""

from appliance.core import access, audit, clock, search
from appliance.core.actions import action
from appliance.core.db import Base, rows, write
from appliance.core.fields import Integer, Moment, Text
from appliance.core.permissions import permitted


class DerivedState(Base):
    """What was made, by which version of its maker, and when."""

    name = Text(primary_key=True)
    version = Integer()
    at = Moment()

    class Meta:
        table_name = 'derived_state'


def makers():
    """{name: (version, function(tell))} of all that can be made anew, in order."""
    found = {f'access:{name}': (kind.version, lambda tell, name=name: access.rebuild(name, tell)) for name, kind in access.kinds().items()}
    return found | {f'search:{name}': (kind.version, lambda tell, name=name: search.rebuild(name, tell)) for name, kind in search.kinds().items()}


def outdated():
    """The names of what was never made, or by another version."""
    made = dict(rows('SELECT name, version FROM derived_state'))
    return [name for name, (version, _make) in makers().items() if made.get(name) != version]


def make(names, tell=lambda text: None, step=lambda done, total: None):
    """Make these anew; outside a transaction, each in many small ones. `step(done, total)` is called as it goes on."""
    known = makers()
    for name in names:
        version, function = known[name]
        tell(f'making {name} anew')
        function(step)
        with write('core.derived.make'):
            values = {'version': version, 'at': clock.now()}
            (DerivedState.insert(name=name, **values)
             .on_conflict(conflict_target=(DerivedState.name,), update=values).execute())


@action(rights=permitted('core.jobs.manage'))
def ask(actor):
    """Have the search made anew: jobs does it, and says how far it has come."""
    for name in makers():
        if name.startswith('search:'):
            DerivedState.delete().where(DerivedState.name == name).execute()
    audit.record(actor, 'core.search.asked')


def of_tool(tool):
    """The names of what belongs to a tool."""
    return [name for name in makers() if name.partition(':')[2].partition('.')[0] == tool]
