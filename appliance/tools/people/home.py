"""What people brings to the frame: the colleagues nearest to a person on the day (one query), the own profile in the menu."""

from flask import url_for

from appliance.core.actor import GUEST
from appliance.core.i18n import texts
from appliance.tools.people import rules

_ = texts(__name__)


def card(actor):
    """The people of his department; for somebody from outside his contact."""
    return {'template': 'people/near.html', 'order': 60, 'data': rules.near(actor)}


def guide(actor):
    """Where to find people, for the guide."""
    if actor.kind == GUEST and not rules.manages(actor):
        return dict(icon='user', title=_('Your contact'), url=url_for('people.profile', person_id=actor.person_id), order=20,
                    text=_('Whom to ask: on your profile stands who in the company looks after you, and how to reach that person.'))
    return dict(icon='users', title=_('People'), url=url_for('people.index'), order=20,
                text=_('Everybody with phone and mail, found by a part of the name; the structure shows who leads what.'))


def personal(actor):
    """The way to his own profile."""
    return dict(title=_('My profile'), url=url_for('people.profile', person_id=actor.person_id), icon='user', order=10)
