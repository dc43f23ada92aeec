"""Tells a person's open tabs, when the transaction commits, that his working day has changed; each fetches what it shows of it."""

from appliance.core import live


def tell_changed(person_id, day_id):
    """Inside an action. Pages hear `live:worktime`."""
    live.tell([f'person:{person_id}'], 'worktime', ref=f'worktime.day:{day_id}')
