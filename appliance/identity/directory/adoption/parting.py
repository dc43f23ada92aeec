"""Taking back that a person was joined with an entry: what he had before is his again, as far as nobody touched it since.

Nobody gets in whom the directory keeps out today, and every session of his ends: the way in is another one again.
"""

from appliance.core import audit, clock
from appliance.core.actor import SYSTEM
from appliance.core.events import publish
from appliance.core.i18n import texts
from appliance.core.people import block, is_blocked, raise_epoch, unblock
from appliance.identity.directory import directories
from appliance.identity.directory.adoption.models import Adoption, FormerTie
from appliance.identity.directory.sync.applying import unchanged, write_fields
from appliance.identity.directory.sync.batches import NotDone, is_tied, tie_of
from appliance.identity.directory.sync.events import PersonParted
from appliance.identity.models import DirectoryPerson, Password

_ = texts(__name__)


def part(run, step, snapshot):
    """Take a step of the kind `adopt` back. snapshot: the directory as it is now, None where it does not answer: then nobody gets in."""
    entry = snapshot.entry(step.uuid) if snapshot else None
    if entry is None or entry.closed(clock.now()):
        raise NotDone(_('The directory does not let this person in today.'))
    tie_of(run, step)
    adoption = Adoption.get_by_id(step.id)
    DirectoryPerson.delete().where(is_tied(run, step)).execute()
    had_ties = _tie_again(run, step)
    _fill_back(step, had_ties)
    _open_old_doors(run, adoption)
    raise_epoch(step.person_id)
    audit.record(SYSTEM, 'identity.person.parted', f'core.person:{step.person_id}', directory=run.directory_id, run=run.id)
    publish(PersonParted(step.person_id, run.directory_id, None))


def _tie_again(run, step):
    """Whether there were ties before this one; those whose entry is nobody's meanwhile are there again."""
    former = list(FormerTie.select().where((FormerTie.run == run.id) & (FormerTie.person == step.person_id)))
    for tie in former:
        if not DirectoryPerson.select().where((DirectoryPerson.directory == tie.directory_id) & (DirectoryPerson.uuid == tie.uuid)).exists():
            DirectoryPerson.create(directory=tie.directory_id, uuid=tie.uuid, person=tie.person_id, dn=tie.dn, seen_at=tie.seen_at)
    FormerTie.delete().where((FormerTie.run == run.id) & (FormerTie.person == step.person_id)).execute()
    return bool(former)


def _fill_back(step, had_ties):
    """The values from before, of fields that hold what the run wrote. A department gives rights: where a directory said it before, that
    directory says it again at its next look, and the undoing does not.
    """
    still = unchanged(step.person_id, step.after)
    back = {name: value for name, value in step.before.items() if name in still and not (had_ties and name == 'department')}
    if back:
        write_fields(step.person_id, back)


def _open_old_doors(run, adoption):
    """The local password, unless there is another by now; and what directories said against the person before."""
    person_id = adoption.person_id
    if adoption.password_hash and not Password.select().where(Password.person == person_id).exists():
        Password.create(person=person_id, hash=adoption.password_hash, set_at=adoption.password_set_at)
    source = directories.source_of(run.directory_id)
    for one, reason in adoption.blocks.items():
        block(SYSTEM, person_id, one, reason)
    if source not in adoption.blocks and is_blocked(person_id, source):
        unblock(SYSTEM, person_id, source)
    Adoption.update(password_hash=None, password_set_at=None, blocks={}).where(Adoption.step == adoption.step_id).execute()
