"""Removing a directory by which nobody has come: one that was set up by mistake, or only tried. Any other is switched off, and kept."""

from appliance.core import audit
from appliance.core.actions import action
from appliance.core.db import lock_row
from appliance.core.errors import Conflict, NotFound
from appliance.core.i18n import texts
from appliance.core.permissions import permitted
from appliance.identity.directory.adoption.models import Adoption, FormerTie
from appliance.identity.directory.group_models import DirectoryDepartment, DirectoryGiven, DirectoryGroupRule
from appliance.identity.directory.sync import due, models
from appliance.identity.directory.sync.models import SyncMark, SyncRun, SyncStep
from appliance.identity.models import Directory, DirectoryGap, DirectoryPerson, OwedStep

_ = texts(__name__)
LEFT_BEHIND = (DirectoryPerson, FormerTie, DirectoryDepartment, DirectoryGiven)     # what says that it gave us something
OF_IT = (Adoption, SyncMark, DirectoryGroupRule, DirectoryGap, OwedStep)


def is_unused(directory_id):
    """Whether nobody has come by a directory, nor a department from it."""
    return not any(model.select().where(model.directory == directory_id).exists() for model in LEFT_BEHIND)


@action(rights=permitted('identity.directories.manage'))
def remove_directory(actor, directory_id):
    """Remove a directory with its secret, rules and plans. Conflict while it is on or being read, and where somebody has come by it."""
    lock_row(Directory, directory_id)
    directory = Directory.get_or_none(Directory.id == directory_id)
    if directory is None:
        raise NotFound()
    if directory.is_active:
        raise Conflict(_('Switch it off first, so that nobody logs in by it any more.'))
    if not is_unused(directory_id):
        raise Conflict(_('People or departments have come by this directory, and are known by it. It stays, switched off.'))
    of_it = SyncRun.directory == directory_id
    if SyncRun.select().where(of_it & SyncRun.state.in_([*due.OPEN, models.READING])).exists():
        raise Conflict(_('It is being compared. Wait until that has ended.'))
    for model in OF_IT:
        model.delete().where(model.directory == directory_id).execute()
    SyncStep.delete().where(SyncStep.run.in_(SyncRun.select(SyncRun.id).where(of_it))).execute()
    SyncRun.delete().where(of_it).execute()
    Directory.delete().where(Directory.id == directory_id).execute()
    audit.record(actor, 'identity.directory.removed', f'identity.directory:{directory_id}', name=directory.name)
