"""/admin/tools: which tools are on, what each keeps and costs, and the switch."""

from flask import g, redirect, render_template, url_for
from wtforms import HiddenField
from wtforms.validators import AnyOf

from appliance.core import people, switch, usage
from appliance.core.errors import Conflict, Invalid
from appliance.core.i18n import texts
from appliance.core.tool import declarations
from appliance.web.admin.blueprint import blueprint
from appliance.web.flashes import say
from appliance.web.forms import Form, read_form
from appliance.web.rights import permitted

_ = texts(__name__)


class SwitchForm(Form):
    """A button: what the tool shall be afterwards, so that two clicks on one button are one."""

    to = HiddenField(validators=[AnyOf(('on', 'off'))])


@blueprint.get('/tools')
@permitted('core.tools.switch')
def list_tools():
    """Every tool with its switch, its data and what it cost in a day."""
    return _page()


@blueprint.post('/tools/<name>')
@permitted('core.tools.switch')
def switch_tool(name):
    """Switch a tool, and wait a few seconds until every process has followed."""
    form = read_form(SwitchForm)
    if not form.validate():
        raise Invalid(field='to')
    to_on = form.to.data == 'on'
    try:
        version = switch.turn(g.actor, name, to_on, request_key=form.request_key.data or None)
    except Conflict as conflict:
        return _page(str(conflict.message)), 409
    title = declarations()[name].title
    laggards = switch.wait(version)
    if laggards:
        say(_('%(tool)s was switched; these processes have not followed yet: %(processes)s. They do when they have ended their work.', tool=title,
              processes=', '.join(f'{one["kind"]} {one["pid"]} ({one["host"]})' for one in laggards)))
    else:
        say(_('%(tool)s is on.', tool=title) if to_on else _('%(tool)s is off. Its data stays.', tool=title))
    return redirect(url_for('admin.list_tools'), 303)


def _page(refusal=''):
    tools, costs = switch.listing(g.actor), usage.of_a_day()
    names = people.names_of([int(one['by'].removeprefix('person:')) for one in tools if (one['by'] or '').startswith('person:')])
    for one in tools:
        one['who'] = _who(one['by'], names)
        one['rows'], one['hash'] = switch.total(one['tables'])
        one['cost'] = costs[one['name']]
        one['needs'] = [str(declarations()[other].title) for other in one['requires']]
        one['holds'] = [str(declarations()[other].title) for other in one['needed_by'] if switch.is_on(other)]
    return render_template('admin/tools.html', tools=tools, refusal=refusal)


def _who(by, names):
    """`person:7` and `console:root` as people say it."""
    if not by:
        return ''
    kind, _colon, name = by.partition(':')
    return names.get(int(name), '') if kind == 'person' else _('%(name)s at the console', name=name)
