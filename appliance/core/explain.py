"""Why somebody sees something, or does not: the same audiences that write the access rows, in words."""

import re

from appliance.core import access
from appliance.core.departments import all_departments
from appliance.core.errors import NotFound
from appliance.core.i18n import texts
from appliance.core.people import actor_for, names_of
from appliance.core.permissions import permitted

_ = texts(__name__)
_REF = re.compile(r'([a-z][a-z0-9_]*\.[a-z0-9_]+):([0-9]{1,18})')
LEVELS = {'contact': _.lazy('how to reach them'), 'view': _.lazy('see'), 'own': _.lazy('see and change'), 'clock': _.lazy('see and change'),
          'edit': _.lazy('see and change')}


def read_ref(text):
    """(Kind, object id) of `worktime.day:7`; NotFound for what is none, or of a tool that is off."""
    found = _REF.fullmatch(text.strip())
    if not found or found[1] not in access.kinds():
        raise NotFound(_('There is no such kind of object. One looks like %(example)s.', example='worktime.day:7'))
    return access.kinds()[found[1]], int(found[2])


def who_sees(actor, text):
    """{title, words, rows: [{who, level, reason}]} of an object that the actor sees himself; NotFound otherwise."""
    this, object_id = read_ref(text)
    access.require_seen(this, actor, object_id)
    return {'title': str(this.title), 'words': this.describe(object_id), 'rows': _rows(this, object_id)}


def why(actor, person_id, text):
    """{title, sees, is_all, reasons, rows}: what lets a person see an object (`reasons`), and who else could (`rows`).

    For who may ask about others. It names no more of the object than its kind and number: he may not be one of those who see it.
    """
    permitted('core.audit.read')(actor)
    this, object_id = read_ref(text)
    asked = actor_for(person_id, actor.via)
    reasons = access.why(this, asked.subjects, object_id)
    is_all = this.sees_all(asked)
    names = subject_words({subject for subject, _level, _reason in reasons})
    return {'title': str(this.title), 'sees': bool(reasons) or is_all, 'is_all': is_all, 'rows': _rows(this, object_id),
            'reasons': [{'who': names[subject], 'level': str(LEVELS.get(level, level)), 'reason': str(reason)} for subject, level, reason in reasons]}


def _rows(this, object_id):
    _key, audience = this.audiences([object_id]).get(object_id, (None, {}))
    names = subject_words(audience)
    found = [{'who': names[subject], 'level': str(LEVELS.get(level, level)), 'reason': str(reason), 'order': -this.level(level)}
             for subject, (level, reason) in audience.items()]
    return sorted(found, key=lambda one: (one['order'], one['who']))


def subject_words(subjects):
    """{subject: what people call it}: `leads:3` is «The head of Sales»."""
    tree, ids = all_departments(), [int(one.partition(':')[2]) for one in subjects if one.startswith('person:')]
    names, found = names_of(ids), {}
    for subject in subjects:
        kind, _colon, number = subject.partition(':')
        department = tree.get(int(number), ('?',))[0] if kind in ('department', 'under', 'leads') else ''
        found[subject] = {
            'everybody': lambda: _('Everybody who works here'), 'services': lambda: _('Service accounts'),
            'person': lambda number=number: names.get(int(number), '?'),
            'department': lambda name=department: _('The department %(name)s', name=name),
            'under': lambda name=department: _('%(name)s and all below it', name=name),
            'leads': lambda name=department: _('Who heads %(name)s', name=name),
        }.get(kind, lambda subject=subject: subject)()
    return found
