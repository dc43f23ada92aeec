"""A link to any object by its kind and id, and who owns the kind: what hangs on objects of every kind asks him, and nobody else.

    refs.own('worktime.day', access_day, url='/worktime/days/{id}', verbs={'attach': 'clock', 'comment': 'view', 'like': 'view'})
    access_day(actor, day_id, to='view')        # the tool's own door, in its refs.py

`verbs` say what may hang on the kind, and which `to` of that door each wants: `attach` and `detach` (others' files), `comment` and
`moderate` (others' comments), `like`, `history`, `tag`, `fill` (fields of the company's own). What is not named does not exist there. A
kind of a tool that is off is as absent as an object that is not there.
"""

import re
from dataclasses import dataclass, field

from appliance.core import access, registration
from appliance.core.errors import Conflict, NotAllowed, NotFound

_TEXT = re.compile(r'([a-z][a-z0-9_]*\.[a-z0-9_]+):([0-9]{1,18})', re.ASCII)
_owners = {}
_hanging = []


@dataclass(frozen=True, order=True)
class Ref:
    """An object of any kind: `str(Ref('crm.deal', 7))` is `crm.deal:7`."""

    kind: str
    id: int

    def __str__(self):
        return f'{self.kind}:{self.id}'

    @classmethod
    def read(cls, text):
        """The Ref that a text names; NotFound when it is none."""
        found = _TEXT.fullmatch(text) if isinstance(text, str) else None
        if not found:
            raise NotFound()
        return cls(found[1], int(found[2]))


@dataclass(frozen=True)
class Owner:
    """Who owns a kind. `people(id)`: the ids of those whose object it is, who are told what others say of it. A kind without access
    rows of its own says by `title` and `describe(id)` what it is called.
    """

    kind: str
    access: object
    url: str = ''
    verbs: dict = field(default_factory=dict)
    people: object = staticmethod(lambda object_id: ())
    title: object = ''
    describe: object = None


def own(kind, access, **values):
    """Declare who owns a kind; `access(actor, object_id, to='view')` refuses by NotFound what this actor does not see."""
    if kind in _owners and _owners[kind].access.__module__ != access.__module__:
        raise ValueError(f'two parts own the kind {kind}')
    _owners[kind] = Owner(kind, access, **values)


def owners():
    """{kind: Owner} of the core and of the tools that are on."""
    return registration.of_tools_that_are_on('refs', _owners)


def owner(kind):
    """The Owner of a kind; NotFound for one that nobody owns, or whose tool is off."""
    found = owners().get(kind)
    if found is None:
        raise NotFound()
    return found


def require(actor, kind, object_id, verb='view'):
    """Ask the owner: NotFound for what is absent, unseen or does not take this verb, NotAllowed for what is only seen."""
    this = owner(kind)
    if verb != 'view' and verb not in this.verbs:
        raise NotFound()
    this.access(actor, object_id, to=this.verbs.get(verb, 'view'))


def may(actor, kind, object_id, verb='view'):
    """Whether the owner would let the actor."""
    try:
        require(actor, kind, object_id, verb)
    except (NotFound, NotAllowed, Conflict):
        return False
    return True


def verbs(actor, kind, object_id, asked):
    """Those of some verbs that the actor has on an object, with `view`, for what a page offers; NotFound when he does not see it."""
    require(actor, kind, object_id)
    return {'view', *(_verbs(actor, kind, object_id) & set(asked))}


def _verbs(actor, kind, object_id):
    """Those of who sees an object. Where the kind has access rows, its verbs name levels of it, and the rows say which: not a question a verb."""
    this = access.kinds().get(kind)
    if this is None:
        return {verb for verb in owner(kind).verbs if may(actor, kind, object_id, verb)}
    level = access.level_of(this, actor, object_id)
    return verbs_at(kind, level) if level else set()


def verbs_at(kind, level):
    """The verbs that somebody with a level of the kind has: for the owner's page, which knows the level already."""
    levels = access.kinds()[kind].levels
    held = levels[:levels.index(level) + 1]
    return {'view', *(verb for verb, needed in owner(kind).verbs.items() if needed in held)}


def url_of(kind, object_id):
    """The page of an object, '' where its kind has none."""
    return owner(kind).url.format(id=object_id)


def _named(kind):
    return owner(kind) if owner(kind).describe else access.kinds()[kind]


def title_of(kind, object_id):
    """What an object is called in the current language: for whom may see it."""
    this = _named(kind)
    return this.describe(object_id) or str(this.title)


def described(kind, object_id):
    """{kind, id, kind_title, title, url} of an object: for whom the owner was asked already."""
    return {'kind': kind, 'id': object_id, 'kind_title': str(_named(kind).title), 'title': title_of(kind, object_id), 'url': url_of(kind, object_id)}


def card(actor, kind, object_id):
    """What `described` gives, or None where the object is absent, unseen, or its tool is off: all the same."""
    return described(kind, object_id) if may(actor, kind, object_id) else None


def opened(actor, kind, object_id):
    """What `described` gives, with `verbs`: all that the actor has there. NotFound where there is nothing for him to see."""
    require(actor, kind, object_id)
    return described(kind, object_id) | {'verbs': _verbs(actor, kind, object_id)}


def hanging(function):
    """Declare what hangs on objects: `function(actor, kind, object_id)` erases it all, inside the action that erases the object."""
    _hanging.append(function)
    return function


def erase_hanging(actor, kind, object_id):
    """Erase for good what hangs on an object that is erased for good: inside its owner's action, whose right it is."""
    registration.load('refs')
    for function in _hanging:
        function(actor, kind, object_id)
