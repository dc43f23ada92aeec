"""Every setting says what it is in both languages, refuses what is wrong, takes its own default, is read somewhere, and can be changed by an
administrator on a page, at the console, and by nobody else."""
import dataclasses

import pytest

from appliance.core import permissions, settings
from appliance.core.actor import EMPLOYEE, SYSTEM
from appliance.core.errors import Invalid, NotAllowed
from appliance.core.scopes import as_text
from appliance.core.tool import Setting
from tests.contracts.saying import code, named_in, not_said
from tests.switches import off_at_first, switch_on
from tests.visitors import Company

# What is wrong for at least one of them is wrong for most: each setting must refuse one, and crash at none.
WRONG = ('\0', 'x' * 100_000, 'no such\nthing', '-1', '99999999999999999999', '١٢', '', ' ', '1e3', '<script>', "'; DROP TABLE setting; --")


def problems(declared):
    """What the declarations lack, as `<name>: <what>`."""
    found = []
    for name, one in declared.items():
        found += [f'{name}: {what}' for what in (not_said(one.label), *_faults_of_reader(one)) if what]
        if not _readers(name):
            found.append(f'{name}: nothing reads it')
        if _permission(name) not in permissions.declared():
            found.append(f'{name}: nobody may change it')
    return found


def _faults_of_reader(one):
    try:
        if one.read(as_text(one.default)) != one.default:
            yield 'its reader makes something else of its default'
    except ValueError:
        yield 'its reader refuses its default'
    except Exception as error:
        yield f'its reader crashes at its default: {error!r}'
    refused = []
    for text in WRONG:
        try:
            one.read(text)
        except ValueError as error:
            refused.append(str(error))
        except Exception as error:
            yield f'its reader crashes at {text[:20]!r}: {error!r}'
    if not refused:
        yield 'its reader refuses nothing'
    elif not all(refused):
        yield 'its reader does not say what would be right'


def _readers(name):
    """The files that read a setting: by its name, or all of its prefix."""
    owner = name.partition('.')[0]
    declared_in = ('appliance/core/settings.py', f'appliance/tools/{owner}/__init__.py', 'appliance/web/setup/forms.py', 'appliance/web/admin/webhooks.py')
    by_prefix = [path for text in (f"get_settings('{owner}')", f"get_setting(f'{owner}.{{") for path in named_in(text) if f"'{name.partition('.')[2]}'" in code()[path]]
    return [*named_in(f"'{name}'", declared_in), *by_prefix]


def _permission(name):
    return settings._PERMISSIONS.get(name.partition('.')[0], 'core.settings.manage')


def test_each_setting_is_whole():
    assert problems(settings.declared()) == []


@pytest.mark.parametrize(('values', 'words'), [
    ({'label': ''}, 'says nothing'), ({'label': 'A word that nobody translated'}, 'is not said in Spanish'), ({'read': str}, 'refuses nothing'),
    ({'default': 0}, 'refuses its default'), ({'default': '30'}, 'something else of its default'), ({'read': lambda text: int(text, 10)}, None),
    ({'read': lambda text: {}[text]}, 'crashes at')])
def test_a_planted_omission_is_found(values, words):
    whole = settings.declared()['trash.keep_days']
    found = problems({'trash.keep_days': dataclasses.replace(whole, **values)})
    assert (any(words in one for one in found) if words else found == []), found


def test_one_that_nothing_reads_is_found():
    assert 'core.forgotten: nothing reads it' in problems({'core.forgotten': Setting('', '', str)})


@pytest.fixture
def company(box):
    switch_on(*off_at_first())
    return Company(box)


def not_changeable(company):
    """The settings that no page shows to the administrator, that the rule does not take with their default, or takes from others or in a wrong form."""
    browser, found = company.browser('administrator'), []
    pages = {path: browser.get(path).text for path in ('/settings/values/company', '/admin/setup', '/admin/webhooks')}
    employee = company.actor('employee')
    assert employee.kind == EMPLOYEE
    for name, one in settings.declared().items():
        field = name.replace('.', '_') if name.partition('.')[0] in ('mail', 'company') else name.partition('.')[2]
        if f'value="{name}"' not in pages['/settings/values/company'] and not any(f'name="{field}"' in text for text in pages.values()):
            found.append(f'{name}: on no page')
        before = settings.get_setting(name)
        if not one.is_secret and settings.set_setting(SYSTEM, name, as_text(before)) != before:
            found.append(f'{name}: not kept as it was typed')
        for actor, text, refusal in ((SYSTEM, next(text for text in WRONG if _is_wrong(one, text)), Invalid), (employee, as_text(one.default), NotAllowed)):
            with pytest.raises(refusal):
                settings.set_setting(actor, name, text)
        if settings.get_setting(name) != before:
            found.append(f'{name}: changed by a refusal')
    return found


def _is_wrong(one, text):
    try:
        one.read(text)
    except ValueError:
        return True
    return False


def test_each_setting_is_changed_by_whom_it_should_be(company):
    assert not_changeable(company) == []


def test_one_that_no_page_shows_is_found(company, monkeypatch):
    whole = settings.declared()
    monkeypatch.setattr(settings, 'declared', lambda: whole | {'mail.planted': whole['mail.port']})
    assert not_changeable(company) == ['mail.planted: on no page']
