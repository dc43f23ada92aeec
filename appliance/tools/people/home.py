"""What people brings to the day: the colleagues nearest to a person. One query."""

from appliance.tools.people import rules


def card(actor):
    """The people of his department; for somebody from outside his contact."""
    return {'template': 'people/near.html', 'order': 60, 'data': rules.near(actor)}
