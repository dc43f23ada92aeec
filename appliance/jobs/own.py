"""The jobs that belong to no tool, and loading those of the tools. Importing declares; nothing else happens."""

from appliance.core import registration


def load():
    """Declare the jobs of the core and of the tools that are on now; then `appliance.core.jobs.declared()` knows them."""
    from appliance.jobs import calling, cleaning, deriving, drilling, forgetting, nightly, noticing, sending, switching, syncing, telling    # noqa: F401  # slow: page and command need it, imports of web do not
    registration.load('jobs')
