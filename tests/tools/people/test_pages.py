"""The list by pages of 50: each person once in both directions, whatever is added or taken away meanwhile."""
import pytest

from appliance.core import access
from appliance.core.actor import SYSTEM
from appliance.core.errors import Invalid
from appliance.core.folding import fold
from appliance.core.people import Person, update_person
from appliance.tools.people import rules


def crowd(count):
    """Add people of whom many share a name."""
    names = [f'Same {number // 60:03d}' for number in range(count)]
    Person.insert_many([{'login': f'crowd{number}', 'name': name, 'kind': 'employee', 'language': 'en', 'zone': 'UTC',
                         'sort_name': fold(name), 'words': fold(name)} for number, name in enumerate(names)]).execute()
    access.rebuild('core.person')


def walk(actor, way, start='', **filters):
    """Every page in one direction."""
    pages, cursor = [], start
    while True:
        page = rules.list_people(actor, **filters, **({way: cursor} if cursor else {}))
        pages.append([one[0] for one in page['people']])
        cursor = page[way]
        if not cursor:
            return pages, page


def test_forth_and_back_show_everybody_once(lumbreras):
    crowd(200)
    actor = lumbreras.actor('outsider')
    pages, last = walk(actor, 'after')
    forth = [one for page in pages for one in page]
    assert [len(page) for page in pages] == [50] * (len(forth) // 50) + [len(forth) % 50]
    assert len(set(forth)) == len(forth) == rules.list_people(actor)['count']
    pages, first = walk(actor, 'before', start=last['before'])
    assert [one for page in reversed(pages) for one in page][-50:] == forth[-50 - len(forth) % 50:-(len(forth) % 50)]
    assert [one[0] for one in first['people']] == forth[:50]
    assert first['before'] == '' and first['after']


def test_order_is_by_name_without_accents(lumbreras):
    names = [one[1] for one in rules.list_people(lumbreras.actor('outsider'))['people']]
    assert names[:4] == ['Adam Nowak', 'Aisha Khan', 'Álvaro Peña', 'Amélie Durand']
    assert names == sorted(names, key=fold)


def test_who_left_meanwhile_loses_nobody_else(lumbreras):
    crowd(120)
    actor = lumbreras.actor('outsider')
    first = rules.list_people(actor)
    gone = first['people'][-1][0]
    update_person(SYSTEM, gone, kind='service')
    second = rules.list_people(actor, after=first['after'])
    seen = [one[0] for one in first['people'] + second['people'] if one[0] != gone]
    everybody = [one for page in walk(actor, 'after')[0] for one in page]
    assert seen == everybody[:99]


def test_way_back_ends_with_a_whole_page(lumbreras):
    crowd(60)
    actor = lumbreras.actor('outsider')
    third = [one[0] for one in rules.list_people(actor)['people']][2]
    name = Person.get_by_id(third).sort_name
    page = rules.list_people(actor, before=f'{third}~{name}')
    assert len(page['people']) == 50 and page['before'] == ''


def test_search_keeps_to_its_pages(lumbreras):
    crowd(130)
    pages, _last = walk(lumbreras.actor('outsider'), 'after', search='same')
    assert [len(page) for page in pages] == [50, 50, 30]


def test_count_ends_at_a_thousand(lumbreras):
    crowd(1200)
    assert rules.list_people(lumbreras.actor('outsider'))['count'] == rules.COUNTED + 1


def test_bad_cursor_is_refused(lumbreras):
    actor = lumbreras.actor('outsider')
    for cursor in ('x', '~', '1', 'a~b', '-1~b', '1~\0', '9' * 30 + '~a', '1' * 5000 + '~', '١~a', '1~a\nb', '²~a'):
        for way in ('after', 'before'):
            with pytest.raises(Invalid):
                rules.list_people(actor, **{way: cursor})


def test_a_page_may_end_with_a_name_of_joined_letters(lumbreras):
    crowd(60)
    name = 'A\u0644\u200c\u0631\u200d\u00ad'
    Person.update(name=name, sort_name=fold(name), words=fold(name)).where(Person.login.startswith('crowd')).execute()
    access.rebuild('core.person')
    first = rules.list_people(lumbreras.actor('outsider'), most=5)
    assert '\u200c' in first['after'] + rules.list_people(lumbreras.actor('outsider'), after=first['after'], most=5)['after']
    pages, _last = walk(lumbreras.actor('outsider'), 'after')
    assert sum(len(page) for page in pages) == rules.list_people(lumbreras.actor('outsider'))['count']


def test_cursor_is_a_place_and_no_door(lumbreras):
    page = rules.list_people(lumbreras.actor('outsider'), after="1~a' OR '1'='1")
    assert page['people'][0][1] == 'Adam Nowak'
    assert rules.list_people(SYSTEM, after='1~zzzz')['people'][-1][1] > 'z'
