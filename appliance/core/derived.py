"""Tables that are made from others (access rows, the search index): which were made by this version of the code, and making them anew.

`appliance migrate` and a restore do it at once; jobs does it where neither did, and when a tool is switched on.
"""

from appliance.core import access, clock
from appliance.core.db import Base, rows, write
from appliance.core.fields import Integer, Moment, Text


class DerivedState(Base):
    """What was made, by which version of its maker, and when."""

    name = Text(primary_key=True)
    version = Integer()
    at = Moment()

    class Meta:
        table_name = 'derived_state'


def makers():
    """{name: (version, function(tell))} of all that can be made anew, in order."""
    return {f'access:{name}': (kind.version, lambda tell, name=name: access.rebuild(name, tell)) for name, kind in access.kinds().items()}


def outdated():
    """The names of what was never made, or by another version."""
    made = dict(rows('SELECT name, version FROM derived_state'))
    return [name for name, (version, _make) in makers().items() if made.get(name) != version]


def make(names, tell=lambda text: None):
    """Make these anew; outside a transaction, each in many small ones."""
    known = makers()
    for name in names:
        version, function = known[name]
        tell(f'making {name} anew')
        function(lambda done, total, name=name: None)
        with write('core.derived.make'):
            values = {'version': version, 'at': clock.now()}
            (DerivedState.insert(name=name, **values)
             .on_conflict(conflict_target=(DerivedState.name,), update=values).execute())


def of_tool(tool):
    """The names of what belongs to a tool."""
    return [name for name in makers() if name.partition(':')[2].partition('.')[0] == tool]
