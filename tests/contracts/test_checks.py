"""Every finding of `appliance check` has a code of its own and says, in each language, what is, what it means and what to do."""
import ast

import pytest

from appliance.core import checks
from appliance.core.i18n import language
from appliance.identity import models as _identity  # noqa: F401 - each entry point imports them
from appliance.identity.kerberos import health as _kerberos  # noqa: F401 - as the command does
from tests.contracts.sources import found_in, python_files


def test_each_finding_belongs_to_a_check(box):
    assert {code.partition('.')[0] for code in checks.findings()} == {*checks.names(), 'check'}
    assert len(checks.findings()) > 30


def lacking():
    """The codes of findings that lack one of their texts in one of the languages."""
    found = []
    for code, one in checks.findings().items():
        texts = [one.message] if one.state == checks.OK else [one.message, one.meaning, one.action]
        for text in texts:
            with language('en'):
                english = str(text)
            with language('es'):
                if not english or str(text) == english:
                    found.append(code)
    return found


def test_each_finding_has_its_texts_in_both_languages(box):
    assert lacking() == []


def test_a_finding_that_lacks_a_text_is_found(box):
    checks.finding('disk.planted', checks.FAILED, 'what is', action='what to do')
    try:
        assert 'disk.planted' in lacking()
    finally:
        del checks._findings['disk.planted']


def test_two_findings_cannot_have_one_code():
    with pytest.raises(ValueError, match='disk.well'):
        checks.finding('disk.well', checks.OK, 'another')


def test_no_check_makes_a_result_without_a_finding():
    paths = [path for path in python_files('appliance') if path.as_posix() != 'appliance/core/checks.py']
    assert found_in(without_finding, paths) == []
    assert without_finding('planted.py', 'from appliance.core.checks import OK, Result') == ['planted.py:1: declare a finding']


def without_finding(path, text):
    """Where a module takes the class of results, to make one by itself."""
    return [f'{path}:{node.lineno}: declare a finding' for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.ImportFrom) and node.module == 'appliance.core.checks' and 'Result' in [alias.name for alias in node.names]]


def test_what_is_found_carries_its_code(box):
    found = checks.run(box.config)
    assert all(one['code'] in checks.findings() for one in found)
    assert all(one['meaning'] and one['action'] for one in found if one['state'] in ('warning', 'failed'))


def test_a_check_that_crashes_says_so(box, monkeypatch):
    monkeypatch.setitem(checks._checks, 'disk', lambda config: 1 / 0)
    one = next(one for one in checks.run(box.config) if one['name'] == 'disk')
    assert (one['state'], one['code']) == ('failed', 'check.crashed') and 'division' in one['message']
