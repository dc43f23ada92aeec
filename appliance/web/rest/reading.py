"""The parameters of a request, wherever they stand: query, form, multipart form or JSON. Those of the body win over the query's."""

from appliance.core.errors import Invalid
from appliance.core.i18n import texts
from appliance.core.rest.wire import nested, read_json, read_query

_ = texts(__name__)


def parameters(asked):
    """{name: value} of a Flask request; values are texts, lists and dicts, from JSON also numbers and truth. Invalid when unreadable."""
    try:
        query = asked.query_string.decode('utf-8')
    except UnicodeDecodeError:
        raise Invalid(_('The request is not UTF-8.')) from None
    return {**read_query(query), **_body(asked)} if query else _body(asked)


def _body(asked):
    if asked.method != 'POST' or not asked.content_length:
        return {}
    if asked.mimetype == 'multipart/form-data':
        return _multipart(asked)
    body = asked.get_data(cache=False)
    if asked.mimetype == 'application/json' or (body[:1] in (b'{', b'[') and asked.mimetype != 'application/x-www-form-urlencoded'):
        return read_json(body)
    try:
        return read_query(body.decode('utf-8'))
    except UnicodeDecodeError:
        raise Invalid(_('The request is not UTF-8.')) from None


def _multipart(asked):
    pairs, files = [*asked.form.items(multi=True)], [*asked.files]
    if files:
        raise Invalid(_('This method takes no file %(name)s.', name=files[0][:60]), field=files[0][:60])
    if not pairs and asked.content_length > len(f'\r\n--{asked.mimetype_params.get("boundary", "")}--\r\n'):
        # Werkzeug reads a form without its boundary, or one that was cut off, as an empty one: a filter would be lost, and all rows answered.
        raise Invalid(_('The form cannot be read.'))
    return nested(pairs)
