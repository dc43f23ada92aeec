"""Templates escape what they write, in every way of writing it; the kept parts of the frame hold nothing of anybody."""
import re

import pytest
from flask import Flask
from markupsafe import Markup

from appliance.web.app import Portal

HOSTILE = '<b a="1" b=\'2\'>&'
TEMPLATES = [
    '{{ x }}', '{{ [x] | join }}', '{{ x if true else 1 }}', '{% set y = x %}{{ y }}', '{% set y %}{{ x }}{% endset %}{{ y }}',
    '{% macro m(v) %}{{ v }}{% endmacro %}{{ m(x) }}', '{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ x }}{% endcall %}',
    '{% for y in [x] %}{{ y }}{% endfor %}', '{% filter trim %}{{ x }}{% endfilter %}', '{% autoescape true %}{{ x }}{% endautoescape %}',
    '{% autoescape false %}{{ x }}{% endautoescape %}', '{{ x | safe }}', '{% autoescape off %}{{ x }}{% endautoescape %}']


class Text(str):
    """A text of another class, as lazy texts may be."""


@pytest.mark.parametrize('template', TEMPLATES)
@pytest.mark.parametrize('value', [HOSTILE, Text(HOSTILE), Markup('<i>'), [HOSTILE], 7, True, None, 1.5], ids=repr)
def test_what_is_written_is_what_flask_writes(template, value):
    ours, theirs = (app(__name__).jinja_env.from_string(template).render(x=value, off=False) for app in (Portal, Flask))
    assert ours == theirs


def test_the_frame_of_one_is_not_shown_to_another(company):
    administrator, employee = company.browser('administrator').get('/people'), company.browser('employee').get('/people')
    assert 'href="/admin' in administrator.text and 'href="/admin' not in employee.text
    tokens = [set(re.findall(r'name="csrf_token" value="([^"]+)"', page.text)) for page in (administrator, employee)]
    assert all(len(found) == 1 for found in tokens) and tokens[0] != tokens[1]
    assert '\0' not in administrator.text + employee.text


def test_the_frame_marks_where_one_is_and_knows_the_way_back(company):
    browser = company.browser('employee')
    first, second = browser.get('/people?q=%22%3E%3Cb%3E').text, browser.get('/worktime').text
    assert re.findall(r'class="menu-link" href="([^"]+)" aria-current="page"', first) == ['/people']
    assert re.findall(r'class="menu-link" href="([^"]+)" aria-current="page"', second) == ['/worktime']
    assert 'name="next" value="/people?q=%22%3E%3Cb%3E"' in first and 'name="next" value="/worktime"' in second


def test_the_frame_speaks_the_language_of_each(company):
    spanish, english = company.browser('employee'), company.browser('head')
    spanish.post('/settings/language', {'language': 'es', 'next': '/'})
    assert 'Jornada' in spanish.get('/').text
    assert 'Work time' in english.get('/').text and 'Work time' not in spanish.get('/').text
