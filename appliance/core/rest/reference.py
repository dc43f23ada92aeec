"""What there is to call, for people and for programs: read from the declarations, so that it cannot differ from what is done."""

import inspect

from appliance import __version__
from appliance.core.rest import happenings, methods
from appliance.core.rest.methods import BASIC
from appliance.core.rest.queries import Open
from appliance.core.rest.refusals import CODES, INTERNAL

_TYPES = {'integer': 'number', 'string': 'text', 'boolean': 'Y or N', 'object': 'map', 'array': 'list'}
_ANSWER = {'type': 'object', 'required': ['result', 'time'], 'properties': {
    'result': {}, 'total': {'type': 'integer'}, 'next': {'type': 'integer'}, 'time': {'type': 'object'}}}
_ERROR = {'type': 'object', 'required': ['error', 'error_description'], 'properties': {
    'error': {'type': 'string', 'examples': sorted({*CODES.values(), INTERNAL, 'insufficient_scope', 'expired_token'})},
    'error_description': {'type': 'string'}}}


def parameters(method):
    """[{name, schema, type (a word), about, is_required}] of a method, in the order of its signature."""
    found = []
    for name, (kind, default) in method.parameters.items():
        if isinstance(kind, Open):
            found += [{'name': one, 'schema': schema, 'about': about, 'is_required': False} for one, (schema, about) in kind.parameters().items()]
        else:
            found.append({'name': name.lower(), 'schema': kind.schema, 'about': kind.about, 'is_required': default is inspect.Parameter.empty})
    return [{**one, 'type': _type(one['schema'])} for one in found]


def _type(schema):
    words = schema.get('enum')
    return ', '.join(words) if words else {'date-time': 'moment', 'uri': 'address'}.get(schema.get('format'), _TYPES[schema['type']])


def for_actor(actor):
    """[{name, title, methods: [Method], events: [Happening]}] by scope, the one that needs none first: what this actor may call."""
    titles, found = methods.scopes(), {BASIC: ([], [])}
    for one in methods.declared().values():
        if one.is_for(actor):
            found.setdefault(one.scope, ([], []))[0].append(one)
    for one in happenings.declared().values():
        if one.scope in found:
            found[one.scope][1].append(one)
    return [{'name': name, 'title': str(titles.get(name, '')), 'methods': each[0], 'events': each[1]} for name, each in sorted(found.items())]


def openapi(actor, address):
    """The same as an OpenAPI 3.1 document for a portal's public address."""
    paths, hooks = {}, {}
    for scope in for_actor(actor):
        for one in scope['methods']:
            paths[f'/{one.name}'] = {'post': _operation(one)}
        for one in scope['events']:
            hooks[one.name] = {'post': {'summary': one.summary, 'requestBody': {'content': {
                'application/x-www-form-urlencoded': {'schema': {'type': 'object'}}}}, 'responses': {'200': {'description': 'Taken.'}}}}
    return {'openapi': '3.1.0', 'info': {'title': 'Appliance', 'version': __version__},
            'servers': [{'url': f'{address}/rest'}, {'url': f'{address}/rest/{actor.person_id}/{{token}}', 'variables': {'token': {'default': 'TOKEN'}}}],
            'security': [{'token': []}], 'paths': paths, 'webhooks': hooks,
            'components': {'securitySchemes': {'token': {'type': 'http', 'scheme': 'bearer'}}, 'schemas': {'Answer': _ANSWER, 'Error': _ERROR}}}


def _operation(method):
    given = parameters(method)
    schema = {'type': 'object', 'properties': {one['name']: {**one['schema'], 'description': one['about']} for one in given}}
    required = [one['name'] for one in given if one['is_required']]
    if required:
        schema['required'] = required
    key = [{'name': 'Idempotency-Key', 'in': 'header', 'schema': {'type': 'string', 'minLength': 8, 'maxLength': 100},
            'description': 'A repeat with the same key gets the first answer.'}] if method.is_write else []
    return {'operationId': method.name, 'summary': method.summary, 'description': method.details, 'tags': [method.scope or 'basic'], 'parameters': key,
            'requestBody': {'content': {kind: {'schema': schema} for kind in ('application/json', 'application/x-www-form-urlencoded')}},
            'responses': {'200': _response('What the method answers.', 'Answer'), 'default': _response('Why it was refused.', 'Error')}}


def _response(words, name):
    return {'description': words, 'content': {'application/json': {'schema': {'$ref': f'#/components/schemas/{name}'}}}}
