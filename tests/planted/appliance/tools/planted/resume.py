"""Nothing to catch up with."""


def resume(actor):
    """Nothing."""
