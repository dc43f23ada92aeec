"""Templates escape what they write, in every way of writing it; the kept parts of the frame hold nothing of anybody."""
import re

import pytest
from flask import Flask
from jinja2 import DictLoader
from jinja2.exceptions import UndefinedError
from markupsafe import Markup

from appliance.core import i18n
from appliance.web.app import Portal

HOSTILE = '<b a="1" b=\'2\'>&'
TEMPLATES = [
    '{{ x }}', '{{ [x] | join }}', '{{ x if true else 1 }}', '{% set y = x %}{{ y }}', '{% set y %}{{ x }}{% endset %}{{ y }}',
    '{% macro m(v) %}{{ v }}{% endmacro %}{{ m(x) }}', '{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ x }}{% endcall %}',
    '{% for y in [x] %}{{ y }}{% endfor %}', '{% filter trim %}{{ x }}{% endfilter %}', '{% autoescape true %}{{ x }}{% endautoescape %}',
    '{% autoescape false %}{{ x }}{% endautoescape %}', '{{ x | safe }}', '{% autoescape off %}{{ x }}{% endautoescape %}',
    '{% macro m(v, class="") %}{{ v }}{{ class }}{% endmacro %}{{ m(v=x) }}{{ m(x, class=x) }}{{ m(*[x]) }}{{ m(**{"v": x}) }}',
    '{% autoescape false %}{% macro m(v) %}{{ v }}{% endmacro %}{{ m(x) }}{% endautoescape %}', '{% autoescape off %}{% macro m(v) %}{{ v }}{% endmacro %}{{ m(x) }}{% endautoescape %}',
    '{% macro m() %}{{ caller(x) }}{% endmacro %}{% call(v) m() %}{{ v }}{% endcall %}', '{% for y in [x] recursive %}{{ y }}{{ loop([]) }}{% endfor %}',
    '{{ {"a": x}.get("a") }}{{ "%s".__mod__([x]) }}', '{% block b %}{% set y = x %}{% for z in [y] %}{{ dict(a=z).get("a") }}{% endfor %}{% endblock %}{{ self.b() }}']


class Text(str):
    """A text of another class, as lazy texts may be."""


@pytest.mark.parametrize('template', TEMPLATES)
@pytest.mark.parametrize('value', [HOSTILE, Text(HOSTILE), Markup('<i>'), [HOSTILE], 7, True, None, 1.5], ids=repr)
def test_what_is_written_is_what_flask_writes(template, value):
    ours, theirs = (app(__name__).jinja_env.from_string(template).render(x=value, off=False) for app in (Portal, Flask))
    assert ours == theirs


@pytest.mark.parametrize('template', ['{{ absent(x) }}', '{{ x.absent() }}', '{% macro m(v) %}{% endmacro %}{{ m(1, 2) }}', '{% macro m(v) %}{% endmacro %}{{ m(w=1) }}'])
def test_a_call_that_cannot_be_is_the_error_that_it_was(template):
    refusals = []
    for app in (Portal, Flask):
        with pytest.raises((UndefinedError, TypeError)) as refusal:
            app(__name__).jinja_env.from_string(template).render(x='x')
        refusals.append((refusal.type, str(refusal.value)))
    assert refusals[0] == refusals[1]


@pytest.mark.parametrize('template', ['{{ _("Save") }}', '{% block b %}{% set y = 1 %}{% for z in [y] %}{{ _("Save") }}{% endfor %}{% endblock %}',
                                      '{% set y = _("Save") %}{{ y }}', '{% macro m() %}{{ _("Save") }}{% endmacro %}{{ m() }}', '{% set words = "Save" %}{{ _(words) }}'])
def test_texts_are_in_the_language_of_the_moment(template):
    environment = Portal(__name__).jinja_env
    i18n.install(environment)
    made = environment.from_string(template)
    with i18n.language('es'):
        assert made.render() == 'Guardar'
    assert made.render() == 'Save'


def test_values_in_texts_are_escaped():
    environment = Portal(__name__).jinja_env
    i18n.install(environment)
    made = environment.from_string('{{ _("by %(name)s & co", name=x) }}{% block b %}{{ ngettext("%(num)s of %(name)s", "%(num)s of %(name)s", 2, name=x) }}{% endblock %}')
    assert made.render(x='<b>') == 'by &lt;b&gt; & co2 of &lt;b&gt;'


def test_a_text_is_its_templates_tools(monkeypatch):
    """A page of a tool stands in the frame, whose words are the shell's."""
    environment = Portal(__name__).jinja_env
    i18n.install(environment)
    environment.loader = DictLoader({'worktime/page.html': '{% extends "frame.html" %}{% block b %}{{ _("Save") }}{% endblock %}', 'frame.html': '{{ _("Save") }} {% block b %}{% endblock %}'})
    monkeypatch.setattr(i18n, '_catalogue', lambda code: ({('', 'Save'): ('of the shell',), ('worktime', 'Save'): ('of work time',)}, lambda n: 0))
    i18n._marked.cache_clear()
    with i18n.language('es'):
        assert environment.get_template('worktime/page.html').render() == 'of the shell of work time'
    i18n._marked.cache_clear()


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
