"""Four eyes: what is a person's alone is read only with a second administrator's word, for a while, and the person sees each look."""
import dataclasses
import datetime

import pytest
import time_machine

from appliance.core import audit, clock, db, insight, people
from appliance.core.actor import SYSTEM
from appliance.core.errors import Conflict, Invalid, NotAllowed, NotFound
from appliance.core.personal import forgetting
from appliance.identity import passwords
from appliance.tools.worktime import rules as worktime

WHY = 'The wage office asks for the times of March.'
BEFORE = datetime.timedelta(days=30)


@dataclasses.dataclass
class Two:
    """Two administrators, a third who has a hand of the first, an employee with a working day."""

    ids: dict
    day: int = 0

    def actor(self, login):
        return people.actor_for(self.ids[login], f'session:{login}')


@pytest.fixture
def two(box):
    made = Two({})
    with time_machine.travel(clock.now() - BEFORE):
        for login in ('anna', 'bert', 'erika', 'outsider', 'guest'):
            made.ids[login] = people.add_person(SYSTEM, login, login.title(), f'{login}@firma.example', kind='guest' if login == 'guest' else 'employee')
        for login in ('anna', 'bert'):
            people.give_role(SYSTEM, made.ids[login], 'administrator')
    made.day = worktime.start_day(made.actor('erika'))
    return made


def asked(two, by='anna', **values):
    return insight.ask(two.actor(by), two.ids['erika'], 'worktime.day', **{'reason': WHY, **values})


def may_read(two, login='anna'):
    try:
        return worktime.access_day(two.actor(login), two.day)['id'] == two.day
    except NotFound:
        return False


def test_a_second_word_opens_the_day_for_a_while(two):
    assert not may_read(two)
    number = asked(two, hours=2)
    assert not may_read(two)
    insight.grant(two.actor('bert'), number)
    assert may_read(two) and not may_read(two, 'bert') and not may_read(two, 'outsider')
    assert [one['id'] for one in insight.objects(two.actor('anna'), number)['objects']] == [two.day]
    with pytest.raises(NotAllowed):
        worktime.finish(two.actor('anna'), two.day)
    with time_machine.travel(clock.now() + datetime.timedelta(hours=2, seconds=1)):
        assert not may_read(two)
        with pytest.raises(NotFound):
            insight.objects(two.actor('anna'), number)
    assert insight.HOURS == 4


def test_it_opens_nothing_else(two):
    other = worktime.start_day(two.actor('outsider'))
    insight.grant(two.actor('bert'), asked(two))
    with pytest.raises(NotFound):
        worktime.access_day(two.actor('anna'), other)
    assert worktime.team_days(two.actor('anna'))['days'] == []


def test_each_look_is_written_down_and_the_person_sees_it(two, run_due):
    number = asked(two)
    insight.grant(two.actor('bert'), number)
    for _look in range(3):
        may_read(two)
    shown, = insight.of_person(two.actor('erika'))
    assert (shown['asked_by'], shown['decided_by'], shown['reason']) == ('Anna', 'Bert', WHY)
    assert [one['object'] for one in shown['looks']] == [f'worktime.day:{two.day}']
    with time_machine.travel(clock.now() + datetime.timedelta(minutes=2)):
        with db.write('test'):
            audit.seal()
        row = audit.AuditRow.get(audit.AuditRow.what == insight.READ)
        assert row.person_id == two.ids['anna'] and row.data == {'insight': number, 'person': two.ids['erika'], 'times': 3}
        assert insight.of_person(two.actor('erika'))[0]['looks'][0]['times'] == 3
    assert insight.of_person(two.actor('outsider')) == []
    run_due('core.deliveries')
    told = set(db.rows('SELECT person_id, kind FROM notice'))
    assert {(two.ids['bert'], 'core.insight.asked'), (two.ids['erika'], 'core.insight.granted')} <= told
    assert (two.ids['anna'], 'core.insight.asked') not in told


def test_what_was_done_is_in_the_audit_log(two):
    number = asked(two)
    insight.grant(two.actor('bert'), number)
    insight.end(two.actor('anna'), number)
    found = db.rows("SELECT what, person_id, object FROM audit WHERE what LIKE ? ORDER BY id", 'core.insight.%')
    anna, bert, erika = two.ids['anna'], two.ids['bert'], f"core.person:{two.ids['erika']}"
    assert found == [('core.insight.asked', anna, erika), ('core.insight.granted', bert, erika), ('core.insight.ended', anna, erika)]


def test_nobody_grants_himself(two):
    number = asked(two)
    for actor in (two.actor('anna'), SYSTEM, dataclasses.replace(SYSTEM, via='console:anna'), two.actor('outsider'), two.actor('erika'), two.actor('guest')):
        for decide in (insight.grant, insight.refuse):
            with pytest.raises(NotAllowed):
                decide(actor, number)
    assert not may_read(two)


