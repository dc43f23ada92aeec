"""Every address that answers GET, of all tools, also those that are off at first: which are pages, who looks at them, and an example of
each that has a parameter. Those of a tool may stand in the addresses.py of its own tests (appliance/tools/README.md).

The tests that walk over pages take them from here; `without_example` says what nobody gave an example of.
"""
import importlib

from appliance.core import config as configuration
from appliance.web.app import create_app
from tests.contracts.sources import ROOT
from tests.examples import Example
from tests.switches import every_tool, tools_of_the_clone

# What answers GET and is no page of its own, and what it is.
NOT_PAGES = {
    'health.healthz': 'words for a load balancer',
    'setup.authority': 'a file',
    'login.new_password': 'leads on to the login for who owes no new password',
    'metrics.metrics': 'numbers for a monitoring system, at the admin address',
    'static': 'files',
    'search.palette': 'fragment of every page',
    'notices.panel': 'fragment of every page',
    'notices.bell': 'fragment of every page',
    'notices.open_notice': 'leads on to another page',
    'admin.search_progress': 'fragment of /admin/search',
    'people.show_members': 'fragment of /people/structure; as a page it leads on to the list',
    'setup.test_mail_state': 'fragment of /admin/setup',
    'worktime.now': 'fragment of whatever page is open',
    'attachments.show': 'leads on to the origin of files',
    'people.photo': 'a picture',
    'live.poll': 'words for a script',
    'login.by_ticket': 'the form of /login, where there is a keytab (tests/kerberos)',
    'tags.suggestions': 'fragment of the field for tags',
    'comments.people': 'fragment of the composer',
    'comments.composer': 'fragment of the talk',
    'comments.newer': 'fragment of the talk',
    'comments.show_row': 'fragment of the talk',
    'comments.show': 'leads on to the page of what it is about',
    'rest.by_header': 'an answer for programs',
    'rest.by_webhook': 'an answer for programs',
    'rest.unknown': 'an answer for programs',
    'rest_docs.openapi': 'a file',
}
# Who looks at a page: the first of these that its right allows.
LOOKERS = ('employee', 'guest', 'administrator')
# {endpoint: examples} of all with a parameter.
WITH_PARAMETER = {
    'people.profile': (Example('employee', '/people/{employee_id}'), Example('outsider', '/people/{employee_id}'), Example('administrator', '/people/{guest_id}'),
                       Example('guest', '/people/{guest_id}'), Example('guest', '/people/{contact_id}')),
    'worktime.show_day': (Example('employee', '/worktime/days/{day_id}'), Example('head', '/worktime/days/{day_id}'),
                          Example('jonas.weber', '/worktime/days/{open_day_id}')),
    'comments.index': (Example('employee', '/comments/worktime.day/{day_id}'), Example('head', '/comments/worktime.day/{day_id}?quote={comment_id}')),
    'comments.edit': (Example('employee', '/comments/{comment_id}/edit'),),
    'likes.who': (Example('employee', '/likes/worktime.day/{day_id}'),),
    'trash.changes': (Example('employee', '/history/worktime.day/{day_id}'), Example('employee', '/history/core.comment/{comment_id}')),
    'scopes.department': (Example('head', '/settings/values/department:{led_id}'),),
    'why.who_sees': (Example('employee', '/why/core.person:{employee_id}'), Example('head', '/why/worktime.day:{day_id}')),
    'admin.edit_directory': (Example('administrator', '/admin/directories/{directory_id}'),),
    'admin.find_groups': (Example('administrator', '/admin/directories/{directory_id}/groups'), Example('administrator', '/admin/directories/{directory_id}/groups?q=staff')),
    'admin.list_runs': (Example('administrator', '/admin/directories/{directory_id}/runs'),),
    'admin.list_adoption': (Example('administrator', '/admin/directories/{directory_id}/adoption'),),
    'admin.show_run': tuple(Example('administrator', f'/admin/directories/{{directory_id}}/runs/{{{name}}}') for name in ('run_id', 'plan_id', 'held_id')),
    'people.edit': (Example('employee', '/people/{employee_id}/edit'), Example('administrator', '/people/{guest_id}/edit')),
    'settings.show_webhook': (Example('employee', '/settings/webhooks/{subscription_id}'),),
    'admin.show_webhook': (Example('administrator', '/admin/webhooks/{subscription_id}'),),
    'admin.show_service': (Example('administrator', '/admin/tokens/services/{service_id}'),),
    'admin.show_insight': (Example('administrator', '/admin/insight/{insight_id}'),),
    'admin.job': (Example('administrator', '/admin/jobs/core.outbox'),),
    'admin.edit_field': (Example('administrator', '/admin/fields/{field_id}'), Example('administrator', '/admin/fields/{choice_id}')),
    'admin.delete_field': (Example('administrator', '/admin/fields/{field_id}/deletion'),),
    'admin.role': (Example('administrator', '/admin/roles/portal_admin'), Example('administrator', '/admin/roles/administrator')),
    'setup.ask': (Example(None, '{setup}'), Example(None, '/setup/no-such-token')),
    'setup.ask_rescue': (Example(None, '{rescue}'),),
}
# Pages that look otherwise by who asks, by what he chose, or once something on them is opened.
MORE = (
    Example('administrator', '/'), Example('guest', '/'), Example('head', '/'), Example('jonas.weber', '/'),
    Example('jonas.weber', '/worktime'),                # where an end is entered afterwards
    Example('head', '/worktime/team'),
    Example('outsider', '/tags?tag=Zemax'), Example('employee', '/people?tag=Zemax'), Example('guest', '/tags?tag=Zemax'),
    Example('employee', '/people?q=zzzz'), Example('employee', '/people?q=an&department={department_id}'),
    Example('employee', '/people/structure?as=list'),
    Example('employee', '/people/structure?as=list', opens='.tree details:not([open]) > summary'),
    Example('employee', '/people/structure', opens='.chart details > summary'),
    Example('employee', '/search?q=tomas'), Example('employee', '/search?q=zzzz'),
    Example('employee', '/', opens='[data-palette]'), Example('employee', '/', opens='.bell'), Example('employee', '/', opens='#person-menu'),
    Example('administrator', '/help'),
    Example('administrator', '/admin/audit?q=core.person'), Example('administrator', '/admin/audit?q=zzzz'),
    Example('administrator', '/admin/why?login=guest&object=core.person:{employee_id}'),
    Example(None, '/no-such-page'), Example('employee', '/no-such-page'), Example('employee', '/admin'),
)


