"""The rules that say what a directory's groups give: listed, added by a group that the directory shows, removed.

Nobody makes a rule for a role that can do more than he may. What a rule gave is taken back by the next look at the directory.
"""

import time

import ldap

from appliance.core import audit
from appliance.core.actions import action
from appliance.core.departments import all_departments
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.i18n import texts
from appliance.core.limits import NAME_LENGTH
from appliance.core.permissions import may, permitted, require, require_grantable, roles
from appliance.identity.directory import directories, groups, login
from appliance.identity.directory.client import connect
from appliance.identity.directory.group_models import DEPARTMENT, KINDS, ROLE, DirectoryGroupRule
from appliance.identity.directory.sync import outdated
from appliance.identity.directory.threads import within
from appliance.identity.models import Directory

_ = texts(__name__)
MOST_RULES = 200        # of one directory: each look reads all their groups
ASK_S = 4               # a page waits for it


def list_rules(actor, directory_id):
    """[{id, uuid, group, dn, kind, what, gives: in words, gone_at}, ...] of a directory, in the order in which they count."""
    require(actor, 'identity.directories.manage')
    return [{'id': rule.id, 'uuid': rule.uuid, 'group': rule.name, 'dn': rule.dn, 'kind': rule.kind, 'what': rule.what,
             'gives': groups.in_words(rule.kind, rule.what), 'gone_at': rule.gone_at} for rule in groups.rules_of(directory_id)]


def find_groups(actor, directory_id, words):
    """[{uuid, name, dn}, ...] of the first groups in the directory whose name holds these words. Asks the directory; no transaction may be open.

    DirectoryDown or DirectoryMisconfigured where it cannot be asked.
    """
    require(actor, 'identity.directories.manage')
    if len(words) > NAME_LENGTH or '\0' in words:
        return []
    found = _ask(directory_id, groups.find_groups, words)
    return [{'uuid': group.uuid, 'name': group.name, 'dn': group.dn} for group in found]


def find_group(actor, directory_id, dn_or_uuid):
    """{uuid, name, dn} of a group; NotFound when the directory shows none. Asks the directory; no transaction may be open."""
    require(actor, 'identity.directories.manage')
    found = _ask(directory_id, groups.group_of, dn_or_uuid) if 0 < len(dn_or_uuid) <= directories.MOST_LINE and '\0' not in dn_or_uuid else None
    if found is None:
        raise NotFound(_('The directory shows no such group.'))
    return {'uuid': found.uuid, 'name': found.name, 'dn': found.dn}


def _ask(directory_id, question, words):
    directory, deadline = directories.load(directory_id), time.monotonic() + ASK_S

    def talk():
        with connect(directory, deadline) as connection:
            login.bind_own_account(connection, directory)
            try:
                return question(connection, directory, words)
            except ldap.LDAPError as error:
                raise login.misconfigured_search(error) from error
    return within(deadline, talk)


@action(rights=permitted('identity.directories.manage'))
def add_rule(actor, directory_id, group, kind, what):
    """Who is in a group ({uuid, name, dn}, see find_group) has this: `role` and its name, or `department` and its id. Returns the rule's id.

    NotAllowed for a role that may do more than the actor, and for a department where he may not manage people.
    """
    if Directory.get_or_none(Directory.id == directory_id) is None:
        raise NotFound()
    what = _checked(actor, kind, what)
    known = DirectoryGroupRule.directory == directory_id
    if DirectoryGroupRule.select().where(known).count() >= MOST_RULES:
        raise Conflict(_('A directory has at most %(most)s rules.', most=MOST_RULES))
    if DirectoryGroupRule.select().where(known & (DirectoryGroupRule.uuid == group['uuid']) & (DirectoryGroupRule.kind == kind) & (DirectoryGroupRule.what == what)).exists():
        raise Conflict(_('There is this rule already.'))
    rule_id = DirectoryGroupRule.create(directory=directory_id, uuid=group['uuid'], name=group['name'], dn=group['dn'], kind=kind, what=what).id
    outdated.let_be(directory_id)
    audit.record(actor, 'identity.directory.rule.added', f'identity.directory:{directory_id}', rule=rule_id, group=group['uuid'], gives=f'{kind} {what}')
    return rule_id


def may_give(actor):
    """{kind: [(what, in words), ...]} of what the actor may make rules about."""
    tree = all_departments()
    found = {ROLE: [(role, title) for role, title in roles().items() if _may_give(actor, role)],
             DEPARTMENT: sorted(((str(one), groups.path_in_words(one, tree)) for one in tree), key=lambda pair: pair[1].casefold())
             if may(actor, 'core.people.manage') else []}
    return {kind: choices for kind, choices in found.items() if choices}


def _may_give(actor, role):
    try:
        require_grantable(actor, role)
    except (Invalid, NotAllowed):
        return False
    return True


def _checked(actor, kind, what):
    if kind == ROLE:
        require_grantable(actor, what)
        return what
    if kind == DEPARTMENT:
        require(actor, 'core.people.manage')        # a department gives rights, too
        if not str(what).isdecimal() or int(what) not in all_departments():
            raise Invalid(_('There is no such department.'), field='what')
        return str(int(what))
    raise Invalid(_('Right would be: %(right)s.', right=', '.join(KINDS)), field='kind')


@action(rights=permitted('identity.directories.manage'))
def remove_rule(actor, directory_id, rule_id):
    """Let a rule go; what it alone gave is taken back by the next look at the directory. The same rights as for adding it."""
    rule = DirectoryGroupRule.get_or_none((DirectoryGroupRule.id == rule_id) & (DirectoryGroupRule.directory == directory_id))
    if rule is None:
        raise NotFound()
    _checked(actor, rule.kind, rule.what)
    rule.delete_instance()
    outdated.let_be(directory_id)
    audit.record(actor, 'identity.directory.rule.removed', f'identity.directory:{directory_id}', rule=rule_id)
