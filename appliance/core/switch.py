"""The switches of the tools: one row a tool, one version number over all. Every process reads them at its start, notices a newer
version within a second and makes way for a successor that has read it.

A switch is settled by jobs (or by the command) once every process is on its version: off, the rows of the tool's tables are
counted and hashed; on, they are compared with that, and the tool's `resume` catches up with what happened meanwhile. Until
then its pages answer 503.
"""

import hashlib
import importlib
import json
import os
import socket
import time
from datetime import timedelta

from appliance.core import audit, clock, derived, migrations
from appliance.core.actions import action
from appliance.core.backup import tables as catalogue
from appliance.core.db import Base, database, row, rows, write
from appliance.core.errors import Conflict, NotFound
from appliance.core.fields import Flag, Integer, Json, Moment, Text
from appliance.core.i18n import texts
from appliance.core.jobs.runs import miss_runs
from appliance.core.permissions import permitted, require
from appliance.core.processes import Process
from appliance.core.tool import declarations, has_part, names_in_order, needed_by, registry, undeclared

_ = texts(__name__)
CHANGED_WITHIN_S = 5                    # every process is on the new version by then, or is named
GONE_AFTER = timedelta(seconds=75)      # two of the half minutes in which a process tells that it lives
DERIVED = '_access'                     # tables that are made again from others


class ToolState(Base):
    """A decision about a tool; without a row it is as it is first. `tables` ({name: [rows, sha256]}) are its rows when it went off.

    `outcome` is {is_equal, differing: [table], changed: [table]} of the last time it came on: against `tables`, those that
    `resume` or a migration may change told apart. `by` is `person:7` or `console:root`.
    """

    name = Text(primary_key=True)
    is_on = Flag()
    by = Text()
    at = Moment()
    version = Integer()
    settled_at = Moment(null=True)
    tables = Json(default=dict)
    migrations = Json(default=list)
    outcome = Json(default=dict)

    class Meta:
        table_name = 'tool_state'


def newest_version():
    """The number of the last change of any switch, 0 before the first."""
    return row('SELECT coalesce(max(version), 0) FROM tool_state')[0]


def load():
    """Read the switches for this process: at its start, before any part of a tool is loaded."""
    version, kept = newest_version(), {name: (is_on, settled) for name, is_on, settled in
                                       rows('SELECT name, is_on, settled_at FROM tool_state')}
    on = {name for name, one in declarations().items() if one.is_fixed or kept.get(name, (one.is_on_first, 0))[0]}
    registry.use(version, on, {name for name, (is_on, settled) in kept.items() if is_on and settled is None})


def is_outdated():
    """Whether the switches have changed since this process read them; meanwhile opens what has been resumed."""
    if newest_version() != (registry.version or 0):
        return True
    if registry.resuming:
        load()
    return False


def is_on(name):
    """Whether a tool is switched on, whatever this process has loaded."""
    kept = ToolState.get_or_none(ToolState.name == name)
    declared = declarations()[name]
    return declared.is_fixed or bool(kept.is_on if kept else declared.is_on_first)


@action(rights=permitted('core.tools.switch'))
def turn(actor, name, to_on):
    """Switch a tool on or off; returns the version that every process shall be on. Twice is once.

    NotFound for an unknown tool; Conflict when it cannot be switched off, or others that are on need it, or it needs others.
    """
    if name not in declarations():
        raise NotFound(_('There is no tool %(name)s.', name=name))
    if is_on(name) == to_on:
        return newest_version()
    _require_possible(name, to_on)
    values = {'is_on': to_on, 'by': _who(actor), 'at': clock.now(), 'version': newest_version() + 1, 'settled_at': None}
    (ToolState.insert(name=name, tables={}, migrations=[], outcome={}, **values)
     .on_conflict(conflict_target=(ToolState.name,), update=values).execute())
    audit.record(actor, 'core.tool.switched', f'core.tool:{name}', to='on' if to_on else 'off')
    return values['version']


def _require_possible(name, to_on):
    title = declarations()[name].title
    if not to_on and declarations()[name].is_fixed:
        raise Conflict(_('%(tool)s cannot be switched off: everything else stands on it.', tool=title))
    others = [one for one in (declarations()[name].requires if to_on else needed_by(name)) if is_on(one) != to_on]
    named = ', '.join(str(declarations()[one].title) for one in others)
    if others and to_on:
        raise Conflict(_('%(tool)s needs these tools, which are off: %(others)s. Switch them on first.', tool=title, others=named))
    if others:
        raise Conflict(_('These tools need %(tool)s: %(others)s. Switch them off first.', tool=title, others=named))


def _who(actor):
    return f'person:{actor.person_id}' if actor.person_id else actor.via


def laggards(version):
    """[{host, kind, pid}] of the living processes that have not read this version yet; this one is left out."""
    return [{'host': one.host, 'kind': one.kind, 'pid': one.pid} for one in _living() if one.tool_version < version]


