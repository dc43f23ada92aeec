"""People over REST, in the shape of the reference product. Rights and fields are those of the pages (rules.py).

A person has one name here; NAME is its first word and LAST_NAME the others, so that the two together are always the name.
"""

import functools
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from appliance.core import clock, content, rest
from appliance.core.actor import EMPLOYEE, GUEST, SERVICE
from appliance.core.custom_fields import programs
from appliance.core.db import position, row
from appliance.core.departments import all_departments
from appliance.core.errors import NotFound
from appliance.core.folding import fold
from appliance.core.i18n import texts
from appliance.tools.people import rules

_ = texts(__name__)
rest.scope('user', _.lazy('People'))
rest.scope('department', _.lazy('Departments'))

TYPES = {EMPLOYEE: 'employee', GUEST: 'extranet', SERVICE: 'service'}
_IS_BLOCKED = 'EXISTS (SELECT 1 FROM person_block x WHERE x.person_id = p.id)'
_COLUMNS = 'p.id, p.name, p.mail, p.phone, p.title, p.zone, p.kind, p.department_id, p.created_at, p.birthday, p.photo, '
_NOBODY = '-'       # a type of the reference product that nobody has here
_FOR_COLLEAGUES = frozenset({'DATE_REGISTER', 'PERSONAL_BIRTHDAY', 'UF_DEPARTMENT'})


def _word(sql_of_one, sql_of_many):
    place = position('p.name', "' '")
    return f'CASE WHEN {place} = 0 THEN {sql_of_one} ELSE substr(p.name, {sql_of_many.format(place=place)}) END'


def _found(column):
    """A condition: each word of a text begins a word of a folded column, or stands anywhere in it."""
    def match(text):
        words = rules.search_words(text)
        start = '% ' if column == 'sort_name' else '%'
        return (' AND '.join([f"' ' || p.{column} LIKE ? ESCAPE '!'"] * len(words)) or '1 = 0',
                [f'{start}{rules.literally(word)}%' for word in words])
    return match


def _in_department(text):
    ids = [one for one, (name, _parent, _head) in all_departments().items() if fold(name).startswith(fold(text))]
    return (f'p.department_id IN ({", ".join("?" * len(ids))})' if ids else '1 = 0'), ids


PEOPLE = rest.Fields(
    ID=rest.Field('p.id', rest.NUMBER), ACTIVE=rest.Field(f'CASE WHEN {_IS_BLOCKED} THEN 0 ELSE 1 END', rest.FLAG),
    NAME=rest.Field(lambda: _word('p.name', '1, {place} - 1'), is_pattern=True),
    LAST_NAME=rest.Field(lambda: _word("''", '{place} + 1'), is_pattern=True),
    EMAIL=rest.Field('p.mail'), WORK_PHONE=rest.Field('p.phone'), WORK_POSITION=rest.Field('p.title'), TIME_ZONE=rest.Field('p.zone'),
    USER_TYPE=rest.Field('p.kind', words={**{shown: kind for kind, shown in TYPES.items()}, 'email': _NOBODY}),
    NAME_SEARCH=rest.Field(is_sorted=False, match=_found('words')),
    UF_DEPARTMENT=rest.Field('p.department_id', rest.NUMBER), DATE_REGISTER=rest.Field('p.created_at', rest.MOMENT),
    PERSONAL_BIRTHDAY=rest.Field('p.birthday'))
# The search compares folded words, as the pages do.
SEARCHED = rest.Fields({
    **PEOPLE, 'FIND': rest.Field(is_sorted=False, match=_found('words')), 'UF_DEPARTMENT_NAME': rest.Field(is_sorted=False, match=_in_department),
    **{name: rest.Field(PEOPLE[name].stands_for, match=_found('sort_name')) for name in ('NAME', 'LAST_NAME')}})


@functools.cache
def _fields(is_searching, is_outside, is_manager):
    """The fields that a kind of actor may filter and sort by: what he does not see, he cannot ask by."""
    hidden = [] if is_manager else ['PERSONAL_BIRTHDAY']
    hidden += ['UF_DEPARTMENT', 'UF_DEPARTMENT_NAME', 'DATE_REGISTER'] if is_outside else []
    return (SEARCHED if is_searching else PEOPLE).without(*hidden)


def _fields_for(actor, is_searching):
    """The same with the company's own fields."""
    is_manager = rules.manages(actor)
    fixed, own = _fields(is_searching, rules.is_outside(actor), is_manager), programs.list_fields('core.person', 'p.id', is_manager)
    return rest.Fields(fixed | own) if own else fixed


