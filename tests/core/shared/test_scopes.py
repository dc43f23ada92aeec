"""Settings in scopes: the nearest wins and says where it comes from; who decides where."""
import pytest

from appliance.core import audit, departments, people, scopes, settings, switch
from appliance.core.actor import SYSTEM
from appliance.core.errors import Invalid, NotAllowed, NotFound
from appliance.core.settings import COMPANY, Setting

NAME = 'trash.keep_days'


@pytest.fixture
def staff(box):
    """A function: the Actor of ana (in Sales, below Trade, headed by ben), ben (of nothing), eva (of nothing), gus (a guest)."""
    trade = departments.add_department(SYSTEM, 'Trade')
    sales = departments.add_department(SYSTEM, 'Sales', trade)
    ids = {name: people.add_person(SYSTEM, name, name.title(), department_id=sales if name == 'ana' else None) for name in ('ana', 'ben', 'eva')}
    ids['gus'] = people.add_person(SYSTEM, 'gus', 'Gus', kind='guest', contact_id=ids['ana'])
    departments.set_head(SYSTEM, trade, ids['ben'])
    return lambda name: people.actor_for(ids[name], 'test')


def own(actor):
    return f'person:{actor.person_id}'


def test_the_nearest_wins_and_says_so(staff):
    ana = staff('ana')
    assert scopes.values_for(ana, [NAME]) == {NAME: (30, None)}
    for scope, actor, days in ((COMPANY, SYSTEM, '40'), ('department:1', staff('ben'), '50'), ('department:2', staff('ben'), '60'), (own(ana), ana, '70')):
        scopes.set_in(actor, scope, NAME, days)
        assert scopes.values_for(ana, [NAME]) == {NAME: (int(days), scope)}
    assert scopes.value_for(staff('eva'), NAME) == 40 == settings.get_setting(NAME) == scopes.value_for(SYSTEM, NAME)
    shown, = [one for one in scopes.listing(ana, own(ana)) if one['name'] == NAME]
    assert (shown['text'], shown['origin'], shown['is_here']) == ('70', 'yourself', True)
    scopes.clear_in(ana, own(ana), NAME)
    scopes.clear_in(ana, own(ana), NAME)
    shown, = [one for one in scopes.listing(ana, own(ana)) if one['name'] == NAME]
    assert (shown['text'], shown['origin'], shown['is_here']) == ('60', 'the department Sales', False)
    people.update_person(SYSTEM, ana.person_id, department_id=1)
    assert scopes.value_for(staff('ana'), NAME) == 50


def test_who_decides_where(staff):
    ana, ben = staff('ana'), staff('ben')
    for actor, scope in ((ana, own(ben)), (ana, 'department:1'), (ana, 'department:2'), (staff('eva'), 'department:2'), (ben, 'department:99'), (ben, 'department:0'),
                         (staff('gus'), own(ana)), (ana, 'person:'), (ana, 'person:01'), (ana, 'x:1'), (ana, 'department:' + '9' * 30), (ana, 'person:-1')):
        for call in (lambda: scopes.listing(actor, scope), lambda: scopes.set_in(actor, scope, NAME, '5'), lambda: scopes.clear_in(actor, scope, NAME)):
            with pytest.raises(NotFound):
                call()
    for call in (lambda: scopes.listing(ana, COMPANY), lambda: scopes.set_in(ana, COMPANY, NAME, '5')):
        with pytest.raises(NotAllowed):
            call()
    assert not Setting.select().exists() and scopes.led_by(ben) == [('department:1', 'Trade')] and scopes.led_by(ana) == []


@pytest.mark.parametrize('name', ['company.name', 'mail.password', 'nothing.here', '', 'worktime.remind_at'])
def test_what_may_not_differ_is_not_there(staff, name):
    for call in (lambda: scopes.set_in(staff('ana'), own(staff('ana')), name, 'x'), lambda: scopes.clear_in(staff('ana'), own(staff('ana')), name)):
        with pytest.raises(NotFound):
            call()


@pytest.mark.parametrize('text', ['0', '-1', 'x', '', '99999', '٣', '1 ', '3.5'])
def test_a_wrong_value_changes_nothing(staff, text):
    with pytest.raises(Invalid) as refused:
        scopes.set_in(staff('ana'), own(staff('ana')), NAME, text)
    assert refused.value.field == NAME and not Setting.select().exists()


def test_what_a_person_prefers_is_not_in_the_audit_log(staff):
    scopes.set_in(staff('ana'), own(staff('ana')), NAME, '77')
    row = audit.listing(what='core.setting')['rows'][0]
    assert row['data'] == {'scope': own(staff('ana'))} and row['object'] == f'core.setting:{NAME}'


def test_the_company_s_page_has_no_mail_and_no_secret(staff):
    names = {one['name'] for one in scopes.listing(SYSTEM, COMPANY)}
    assert {'likes.label', NAME, 'company.name', 'worktime.remind_at'} <= names and not any(name.startswith('mail.') for name in names)


def test_a_tool_that_is_off_has_no_settings(staff):
    assert 'worktime.remind_at' in settings.names_that_are_on()
    switch.turn(SYSTEM, 'worktime', False)
    switch.load()
    assert 'worktime.remind_at' not in {one['name'] for one in scopes.listing(SYSTEM, COMPANY)}
