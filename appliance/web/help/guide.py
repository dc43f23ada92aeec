"""What the guide says: whoever may set something up reads what is left of it, as it really is; all others where things are, in their own words."""

import logging

from flask import current_app, request, url_for

from appliance.core import guides, permissions
from appliance.core.actor import GUEST
from appliance.core.backup import keeping
from appliance.core.errors import PortalError
from appliance.core.i18n import texts
from appliance.core.people import has_colleagues
from appliance.core.settings import get_settings
from appliance.identity.directory import directories
from appliance.web.shell import parts

_ = texts(__name__)
log = logging.getLogger('appliance.web')


def first_time(actor):
    """The guide if this person was never shown it; None else. Whoever gets it has seen it, whatever becomes of the page."""
    # A page that the browser fetches ahead is not yet looked at.
    if 'prefetch' in request.headers.get('Sec-Purpose', '') or guides.is_seen(actor, guides.WELCOME):
        return None
    try:
        return guide(actor) if guides.claim(actor, guides.WELCOME) else None
    except PortalError as error:        # nothing can be written now: the page comes all the same, the guide another time
        log.warning('the guide was not shown: %s', error.message)
        return None


def guide(actor):
    """{title, lead, steps, places}: steps [{title, text, command, url, icon, is_done, is_optional}] that this person may take;
    places [{title, text, url, icon}]."""
    steps = _steps(actor)
    left = sum(not (step['is_done'] or step['is_optional']) for step in steps)
    if steps:
        lead = _.plural('%(n)s step of the set-up is left.', '%(n)s steps of the set-up are left.', left) if left else _('Everything is set up.')
    elif actor.kind == GUEST:
        lead = _('You are a guest here: this portal belongs to %(company)s.', company=get_settings('company')['name'] or _('another company'))
    else:
        lead = _('In a minute you know where everything is.')
    return {'title': _('Set up the portal') if steps else _('Welcome'), 'lead': lead, 'steps': steps,
            'left': left, 'places': _places(actor)}


def _steps(actor):
    """The steps of setting up that the actor may take, in the order in which they are best taken. Read anew each time: there is no
    tick to forget."""
    config = current_app.portal
    steps = (
        ('core.settings.manage', lambda: bool(get_settings('company')['name']),
         _step(_('Company'), _('Its name, language and time zone.'), url_for('setup.company'), icon='building')),
        ('core.mail.manage', lambda: bool(get_settings('mail')['host']),
         _step(_('Mail server'), _('Reminders and notices go out through it.'), url_for('setup.company', _anchor='mail'), icon='mail')),
        ('identity.directories.manage', lambda: any(one['is_active'] for one in directories.list_directories(actor)),
         _step(_('Directory'), _('People log in with the password that they have already (LDAP).'), url_for('admin.list_directories'),
               icon='address-book', is_optional=True)),
        ('core.backups.read', lambda: config.is_outside,
         _step(_('Backups on another disk'), _('In the data folder they would be lost with its disk.'), url_for('admin.list_backups'),
               icon='database-export')),
        ('core.backups.read', lambda: keeping.is_key_shown(config),
         _step(_('The key of the backups'), _('Without it no backup can be opened. On the server, run:'), url_for('admin.list_backups'),
               icon='key', command='appliance backup key')),
        ('core.people.manage', lambda: has_colleagues(actor),
         _step(_('The first people'), _('They come with their first login from the directory, or by the console:'), url_for('people.index'),
               icon='users', command='appliance person add')),
    )
    return [{**step, 'is_done': is_done()} for permission, is_done, step in steps if permissions.may(actor, permission)]


def _step(title, text, url, icon, is_optional=False, command=''):
    return {'icon': icon, 'command': command, 'title': title, 'text': text, 'url': url, 'is_optional': is_optional}


def _places(actor):
    """Where things are: the day, what each tool says of itself, the person's menu."""
    own = _('Language, time zone, and where you are logged in.')
    day = _('What concerns you today stands here first.')
    return [dict(icon='home', title=_('My day'), text=day, url=url_for('home.index')), *parts('guide', actor),
            dict(icon='settings', title=_('Your menu'), text=own, url=url_for('settings.index'))]