def _shape(actor, files=''):
    """A function that makes rows of `_columns` answers for this actor; photos get addresses where the content origin has one (`files`)."""
    zone, own_id, has_year, told = actor.zone, actor.person_id, rules.manages(actor), clock.iso_second
    photo_url = content.photo_urls(files, actor)

    def shape(found):
        more = programs.row_values('core.person', {one[0]: has_year or one[0] == own_id for one in found}, ZoneInfo(zone))
        return [{'ID': str(person_id), 'ACTIVE': not is_blocked, 'NAME': (words := name.partition(' '))[0], 'LAST_NAME': words[2],
                 'SECOND_NAME': '', 'EMAIL': mail, 'WORK_PHONE': phone, 'WORK_POSITION': title, 'TIME_ZONE': person_zone,
                 'PERSONAL_GENDER': '', 'PERSONAL_MOBILE': '', 'PERSONAL_PHOTO': photo_url(person_id, photo) if photo else '', 'USER_TYPE': TYPES[kind],
                 'DATE_REGISTER': told(created_at // 1_000_000, zone),
                 'PERSONAL_BIRTHDAY': _birthday(birthday, zone) if birthday and (has_year or person_id == own_id) else '',
                 'UF_DEPARTMENT': [department_id] if department_id else [], **more[person_id]}
                 for person_id, name, mail, phone, title, person_zone, kind, department_id, created_at, birthday, photo, is_blocked in found]

    def shape_for_outside(found):
        return [one if one['ID'] == str(own_id) else {name: value for name, value in one.items() if name not in _FOR_COLLEAGUES}
                for one in shape(found)]
    return shape_for_outside if rules.is_outside(actor) else shape


def _birthday(text, zone):
    """The reference product shows a date as its midnight."""
    return datetime.combine(date.fromisoformat(text), time(), ZoneInfo(zone)).isoformat()


def _columns(actor):
    """The columns of a row; who is blocked, those alone see who manage people."""
    return _COLUMNS + (_IS_BLOCKED if rules.manages(actor) else '0')


def _people(call, query, is_searching=False):
    where, values = rules.visible_to(call.actor)
    return rest.listed(_fields_for(call.actor, is_searching), 'person p', _columns(call.actor), where, values, _shape(call.actor, call.files), query,
                       counted_by='person')


@rest.method('user.get', scope='user')
def get_people(call, query: rest.Asked(PEOPLE, is_loose=True), admin_mode: rest.Flag('Not needed: rights are the token\'s person\'s.') = False):
    """The people whom the token's person sees, by pages of 50.

    ID is a text, ACTIVE a boolean, UF_DEPARTMENT a list of numbers, dates are ISO 8601 with an offset. PERSONAL_PHOTO is an address that
    gives the picture without a login for at least half an hour; empty where there is none. A guest sees of others how to reach
    them; the year of a birthday is shown to its person and to who manages people. The company's own fields are UF_...: numbers are texts,
    yes and no 1 and 0, a choice is its number (user.userfield.list names it), and one may filter and sort by them.
    """
    return _people(call, query)


@rest.method('user.search', scope='user')
def search_people(call, query: rest.Asked(SEARCHED, is_loose=True), admin_mode: rest.Flag('Not needed.') = False):
    """People by words, without case and accents.

    FIND looks through name, login, mail, title and phone; NAME and LAST_NAME through the beginnings of the words of a name;
    UF_DEPARTMENT_NAME through the beginnings of departments. All else is as in user.get.
    """
    return _people(call, query, is_searching=True)


@rest.method('user.current', scope='user')
def get_own(call):
    """The token's person."""
    return own_row(call.actor, call.files)


def own_row(actor, files=''):
    """What an actor sees of himself, in the shape of user.get."""
    return _row(actor, actor.person_id, files)


def _row(actor, person_id, files=''):
    return _shape(actor, files)([row(f'SELECT {_columns(actor)} FROM person p WHERE p.id = ?', person_id)])[0]


@rest.method('profile')
def get_profile(call):
    """The token's person in a few words: ID, ADMIN, NAME, LAST_NAME, PERSONAL_GENDER, TIME_ZONE. Needs no scope."""
    shown = own_row(call.actor)
    return {**{name: shown[name] for name in ('ID', 'NAME', 'LAST_NAME', 'PERSONAL_GENDER', 'TIME_ZONE')}, 'ADMIN': call.actor.is_administrator}


DEPARTMENTS = rest.Fields(
    ID=rest.Field('d.id', rest.NUMBER), NAME=rest.Field('d.name'), PARENT=rest.Field('d.parent_id', rest.NUMBER),
    UF_HEAD=rest.Field('h.id', rest.NUMBER))


@rest.method('department.get', scope='department', roles=('employee', 'service', 'administrator'))
def get_departments(call, query: rest.Asked(DEPARTMENTS, is_loose=True)):
    """The departments of the company, by pages of 50.

    ID, PARENT and UF_HEAD are texts, SORT is always 500; PARENT is left out at the top, UF_HEAD where there is no head.
    """
    visible, values = rules.visible_to(call.actor, 'h')
    # The values of the join come first, as it stands before WHERE.
    return rest.listed(DEPARTMENTS, f'department d LEFT JOIN person h ON h.id = d.head_id AND {visible}',
                       'd.id, d.name, d.parent_id, h.id', '1 = 1', values, lambda found: [_department(one) for one in found], query)


def _department(found):
    department_id, name, parent_id, head_id = found
    return {'ID': str(department_id), 'NAME': name, 'SORT': 500} | ({'PARENT': str(parent_id)} if parent_id else {}) | (
        {'UF_HEAD': str(head_id)} if head_id else {})


@rest.happening('ONUSERADD', 'core.person.added', scope='user')
def person_added(actor, event):
    """There is a new person. The data are fields of user.get."""
    return _told(actor, event)


@rest.happening('ONUSERUPDATE', 'core.person.updated', scope='user')
def person_updated(actor, event):
    """Fields of a person were changed. The data are fields of user.get, as they are when it is told."""
    return _told(actor, event)


def _told(actor, event):
    rules.access_person(actor, event.object_id)
    shown = _row(actor, event.object_id)
    return {**shown, 'ACTIVE': 'Y' if shown['ACTIVE'] else 'N'}


@rest.happening('ONDEPARTMENTUPDATE', 'core.department.changed', scope='department')
def department_changed(actor, event):
    """A department was added, renamed, moved or given another head. The data are FIELDS[ID]."""
    if rules.is_outside(actor):
        raise NotFound()
    return {'FIELDS': {'ID': event.object_id}}
