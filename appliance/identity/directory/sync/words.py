"""The words for what a run does and why: pages and commands read the same."""

from appliance.core.i18n import texts
from appliance.identity.directory.sync import giving, models, notes, planning

_ = texts(__name__)

KINDS = {
    planning.DISABLE: _.lazy('Cut off'), planning.ENABLE: _.lazy('Let in again'), planning.CHANGE: _.lazy('Changed'), planning.MOVE: _.lazy('Moved'),
    planning.CREATE: _.lazy('New'), planning.LOSE: _.lazy('Right taken'), planning.GAIN: _.lazy('Right given'), planning.PLACE: _.lazy('Other department'),
    planning.BRANCH: _.lazy('Department'), planning.HEAD: _.lazy('Head'), planning.ADOPT: _.lazy('Here already'), planning.REFUSE: _.lazy('Not possible'),
}
REASONS = {
    'disabled': _.lazy('The directory has disabled the account.'),
    'expired': _.lazy('The account has expired in the directory.'),
    'gone': _.lazy('The entry is not below the base any more: deleted, moved away, or not shown to the portal.'),
    'filtered': _.lazy('The entry does not match the filter for people any more.'),
    'back': _.lazy('The directory lets this person in again.'),
    'changed': _.lazy('The directory has other values.'),
    'parked': _.lazy('It changes hands in a ring: this one bears the number of its entry for a moment.'),
    'moved': _.lazy('The entry stands elsewhere in the directory.'),
    'new': _.lazy('In the directory, and not here yet.'),
    'in_group': _.lazy('A group that the person is in gives it.'),
    'in_branch': _.lazy('The entry stands in this branch.'),
    'branch_new': _.lazy('People stand in this branch of the directory.'),
    'branch_changed': _.lazy('The branch has another name or place in the directory.'),
    'most_named': _.lazy('Most people of the department have this manager in the directory.'),
    'nobody_names': _.lazy('Nobody of the department has this manager in the directory any more.'),
    'left_group': _.lazy('The person is not in the group any more.'),
    'group_gone': _.lazy('The directory does not show the group any more.'),
    'no_rule': _.lazy('No rule gives it any more.'),
    'kept': _.lazy('No group gives it any more; it stays, since it was given here, too.'),
    'login_taken': _.lazy('The login belongs to another account here. A name alone joins nobody.'),
    'login_of_guest': _.lazy('The login belongs to a guest here. Guests are not joined with entries of a directory.'),
    'login_of_service': _.lazy('The login belongs to a service account here. Programs are not joined with entries of a directory.'),
    'login_of_tied': _.lazy('The login belongs to somebody here who has another entry.'),
    'employee_number': _.lazy('The employee number is the same.'),
    'login': _.lazy('The login is the same.'),
    'mail': _.lazy('Only the mail is the same, which people write themselves.'),
    'ambiguous': _.lazy('Several match: one person and one entry at most belong together.'),
}
RUN_STATES = {
    models.ASKED: _.lazy('The directory is read'), models.PLANNED: _.lazy('Plan'), models.APPLYING: _.lazy('Being carried out'),
    models.DONE: _.lazy('Done'), models.HELD: _.lazy('Held'), models.FAILED: _.lazy('Failed'), models.UNDOING: _.lazy('Being taken back'),
    models.UNDONE: _.lazy('Taken back'), models.DISCARDED: _.lazy('Discarded'), models.OVER: _.lazy('Over'), models.READING: _.lazy('The directory is read'), models.ADOPTING: _.lazy('People are joined'),
}
STEP_STATES = {
    models.WAITING: _.lazy('Waits'), models.APPLIED: _.lazy('Done'), models.SKIPPED: _.lazy('Left out'), models.REFUSED: _.lazy('Not done'),
    models.TAKEN_BACK: _.lazy('Taken back'), models.LEFT: _.lazy('Left as it is'), models.PROPOSED: _.lazy('Waits for a tick'),
    models.DECLINED: _.lazy('Different people'),
}
FIELDS = {
    'login': _.lazy('Login'), 'name': _.lazy('Name'), 'mail': _.lazy('Mail'), 'phone': _.lazy('Phone'), 'title': _.lazy('Title'),
    'department': _.lazy('Department'), 'employee_number': _.lazy('Employee number'), 'language': _.lazy('Language'), 'dn': _.lazy('Entry'), 'role': _.lazy('Role'), 'group': _.lazy('Group'), 'above': _.lazy('Belongs to'),
    'head': _.lazy('Head'), 'leads': _.lazy('Leads'),
}


def brake(run):
    """Why nobody was cut off for absence, in a sentence; '' where the brake did not hold anything. run: as runs.one_run gives it."""
    if not run['brake']:
        return ''
    if run['brake'] == 'empty':
        return _('The directory shows nobody, and %(known)s people are known by it. Nobody is cut off for that.', known=run['known'])
    if run['brake'] == 'many':
        return _('%(absent)s of %(known)s people are missing in the directory. That many are not cut off without your word.',
                 absent=run['absent'], known=run['known'])
    if run['brake'] == 'administrator':
        return _('Nobody who may administer the portal would be left. The last one is not cut off without your word.')
    if run['brake'] == 'blind':
        return _('The directory does not show the portal’s account who is disabled (userAccountControl). Let the account read it: nobody is let in or cut off by it until then.')
    if run['brake'] == 'emptied':
        return _('So many people would lose values that the portal’s account seems to see less than before. They keep them until you say otherwise.')
    if run['brake'] == 'gains':
        return _('By groups of the directory people would get roles that administer. They get them when somebody says so who may do as much.')
    if run['brake'] == 'losses':
        return _('So many people would lose what groups gave them that a group may have been deleted by mistake, or hidden from the portal. They keep it until you say otherwise.')
    if run['brake'] == 'heads':
        return _('So many departments would get another head that it waits for your word.')
    if run['brake'] == 'groups':
        return _('The groups of the directory cannot be read. What they gave stays as it is.')
    if run['brake'] == 'part':
        return _('The directory shows only a part of its people to the portal’s account, so that nobody can be told absent. Raise its size limit for that account.')
    return _('The connection ended before all people were read. Nobody is cut off for that.')


def note(step):
    """Why a step was not done, in the reader's language: it was written by the job."""
    return notes.shown(step['note'])


def failure(run):
    """Why a run failed, in the reader's language."""
    return notes.shown(run['failure'])


def counts(run):
    """[(kind, word, number)] of what a run holds, in the order of doing."""
    return [(kind, KINDS[kind], run['counts'][kind]) for kind in planning.KINDS if run['counts'].get(kind)]


def changes(step):
    """[(field, old, new)] of a step, for people: what a new person gets has no old values."""
    return [(FIELDS[name], _value(name, step['before'].get(name, '')), _value(name, value)) for name, value in step['after'].items()
            if value != step['before'].get(name, '') and name in FIELDS]


def _value(name, value):
    return giving.role_title(value) if name == 'role' and value else value
