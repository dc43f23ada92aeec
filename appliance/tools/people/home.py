"""What people brings to the frame: the colleagues nearest to a person on the day (one query), the own profile in the menu."""

from flask import url_for

from appliance.core.i18n import texts
from appliance.tools.people import rules

_ = texts(__name__)


def card(actor):
    """The people of his department; for somebody from outside his contact."""
    return {'template': 'people/near.html', 'order': 60, 'data': rules.near(actor)}


def personal(actor):
    """The way to his own profile."""
    return dict(title=_('My profile'), url=url_for('people.profile', person_id=actor.person_id), icon='user', order=10)
