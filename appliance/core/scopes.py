"""Settings that may differ in a department or for a person: the nearest wins, and who asks is told where a value comes from.

    Setting(30, _.lazy('...'), read, scopes=('department', 'person'))       # in a declaration; the company's is always there
    scopes.value_for(actor, 'trash.keep_days')                              # his own, else his department's or one above, else the company's

A scope is '' for the company, `department:3`, or `person:7`. The company's values and those of departments are kept in memory.
"""

from appliance.core import audit, permissions, settings
from appliance.core.actions import action
from appliance.core.db import rows
from appliance.core.departments import all_departments, path_to
from appliance.core.errors import NotFound
from appliance.core.i18n import texts
from appliance.core.settings import COMPANY, Setting, declared

_ = texts(__name__)
DEPARTMENT, PERSON = 'department', 'person'


def places(actor):
    """The scopes that concern an actor, the nearest first."""
    department = next((int(one.partition(':')[2]) for one in actor.subjects if one.startswith('department:')), None)
    above = path_to(department, all_departments()) if department else ()
    return [*([f'person:{actor.person_id}'] if actor.person_id else ()), *(f'department:{one}' for one in above), COMPANY]


def _may_differ(name, scope):
    return scope == COMPANY or scope.partition(':')[0] in declared()[name].scopes


def values_for(actor, names):
    """{name: (value, scope)} of some settings for an actor; the scope is None where it is the default. KeyError for an undeclared one."""
    return _nearest(places(actor), names)


def value_for(actor, name):
    """The value of a setting that holds for an actor."""
    return values_for(actor, [name])[name][0]


def _nearest(around, names):
    kept, found = settings.kept_in_scopes(), {}
    if any(PERSON in declared()[name].scopes for name in names) and around[0].startswith('person:'):
        kept = kept | {around[0]: {name: Setting.value.python_value(text) for name, text in
                                   rows('SELECT name, value FROM setting WHERE scope = ?', around[0])}}
    for name in names:
        scope = next((one for one in around if _may_differ(name, one) and name in kept.get(one, ())), None)
        found[name] = (declared()[name].default if scope is None else kept[scope][name], scope)
    return found


def require_scope(actor, scope):
    """Ask whether an actor decides in a scope: a person for himself, who heads a department or one above it, the portal's
    administrators; NotFound for anybody else's, and for a department that is not there.
    """
    kind, _colon, number = scope.partition(':')
    if scope == COMPANY:
        permissions.require(actor, 'core.settings.manage')
        return
    if not (number.isascii() and number.isdigit() and len(number) < 19 and str(int(number)) == number):
        raise NotFound()
    tree = all_departments()
    is_own = kind == PERSON and int(number) == actor.person_id
    is_mine = kind == DEPARTMENT and int(number) in tree and (
        permissions.may(actor, 'core.settings.manage') or any(f'leads:{one}' in actor.subjects for one in path_to(int(number), tree)))
    if not (is_own or is_mine):
        raise NotFound()


def _around(scope):
    """The scopes from one outwards."""
    kind, _colon, number = scope.partition(':')
    if kind == DEPARTMENT:
        return [*(f'department:{one}' for one in path_to(int(number), all_departments())), COMPANY]
    return [COMPANY]


def names_in(scope):
    """The names of the settings of the core and of tools that are on that may be decided in a scope; of the company, those of mail
    have a page of their own, and secrets are none.
    """
    on = settings.names_that_are_on()
    return [name for name in on if _may_differ(name, scope) and not declared()[name].is_secret and not name.startswith('mail.')]


def listing(actor, scope):
    """[{name, label, text, origin, is_here}] of the settings that the actor may decide in a scope; `origin` in words."""
    require_scope(actor, scope)
    names = names_in(scope)
    around = places(actor) if scope.startswith('person:') else _around(scope)
    found = _nearest(around, names)
    return [{'name': name, 'label': str(declared()[name].label), 'text': as_text(found[name][0]), 'origin': words_of(found[name][1]),
             'is_here': found[name][1] == scope} for name in names]


def as_text(value):
    """A value as it is typed."""
    return ', '.join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def words_of(scope):
    """A scope as people call it; None is the portal's own default."""
    if scope is None:
        return _('the portal’s default')
    kind, _colon, number = scope.partition(':')
    if kind == DEPARTMENT:
        return _('the department %(name)s', name=all_departments().get(int(number), ('?',))[0])
    return _('yourself') if kind == PERSON else _('the company')


def led_by(actor):
    """[(scope, name)] of the departments for which an actor may decide: those that he heads, by name."""
    tree = all_departments()
    return sorted(((f'department:{one}', tree[one][0]) for one in tree if f'leads:{one}' in actor.subjects), key=lambda one: one[1])


def _may(actor, scope, name, *args, **kwargs):
    require_scope(actor, scope)
    if name not in names_in(scope):
        raise NotFound()


@action(rights=_may)
def set_in(actor, scope, name, text):
    """Decide a setting in a scope, from text; Invalid says what would be right."""
    if scope == COMPANY:
        settings.set_setting(actor, name, text)
        return
    settings.keep(scope, name, settings.read_value(name, text))
    _record(actor, scope, name)


@action(rights=_may)
def clear_in(actor, scope, name):
    """Let the next scope outwards decide again."""
    settings.keep(scope, name, None)
    _record(actor, scope, name)


def _record(actor, scope, name):
    # Not the value: what a person prefers is his.
    audit.record(actor, 'core.setting.changed', f'core.setting:{name}', scope=scope)
