"""Who was made or changed here is proposed by the next look, also by one at what changed; where nobody was, it asks for nothing more."""
import pytest

from appliance.core.actor import SYSTEM
from appliance.core.people import add_person, update_person
from appliance.identity.directory import directories
from appliance.identity.directory.adoption import proposals, ticking
from appliance.identity.directory.sync import following, looking, runs
from tests import looks
from tests.counting import queries
from tests.ldap.sync.conftest import who
from tests.ldap.sync.looks.conftest import only, restarted

STRANGERS = ('ada', 'bea', 'cid', 'dan')


@pytest.fixture
def look(company, followed):
    """A function: one look; returns {(login here, certainty): (name here, name there)} of what is open. There are four entries who are
    nobody here, and nobody is made.
    """
    directories.edit_directory(SYSTEM, followed, sync='known')
    for login in STRANGERS:
        company.add(login, employeeNumber=f'N-{login}')

    def again():
        following.follow(followed)
        return {(one['here']['login'], one['by']): (one['here']['name'], one['there']['name']) for one in proposals.listed(SYSTEM, followed)}
    assert again() == {} and again() == {}
    return again


def test_who_is_made_or_comes_to_match_is_proposed_at_once(look):
    add_person(SYSTEM, 'ada', 'Local Ada')
    assert look() == {('ada', 'login'): ('Local Ada', 'Ada')}
    other = add_person(SYSTEM, 'other', 'Other')
    assert len(look()) == 1
    update_person(SYSTEM, other, mail='Bea@Company.test')
    assert look() == {('ada', 'login'): ('Local Ada', 'Ada'), ('other', 'mail'): ('Other', 'Bea')}
    update_person(SYSTEM, other, employee_number='n-cid')
    assert look() == {('ada', 'login'): ('Local Ada', 'Ada'), ('other', 'employee_number'): ('Other', 'Cid')}
    update_person(SYSTEM, other, name='Another')
    assert look()['other', 'employee_number'] == ('Another', 'Cid'), 'as he is called now'


def test_what_matches_no_more_is_over_at_once(company, look):
    ids = {login: add_person(SYSTEM, login, f'Local {login}') for login in STRANGERS}
    assert set(look()) == {(login, 'login') for login in STRANGERS}
    update_person(SYSTEM, ids['ada'], login='someone')
    assert set(look()) == {(login, 'login') for login in STRANGERS[1:]}
    update_person(SYSTEM, ids['bea'], kind='guest')
    assert set(look()) == {('cid', 'login'), ('dan', 'login')}
    company.rename('cid', 'nobody')
    assert set(look()) == {('dan', 'login')}
    company.delete('dan')
    assert look() == {}


def test_where_nothing_is_to_be_told_the_look_stays_cheap(look, company, followed, cheap):
    add_person(SYSTEM, 'ada', 'Local Ada')
    look()
    with cheap():       # he is asked for again, since his change may have been seen before its end
        assert len(look()) == 1
    for change in (lambda: add_person(SYSTEM, 'nobody', 'Nobody', mail='nobody@company.test'),
                   lambda: update_person(SYSTEM, who('worker0').id, phone='+34 600'),
                   lambda: update_person(SYSTEM, who('nobody').id, mail='(*)@company.test', employee_number='*'),
                   lambda: company.change('ada', telephoneNumber='1')):
        change()
        with cheap():
            assert len(look()) == 1


@only('cookie')
def test_where_nobody_was_changed_nothing_is_asked(look, followed):
    add_person(SYSTEM, 'ada', 'Local Ada')
    assert len(look()) == 1 and len(look()) == 1
    with queries() as asked, looks.watched() as searches:
        assert following.follow(followed) is None
    assert not [one for one in asked if 'FROM event' in one or 'adoption' in one], asked
    assert (searches.lists, searches.wholes, searches.read) == (1, 0, 0)


@only('cookie')
def test_a_process_that_begins_sees_what_was_changed_before(look, followed, cheap):
    add_person(SYSTEM, 'ada', 'Local Ada')
    restarted(followed)
    assert set(look()) == {('ada', 'login')}
    restarted(followed)
    with cheap():
        assert set(look()) == {('ada', 'login')}


def test_many_at_once_are_a_look_at_everybody(look, monkeypatch):
    monkeypatch.setattr(looking, 'MOST_ASKED', 3)
    for number in range(4):
        add_person(SYSTEM, f'local{number}', f'Local {number}', mail='ada@company.test' if number == 3 else '')
    with looks.watched() as asked:
        assert look() == {('local3', 'mail'): ('Local 3', 'Ada')}
    assert asked.wholes == 1


@only('cookie')
def test_a_change_while_the_directory_is_read_is_seen_by_the_next_look(look, monkeypatch):
    read = looking.reading.read_by_turns

    def changed_meanwhile(*args):
        found = read(*args)
        add_person(SYSTEM, 'ada', 'Local Ada')
        monkeypatch.setattr(looking.reading, 'read_by_turns', read)
        return found
    monkeypatch.setattr(looking.reading, 'read_by_turns', changed_meanwhile)
    look()
    assert set(look()) == {('ada', 'login')}


def test_who_was_said_to_be_two_is_asked_of_no_more(look, followed, cheap):
    add_person(SYSTEM, 'ada', 'Local Ada')
    look()
    ticking.decline(SYSTEM, followed, [one['id'] for one in proposals.listed(SYSTEM, followed)])
    assert look() == {}
    update_person(SYSTEM, who('ada').id, name='Local Ana')
    with cheap():
        assert look() == {}
    assert runs.list_runs(SYSTEM, followed)[0]['state'] == 'done'


def test_what_is_doubtful_or_weaker_is_no_news_at_each_look(look, cheap):
    add_person(SYSTEM, 'ada', 'Local Ada')
    add_person(SYSTEM, 'other', 'Other', employee_number='N-ada')
    add_person(SYSTEM, 'bea', 'Local Bea', mail='cid@company.test')     # by mail another one, whom her login outweighs
    found = {('ada', 'ambiguous'), ('other', 'ambiguous'), ('bea', 'login')}
    assert set(look()) == found
    with cheap():
        assert set(look()) == found
