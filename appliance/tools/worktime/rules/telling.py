"""Tells open tabs, when the transaction commits, that a working day has changed; each fetches what it shows of it, by its own rights."""

from appliance.core import live


def tell_changed(person_id, day_id):
    """Inside an action: the person's own tabs, and whoever has this day's page open. They hear `live:worktime`."""
    ref = f'worktime.day:{day_id}'
    live.tell([f'person:{person_id}', f'page:{ref}'], 'worktime', ref=ref)
