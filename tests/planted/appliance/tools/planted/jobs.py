"""A job of the planted tool, which does nothing each minute."""

from appliance.core import jobs


@jobs.every(minutes=1, name='planted.tick', title='Tick')
def tick(run):
    """Nothing."""
