"""/rest-docs and the OpenAPI file say what a person's programs can call, and every example in them works."""
import html
import re
from urllib.parse import unquote

import pytest

from appliance.core import comments, db, tags
from appliance.core.rest import methods
from appliance.web.rest.docs import EXAMPLES
from tests.web.rest.callers import caller


@pytest.mark.parametrize('role', ['administrator', 'employee', 'guest'])
def test_page_names_what_the_person_may_call_and_nothing_else(company, role):
    text = company.browser(role).get('/rest-docs').text
    shown = set(re.findall(r'id="([a-z]+(?:\.[a-zA-Z.]+)?)">\s*<summary>', text))
    actor = company.actor(role)
    methods.load()
    assert shown == {one.name for one in methods.declared().values() if one.is_for(actor)}
    assert f'/rest/{actor.person_id}/TOKEN/' in text and 'lang="en"' in text


def test_page_says_for_which_scopes_there_is_an_address(company):
    browser = company.browser('employee')
    assert 'you have an address for it' not in browser.get('/rest-docs').text
    caller(company, 'employee', ['user'])
    assert browser.get('/rest-docs').text.count('you have an address for it') == 1


def test_every_example_works(company):
    program, browser = caller(company, 'employee'), company.browser('employee')
    day = db.row('SELECT max(id) FROM worktime_day WHERE person_id = ?', company.ids['employee'])[0]
    examples = re.findall(r'/TOKEN/([^&#]*?(?:&amp;[^&#]*?)*)(?:&#39;|&quot;)', browser.get('/rest-docs').text)
    assert len(examples) >= 20 and {one.partition('?')[0] for one in examples} >= set(EXAMPLES)
    for example in sorted({html.unescape(unquote(one)) for one in examples}, key=lambda one: ('.close' in one, '.pause' in one, one)):
        method, _mark, query = example.partition('?')
        # The examples are about the seventh; here there is another day, and a comment on it for each that wants one.
        query = query.replace('worktime.day:7', f'worktime.day:{day}')
        query = query.replace('core.person:7', f'core.person:{company.ids["employee"]}')
        if method == 'tag.delete':
            tags.add_tags(company.actor('employee'), 'core.person', company.ids['employee'], 'one more')
            query = query.replace('ID=7', f'ID={db.row("SELECT max(id) FROM tagging")[0]}')
        if method.startswith('comment.') and 'ID=7' in query:
            query = query.replace('ID=7', f'ID={comments.add_comment(company.actor("employee"), "worktime.day", day, "x")["id"]}')
        status, found = program.call(method, query)
        assert status == 200, (example, found)
        assert not found['result'].get('result_error') if method == 'batch' else True


def test_openapi_describes_each_method_and_event(company):
    answer = company.browser('employee').get('/rest-docs/openapi.json')
    document = answer.json
    assert answer.headers['Content-Type'].startswith('application/json') and document['openapi'] == '3.1.0'
    actor = company.actor('employee')
    assert set(document['paths']) == {f'/{one.name}' for one in methods.declared().values() if one.is_for(actor)}
    assert {'ONUSERADD', 'ONTIMEMANOPEN'} <= set(document['webhooks'])
    assert document['servers'][0]['url'].endswith('/rest')
    for path, item in document['paths'].items():
        operation = item['post']
        assert operation['summary'] and operation['operationId'] == path[1:]
        schema = operation['requestBody']['content']['application/json']['schema']
        assert set(schema.get('required', ())) <= set(schema['properties'])
        for name, one in schema['properties'].items():
            assert one['type'] in ('string', 'integer', 'boolean', 'object', 'array') and one['description'], (path, name)
        for answered in operation['responses'].values():
            reference = answered['content']['application/json']['schema']['$ref'].rpartition('/')[2]
            assert reference in document['components']['schemas']
    bind = document['paths']['/event.bind']['post']
    assert bind['requestBody']['content']['application/json']['schema']['required'] == ['event', 'handler']
    assert bind['parameters'][0]['name'] == 'Idempotency-Key' and not document['paths']['/user.get']['post']['parameters']


def test_a_stranger_is_sent_to_the_login(stranger):
    for path in ('/rest-docs', '/rest-docs/openapi.json'):
        assert stranger.get(path).status_code == 303
