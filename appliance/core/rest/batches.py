"""`batch`: up to 50 commands in one request, each `method?query`, run in order; a later one may use what an earlier one answered.

`$result[name][0][ID]` stands for a value of an earlier answer. It is looked for in the values of a command after its query was taken
apart, so that it is found percent-encoded too. What it names must be there: an empty value could turn one row into all.
"""

import re
from dataclasses import replace

from appliance.core.errors import Invalid, PortalError
from appliance.core.i18n import texts
from appliance.core.limits import BATCH_COMMANDS, REQUEST_KEY_LENGTH
from appliance.core.rest import calls, kinds
from appliance.core.rest.calls import KEY
from appliance.core.rest.refusals import Refused, described
from appliance.core.rest.timing import Stopwatch
from appliance.core.rest.wire import is_list, read_query

_ = texts(__name__)
_REFERENCE = re.compile(r'\$result((?:\[[^\[\]]*\])+)')
_STEP = re.compile(r'\[([^\[\]]*)\]')
_KNOWN = {'HALT', 'CMD'}


def run(call, given, settle):
    """The answer of a batch: {result, result_error, result_total, result_next, result_time}, each a map by the command's name.

    `settle(error)` is called for what no rule refused (a database away): it logs, and returns what to say. Refused for too many commands.
    """
    commands, is_halting, key = _read(given)
    call = replace(call, key=call.key or key)
    found = {'result': {}, 'result_error': {}, 'result_total': {}, 'result_next': {}, 'result_time': {}}
    for name, text in commands.items():
        watch = Stopwatch()
        try:
            answer = _run_one(call.within(name), text, found['result'])
        except Exception as error:      # the others must run
            found['result_error'][name] = described(error if isinstance(error, PortalError) else settle(error))
            if is_halting:
                break
            continue
        found['result'][name] = answer.result
        found['result_time'][name] = watch.told()
        if answer.total is not None:
            found['result_total'][name] = answer.total
        if answer.next is not None:
            found['result_next'][name] = answer.next
    return {part: _as_php(values) for part, values in found.items()}


def _read(given):
    """({name: command}, whether the first failure ends it, the request key)."""
    folded = calls.folded(given)
    for name in folded:
        if name not in _KNOWN and not calls.is_ignored(name):
            raise Invalid(_('%(method)s has no parameter %(name)s.', method='batch', name=name[:60]), field=name[:60])
    try:
        commands = kinds.Map().read(folded.get('CMD', {}))
        is_halting = kinds.Flag().read(folded.get('HALT', False))
    except ValueError as error:
        raise Invalid(_('%(name)s: right would be %(right)s.', name='cmd, halt', right=error), field='cmd') from None
    if len(commands) > BATCH_COMMANDS:
        raise Refused('ERROR_BATCH_LENGTH_EXCEEDED', 400, _('A batch has at most %(most)s commands.', most=BATCH_COMMANDS))
    return commands, is_halting, _checked_key(folded.get(KEY, ''))


def _checked_key(key):
    if key and not (isinstance(key, str) and len(key) <= REQUEST_KEY_LENGTH):
        raise Invalid(_('A request key has 8 to %(most)s characters.', most=REQUEST_KEY_LENGTH), field=KEY)
    return key


def _run_one(call, text, results):
    if not isinstance(text, str):
        raise Invalid(_('A command is a text such as %(example)s.', example='user.get?ID=1'), field='cmd')
    method, _mark, query = text.strip().partition('?')
    method = calls.named(method.strip('/'))
    if method.lower() == 'batch':
        raise Refused('ERROR_BATCH_METHOD_NOT_ALLOWED', 400, _('A batch cannot be in a batch.'))
    return calls.perform(call, method, _filled(read_query(query), results))


def _filled(value, results):
    """Values with the references in them resolved; a value that is nothing but a reference becomes what it names, of any kind."""
    if isinstance(value, dict):
        return {name: _filled(one, results) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, results) for one in value]
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _resolved(whole, results)
    return _REFERENCE.sub(lambda found: _as_text(found, results), value)


def _resolved(found, results):
    value = results
    for step in _STEP.findall(found[1]):
        try:
            value = value[_place(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, ValueError, TypeError):
            raise Invalid(_('%(reference)s names nothing that an earlier command answered.', reference=found[0][:100]), field='cmd') from None
    return value


def _place(step):
    if not (step.isascii() and step.isdigit()):     # Python would count -1 from the end
        raise ValueError(step)
    return int(step)


def _as_text(found, results):
    value = _resolved(found, results)
    if isinstance(value, dict | list):
        raise Invalid(_('%(reference)s is no single value.', reference=found[0][:100]), field='cmd')
    return str(value)


def _as_php(values):
    """A map as PHP encodes it: an empty one, and one whose names are 0, 1, 2, ..., is a list."""
    return [*values.values()] if not values or is_list(values) else values
