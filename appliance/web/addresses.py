"""The addresses that templates name. Flask builds each anew, which takes as long as a short query; a page has some fifteen that never
change, and those of its rows, each several times.
"""

import functools

import flask

KEPT, KEPT_LENGTH = 4096, 60


def url_for(endpoint, **values):
    """What Flask's `url_for` says, for a template."""
    if endpoint.startswith('.'):
        return flask.url_for(endpoint, **values)
    if not values:
        return _constant(endpoint)
    build = _kept if all(map(_is_short, values.values())) else flask.url_for
    return build(endpoint, **values)


def _is_short(value):
    """Whether it is an id, nothing, or a word: what people type may be as long as an address."""
    kind = type(value)
    return kind is int or value is None or (kind is str and len(value) <= KEPT_LENGTH)


@functools.cache
def _constant(endpoint):
    return flask.url_for(endpoint)


@functools.lru_cache(maxsize=KEPT)
def _kept(endpoint, **values):
    return flask.url_for(endpoint, **values)