def has_process(kind):
    """Whether a process of a kind (web, live, jobs) lives, on any host; this one does not count."""
    return any(one.kind == kind for one in _living())


def _living():
    here = socket.gethostname()
    for one in Process.select().where(Process.seen_at > clock.now() - GONE_AFTER):
        if not (one.host == here and (one.pid == os.getpid() or not _lives(one.pid))):
            yield one


def _lives(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass        # somebody else's: it lives
    return True


def wait(version, seconds=CHANGED_WITHIN_S):
    """Wait until every process is on a version; returns the laggards when time is up."""
    deadline = time.monotonic() + seconds
    while (found := laggards(version)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def unsettled():
    """When the oldest switch that waits to be settled was turned; None when there is none, or not every process has followed it."""
    found = row('SELECT min(at) FROM tool_state WHERE settled_at IS NULL')[0]
    if found is None or newest_version() != registry.version or laggards(registry.version):
        return None
    return clock.from_microseconds(found)


def settle(actor, tell):
    """Settle what every process has followed; returns whether nothing is left. Off: count. On: compare, resume, compare."""
    left = []
    for state in list(ToolState.select().where(ToolState.settled_at.is_null()).order_by(ToolState.version)):
        if registry.version < state.version or laggards(state.version):
            left.append(state.name)
        elif state.is_on:
            _resume(actor, state, tell)
        else:
            tell(f'{state.name}: counting what it keeps')
            miss_runs(state.name)
            _note(state, tables=measure(state.name), migrations=_migrations(state.name))
    return not left


def _resume(actor, state, tell):
    tell(f'{state.name}: comparing what it kept')
    module = importlib.import_module(f'appliance.tools.{state.name}.resume') if has_part(state.name, 'resume') else None
    before = measure(state.name)
    if module and state.name in registry.names:
        tell(f'{state.name}: catching up')
        module.resume(actor)
    if state.name in registry.names:
        derived.make(derived.of_tool(state.name), tell)
    after = measure(state.name)
    may_change = set(getattr(module, 'TOUCHES', ()))
    differing = [name for name in before if state.tables and before[name] != state.tables.get(name)]
    if state.migrations != _migrations(state.name):
        may_change, differing = may_change | set(differing), []
    changed = [name for name in after if after[name] != before[name]]
    differing += [name for name in changed if name not in may_change]
    _note(state, outcome={'is_equal': not differing, 'differing': sorted(set(differing)), 'changed': sorted(may_change & {*changed, *before})})


def _note(state, **values):
    with write('core.switch.settle'):
        # Not when it was switched again meanwhile.
        ToolState.update(settled_at=clock.now(), **values).where((ToolState.name == state.name) & (ToolState.version == state.version)).execute()


def _migrations(name):
    return [one['name'] for one in migrations.status() if one['tool'] == name and one['state'] == 'applied']


def tables_of(name):
    """The names of the tables that hold a tool's data."""
    return [table for table in migrations.tables() if table.startswith(f'{name}_') and not table.endswith(DERIVED)]


def measure(name):
    """{table: [rows, sha256]} of a tool's data now; the same on both engines."""
    with database.atomic():
        connection = database.connection()
        reader, found = catalogue.reader(connection), {}
        for table in tables_of(name):
            columns, key = reader.shape(table)
            found[table] = list(catalogue.measure(reader, table, columns, key))
    return found


def total(measured):
    """(rows, one hash) over {table: [rows, sha256]}."""
    text = json.dumps(measured, sort_keys=True, separators=(',', ':'))
    return sum(count for count, _hash in measured.values()), hashlib.sha256(text.encode()).hexdigest()


def listing(actor):
    """All tools as dicts, in order: name, title, icon, requires, needed_by, is_on, is_fixed, by, at, is_settled, tables, outcome, fault."""
    require(actor, 'core.tools.switch')
    kept, faults = {state.name: state for state in ToolState.select()}, faults_of_processes()
    found = []
    for name in names_in_order():
        state, one = kept.get(name), declarations()[name]
        found.append({'name': name, 'title': str(one.title), 'icon': one.icon, 'requires': list(one.requires), 'needed_by': needed_by(name),
                      'is_on': one.is_fixed or bool(state.is_on if state else one.is_on_first), 'is_fixed': one.is_fixed,
                      'by': state.by if state else None, 'at': state.at if state else None,
                      'is_settled': state is None or state.settled_at is not None, 'tables': state.tables if state else {},
                      'outcome': state.outcome if state else {}, 'fault': faults.get(name, '')})
    return found + [{'name': name, 'title': name, 'icon': 'alert-circle', 'requires': [], 'needed_by': [], 'is_on': False, 'is_fixed': True,
                     'by': None, 'at': None, 'is_settled': True, 'tables': {}, 'outcome': {}, 'fault': fault}
                    for name, fault in undeclared().items()]


def faults_of_processes():
    """{tool: why} of the tools that a living process could not load."""
    found = dict(registry.faults)
    for one in _living():
        found |= one.faults
    return found
