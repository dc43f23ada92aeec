"""The addresses that templates name. Flask builds each anew; those without values never change, and a page has some fifteen."""

import functools

import flask


def url_for(endpoint, **values):
    """What Flask's `url_for` says, for a template."""
    return flask.url_for(endpoint, **values) if values or endpoint.startswith('.') else _constant(endpoint)


@functools.cache
def _constant(endpoint):
    return flask.url_for(endpoint)
