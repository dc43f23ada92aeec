"""Runs of a sync with something of everything, for pages that show them: no directory is asked."""
import uuid

from appliance.core.actor import SYSTEM
from appliance.identity.directory.sync import models, planning, runs
from appliance.identity.directory.sync.models import SyncRun, SyncStep
from appliance.identity.directory.sync.planning import Plan, Step


def number_of(name):
    """An entry's number, the same for a name each time."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, name))


def plan(person_id, brake='', gone=2):
    """A Plan with a step of each kind about one person, and of people who are new or gone."""
    def step(kind, reason, name, before=None, after=None, person=person_id, is_held=False):
        return Step(kind, reason, number_of(name), person, name, f'uid={name.lower().replace(" ", ".")},ou=people,dc=company,dc=example', before or {}, after or {}, is_held)
    return Plan((
        *(step(planning.DISABLE, 'gone', f'Former Colleague {number}', is_held=bool(brake)) for number in range(gone)),
        step(planning.DISABLE, 'expired', 'Edda Lenz'), step(planning.ENABLE, 'back', 'Ben Ruiz'),
        step(planning.CHANGE, 'changed', 'Ana Ñúñez', {'title': 'Optician', 'department': 'Hall', 'phone': '', 'mail': 'ana@company.example'},
             {'title': 'Head of optics', 'department': 'Optics', 'phone': '+34 600 000 001', 'mail': ''}),
        step(planning.MOVE, 'moved', 'Jonas Weber', {'dn': 'uid=jonas.weber,ou=hall,dc=company,dc=example'}, {'dn': 'uid=jonas.weber,ou=people,dc=company,dc=example'}),
        step(planning.CREATE, 'new', 'Comma, The "Quoted" + One', after={'login': 'comma', 'name': 'Comma, The "Quoted" + One', 'mail': 'comma@company.example'}, person=None),
        step(planning.LOSE, 'left_group', 'Ben Ruiz', {'role': 'system_admin', 'group': 'Server room'}, {'role': '', 'group': ''}),
        step(planning.GAIN, 'in_group', 'Ana Ñúñez', {'role': '', 'group': ''}, {'role': 'portal_admin', 'group': 'Portal: "chiefs" + all, of #1'}, is_held=bool(brake)),
        step(planning.PLACE, 'in_group', 'Jonas Weber', {'department': 'Hall', 'department_id': 1}, {'department': 'Optics', 'department_id': 2, 'group': 'Opticians'}),
        step(planning.ADOPT, 'login', 'Ana Núñez', {'name': 'Ana', 'login': 'employee', 'mail': 'ana@here.example', 'employee_number': '', 'department': 'Hall'},
             {'name': 'Ana Núñez', 'login': 'employee', 'mail': 'ana@company.example', 'employee_number': '0042', 'department': 'Optics'}),
        step(planning.REFUSE, 'login_taken', 'Another Head', after={'login': 'head'}, person=None),
    ), brake, gone if brake else 0, 40)


def make(directory_id, person_id):
    """{name: id}: a plan, a run that the brake holds, and one that was carried out with a word of each kind on its steps."""
    made = {'plan_id': runs.keep(plan(person_id), directory_id, runs.ask(SYSTEM, directory_id, is_here=True)), 'held_id': runs.keep(plan(person_id, 'many', 6), directory_id),
            'run_id': runs.keep(plan(person_id), directory_id)}
    waiting = SyncStep.state == models.WAITING
    SyncStep.update(state=models.APPLIED).where((SyncStep.run == made['run_id']) & waiting).execute()
    SyncStep.update(state=models.SKIPPED, note='Something else was written here since the plan.').where((SyncStep.run == made['run_id']) & (SyncStep.kind == planning.CHANGE)).execute()
    SyncStep.update(state=models.APPLIED).where((SyncStep.run == made['held_id']) & waiting & (SyncStep.is_held == 0)).execute()
    for name, state in (('run_id', models.DONE), ('held_id', models.HELD)):
        SyncRun.update(state=state, ended_at=SyncRun.started_at).where(SyncRun.id == made[name]).execute()
    return made
