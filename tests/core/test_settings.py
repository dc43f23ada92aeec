"""Settings: declared or not at all, checked, secret ones sealed and dropped when their server changes."""

import pytest

from appliance.core.actor import SYSTEM, Actor
from appliance.core.errors import Invalid, NotAllowed
from appliance.core.settings import Setting, get_setting, get_settings, set_setting


def test_a_default_until_it_is_set(box):
    assert get_setting('mail.port') == 587
    assert set_setting(SYSTEM, 'mail.port', '25') == 25
    assert get_setting('mail.port') == 25
    with pytest.raises(KeyError):
        get_setting('mail.prot')


@pytest.mark.parametrize('name, text', [
    ('mail.port', '0'), ('mail.port', '65536'), ('mail.port', '²'), ('mail.port', 'x'), ('mail.tls', 'ssl'), ('mail.host', 'http://x'),
    ('mail.host', 'two words'), ('mail.host', 'mail.example:25'),
    ('company.zone', 'Mars/Olympus'), ('company.language', 'tlh'), ('company.name', 'a\nb'), ('company.name', 'x' * 201),
    ('nothing.here', '1')])
def test_a_wrong_value_changes_nothing(box, name, text):
    with pytest.raises(Invalid) as refused:
        set_setting(SYSTEM, name, text)
    assert refused.value.field == name
    assert not Setting.select().exists()


def test_only_administrators_set(box):
    with pytest.raises(NotAllowed):
        set_setting(Actor(1, 'employee', frozenset({'employee'})), 'company.name', 'Mine')


def test_a_secret_is_sealed_and_never_listed(box):
    assert set_setting(SYSTEM, 'mail.password', 'correct horse') is None
    assert 'correct' not in Setting.get(Setting.name == 'mail.password').value
    assert get_setting('mail.password') == 'correct horse'
    assert get_settings('mail')['has_password'] is True and 'password' not in get_settings('mail')


@pytest.mark.parametrize('name, text', [('mail.host', 'evil.example'), ('mail.port', '2525'), ('mail.tls', 'none')])
def test_a_password_is_not_shown_to_another_server(box, name, text):
    set_setting(SYSTEM, 'mail.password', 'correct horse')
    set_setting(SYSTEM, name, str(get_setting(name)))
    assert get_setting('mail.password') == 'correct horse'
    set_setting(SYSTEM, name, text)
    assert get_setting('mail.password') == ''
