"""The table of who may what is what happens: every route and every method, for every role, about what is one's own, one's people's and another's."""
import pytest

from appliance.web.app import create_app
from tests.web import matrix, objects


@pytest.mark.parametrize('owner', matrix.owners(), ids=lambda owner: owner or 'portal')
def test_the_table_is_what_happens(company, owner):
    found = matrix.differences({owner: matrix.kept()[owner]}, matrix.met(company, [owner]))
    assert not found, '\n'.join([f'{matrix.file_of(owner)}: look at each line; if it is meant so: python -m tests.web.matrix', *found])


def test_a_row_that_is_missing_or_otherwise_is_found_with_its_line():
    was = matrix.kept()
    row = next(line for line in was['people'] if line.startswith('GET /people/own-fields'))
    plain = ' '.join(row.split())
    assert matrix.differences(was | {'people': [line for line in was['people'] if line != row]}, was) == [f'+ {plain}']
    changed = [line.replace('403', '200') if line == row else line for line in was['people']]
    assert matrix.differences(was, was | {'people': changed}) == [f'- {plain}', f'+ {plain.replace("403", "200")}']
    assert len(matrix.differences(was | {'worktime': []}, was)) > 10


def test_a_planted_route_has_no_row(company, monkeypatch):
    """A route that somebody adds is asked like all others, and says which line would have to be added."""
    def planted_app(config):
        app = create_app(config)
        app.add_url_rule('/planted/<int:day_id>', 'planted', app.view_functions['worktime.show_day'])
        return app
    monkeypatch.setattr(matrix, 'create_app', planted_app)
    monkeypatch.setattr(matrix, 'owners', lambda: ['planted'])
    found = matrix.differences({'planted': [matrix._line('', matrix.COLUMNS)]}, matrix.met(company, ['planted']))
    assert found == ['+ GET /planted/<int:day_id> 303 404 404 404 200 200 404 404 -']


def test_no_address_answers_a_verb_that_it_does_not_name(company):
    """405, before anything is read or done."""
    browser, met = company.browser('administrator'), {}
    adapter, values, form = company._app.url_map.bind('127.0.0.1'), objects.make(company), browser.hidden('/settings')
    for rule in company._app.url_map.iter_rules():
        path = matrix.path_of(rule, values)
        for verb in {'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE'} - set(adapter.allowed_methods(path)):
            with matrix.undone():
                met[verb, path] = browser._client.open(path, base_url=browser._base, method=verb, data=form).status_code
    assert len(met) > 500 and {which: status for which, status in met.items() if status != 405} == {}
