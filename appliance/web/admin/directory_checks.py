"""Trying a directory out of its form before it is saved: each part of the form has a button, and what was found stands below it.

The same form goes to the same address, with `check` or a `take_...` in it; nothing is saved. A script's request gets the parts alone, so
that the secret stays where it was typed; a page never carries it, so that without scripts it is typed again.
"""

from flask import current_app, g, render_template

from appliance.core.errors import Conflict, Invalid, NotAllowed
from appliance.core.http_client import is_own_door
from appliance.core.i18n import texts
from appliance.identity.directory import wizard
from appliance.identity.directory.client import address
from appliance.identity.directory.sync import words
from appliance.web.errors import is_fragment

_ = texts(__name__)

STEPS = {'reach': _.lazy('Reach the server'), 'encryption': _.lazy('Encrypt the connection'), 'bind': _.lazy('Log in with the portal’s account'),
         'base': _.lazy('Read the base'), 'people': _.lazy('Find the people'), 'as': _.lazy('What this login is'), 'login': _.lazy('Log in as a person')}
STATES = {'ok': (_.lazy('Well'), 'good'), 'failed': (_.lazy('Failed'), 'bad'), 'skipped': (_.lazy('Not tried'), 'plain')}
PRESETS = {'openldap': 'OpenLDAP', 'active-directory': 'Active Directory', 'freeipa': 'FreeIPA', '389': '389 Directory Server'}
CLOSED = {'disabled': _.lazy('Disabled there'), 'expired': _.lazy('Expired there'), 'not shown': _.lazy('Not shown whether disabled')}
BECOMES = {'known': _.lazy('Comes in as the person he is here.'), 'new': _.lazy('Becomes a new person here.')}
COMES_IN = {'ok': _.lazy('Comes in'), 'failed': _.lazy('Does not come in')}
# Which steps stand below which part of the form.
STEPS_OF = {'server': ('reach', 'encryption'), 'account': ('bind',), 'people': ('base', 'people'), 'login': ('as', 'login')}
# What a button offers belongs to a part, which is tried anew with it.
TAKEN = {'take_preset': 'server', 'take_ca_pem': 'server', 'take_base_dn': 'people'}


def asked_part(form):
    """The part of the form that somebody wants tried, or '' where he wants to save. Puts what a button offered into its field."""
    for name, part in TAKEN.items():
        if form[name].data:
            form[name.removeprefix('take_')].data = form[name].data
            return part
    return form.check.data if form.check.data in wizard.PARTS else ''


def is_check(form):
    """Whether a posted form asks for a try."""
    return form.is_posted and bool(form.check.data or any(form[name].data for name in TAKEN))


def answer_check(form, directory, page):
    """The answer to a form that asks for a try: its parts for htmx, else the whole page. page(**values) draws it; directory: the row or None."""
    part = asked_part(form)
    found = _found(form, directory, part)
    values = {'found': found, 'part': part, 'shown': _shown(found)} | WORDS
    if is_fragment():
        return render_template('admin/directory_found.html', form=form, directory=directory, **values), form.status
    return page(**values)


def require_foreign(form):
    """Refuse the portal's own doors as a directory, at the field; whether all is well."""
    for url in (form.url.data or '').split():
        try:
            _scheme, host, port = address(url)
        except ValueError:
            continue    # the rule says what is wrong
        if is_own_door(current_app.portal, host, port):
            form.refuse(Invalid(_('That is a door of the portal itself, and no directory.'), field='url'))
            return False
    return True


def _found(form, directory, part):
    if not part:
        form.refuse(Invalid(_('This form has no such part.')))
    elif not form.is_sound_so_far():
        return None
    elif not form.url.data:
        form.refuse(Invalid(_('Give a server first.'), field='url'))
    else:
        try:
            return wizard.check(g.actor, current_app.portal, part, form.values(directory), directory and directory['id'], form.secret.data or '',
                                form.tried_login.data or '', form.tried_password.data or '')
        except (Invalid, Conflict, NotAllowed) as error:
            form.refuse(error)
    return None


def _shown(found):
    """{part: the steps that stand below it}, for the parts that were tried."""
    by_name = {one['step']: one for one in found['steps']} if found else {}
    if by_name.get('as', {}).get('state') in COMES_IN and by_name['login']['state'] == 'skipped':
        del by_name['login']        # nobody typed a password
    return {part: [by_name[name] for name in names if name in by_name] for part, names in STEPS_OF.items()} | {'details': {name: one['details'] for name, one in by_name.items()}}


WORDS = {'steps': STEPS, 'states': STATES, 'kinds': PRESETS, 'fields': words.FIELDS, 'closed': CLOSED, 'becomes': BECOMES, 'comes_in': COMES_IN}
# What a page shows before anything was tried.
NOTHING = {'found': None, 'part': '', 'shown': _shown(None)} | WORDS
