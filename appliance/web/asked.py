"""The numbers that an address asks for behind its `?`: where a list goes on, what is chosen."""

from flask import request

from appliance.core.errors import Invalid, NotFound
from appliance.core.i18n import texts

_ = texts(__name__)


def number(name):
    """The number asked for by a name, None where there is none; NotFound for what no row can have as its id."""
    text = request.args.get(name, '')
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise NotFound()
    return int(text)


def place(name='older'):
    """The place where a list goes on, None for its start; Invalid says where to begin again."""
    try:
        return number(name)
    except NotFound:
        raise Invalid(_('There is no such place in the list. Begin at its start.'), field=name) from None