def of_tools():
    """[module] of the tools' own lists: NOT_PAGES, WITH_PARAMETER, MORE and values(ids), as those here."""
    return [importlib.import_module(f'tests.tools.{name}.addresses') for name in tools_of_the_clone() if (ROOT / 'tests' / 'tools' / name / 'addresses.py').exists()]


def with_parameter():
    """{endpoint: examples} of all pages with a parameter."""
    found = dict(WITH_PARAMETER)
    for module in of_tools():
        found |= module.WITH_PARAMETER
    return found


def not_pages():
    """{endpoint: what it is} of what answers GET and is no page."""
    found = dict(NOT_PAGES)
    for module in of_tools():
        found |= module.NOT_PAGES
    return found


def routes():
    """(endpoint, rule, view's right or None) of every route that answers GET, pages alone."""
    with every_tool():
        app = create_app(configuration.Config(path='no-such-config.ini'))
    left_out = not_pages()
    return [(rule.endpoint, rule, getattr(app.view_functions[rule.endpoint], 'right', None)) for rule in sorted(app.url_map.iter_rules(), key=str)
            if 'GET' in rule.methods and rule.endpoint not in left_out]


def plain():
    """[(path, right)] of the pages without a parameter."""
    return [(str(rule), right) for _endpoint, rule, right in routes() if not rule.arguments]


def without_example(found, examples=None):
    """The endpoints of `routes()` that have a parameter and no example."""
    examples = with_parameter() if examples is None else examples
    return sorted({endpoint for endpoint, rule, _right in found if rule.arguments and not examples.get(endpoint)})


def every_page():
    """Each page as an Example: those without a parameter by who may look, the examples of the others, and MORE."""
    first = [Example(None if right.is_public else next(role for role in LOOKERS if role in right.roles), path) for path, right in plain()]
    return [*first, *(one for examples in with_parameter().values() for one in examples), *MORE, *(one for module in of_tools() for one in module.MORE)]