def hands(two):
    """What gives the one who asks a second account: {name: how}."""
    anna = two.actor('anna')
    return {
        'made': lambda: people.add_person(anna, 'carl', 'Carl') and people.give_role(anna, people.Person.get(people.Person.login == 'carl').id, 'administrator'),
        'promoted': lambda: people.give_role(anna, two.ids['outsider'], 'administrator'),
        'unblocked': lambda: (people.block(SYSTEM, two.ids['bert'], 'portal'), people.unblock(anna, two.ids['bert'], 'portal')),
        'password': lambda: passwords.keep_hash(anna, two.ids['bert'], 'x'),
        'renamed': lambda: people.update_person(anna, two.ids['bert'], login='anna2'),
        'console': lambda: passwords.keep_hash(dataclasses.replace(SYSTEM, via='console:root'), two.ids['bert'], 'x'),
        'mail': lambda: people.update_person(SYSTEM, two.ids['bert'], mail='Anna@firma.example'),
    }


@pytest.mark.parametrize('how', ['made', 'promoted', 'unblocked', 'password', 'renamed', 'console', 'mail'])
@pytest.mark.parametrize('is_first', [True, False])
def test_a_second_account_of_the_one_who_asks_is_no_second_person(two, how, is_first):
    number = None if is_first else asked(two)
    hands(two)[how]()
    number = number or asked(two)
    login = {'made': 'carl', 'promoted': 'outsider'}.get(how, 'bert')
    second = people.actor_for(people.Person.get(people.Person.id == two.ids.get(login, 0) if login in two.ids else people.Person.login == login).id, 'session:1')
    with pytest.raises(NotAllowed):
        insight.grant(second, number)
    assert not may_read(two)


def test_a_blocked_or_forgotten_administrator_decides_nothing(two):
    number, bert = asked(two), two.actor('bert')
    people.block(SYSTEM, two.ids['bert'], 'portal')
    with pytest.raises(NotAllowed):
        insight.grant(bert, number)      # an actor of before the block
    forgetting.forget(SYSTEM, two.ids['bert'])
    with pytest.raises(NotAllowed):
        insight.grant(bert, number)


def test_who_is_blocked_or_loses_the_role_reads_no_more(two):
    insight.grant(two.actor('bert'), asked(two))
    people.take_role(SYSTEM, two.ids['anna'], 'administrator')
    assert not may_read(two)


@pytest.mark.parametrize('by', ['anna', 'bert', 'erika'])
def test_each_of_the_three_may_end_it(two, by):
    number = asked(two)
    insight.grant(two.actor('bert'), number)
    insight.end(two.actor(by), number)
    assert not may_read(two)
    with pytest.raises(Conflict):
        insight.end(two.actor(by), number)


@pytest.mark.parametrize('by', ['outsider', 'guest'])
def test_others_do_not_know_of_it(two, by):
    number = asked(two)
    insight.grant(two.actor('bert'), number)
    for act in (lambda: insight.end(two.actor(by), number), lambda: insight.objects(two.actor(by), number)):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(NotAllowed):
        insight.listing(two.actor(by))
    with pytest.raises(NotAllowed):
        insight.ask(two.actor(by), two.ids['erika'], 'worktime.day', WHY)


def test_it_is_decided_once(two):
    number = asked(two)
    insight.refuse(two.actor('bert'), number)
    for decide in (insight.grant, insight.refuse):
        with pytest.raises(Conflict):
            decide(two.actor('bert'), number)
    assert not may_read(two) and insight.of_person(two.actor('erika')) == []
    assert asked(two)


def test_what_nobody_decides_ends_by_itself(two):
    number = asked(two)
    with pytest.raises(Conflict):
        asked(two)
    with time_machine.travel(clock.now() + insight.WAITS + datetime.timedelta(minutes=1)):
        with pytest.raises(Conflict):
            insight.grant(two.actor('bert'), number)
        assert asked(two)


@pytest.mark.parametrize('values', [{'reason': ''}, {'reason': 'short'}, {'reason': 'x' * 1001}, {'hours': 0}, {'hours': 25}, {'hours': '4'}, {'hours': True},
                                    {'hours': None}])
def test_a_reason_and_a_time_are_needed(two, values):
    with pytest.raises(Invalid):
        asked(two, **values)


@pytest.mark.parametrize(('person', 'kind', 'error'), [(10**9, 'worktime.day', NotFound), ('erika', 'core.person', Invalid), ('erika', 'none', Invalid),
                                                       ('anna', 'worktime.day', Invalid)])
def test_it_must_be_somebody_elses_private_thing(two, person, kind, error):
    with pytest.raises(error):
        insight.ask(two.actor('anna'), two.ids.get(person, person), kind, WHY)


@pytest.mark.parametrize('number', [0, -1, 10**9])
def test_what_is_not_there_is_not_found(two, number):
    for act in (insight.grant, insight.refuse, insight.end):
        with pytest.raises(NotFound):
            act(two.actor('bert'), number)
