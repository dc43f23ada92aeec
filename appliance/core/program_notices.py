"""What a program tells a person at the bell, in its own person's name: plain text, since no markup of a program belongs on a page."""

import re

from appliance.core import access, audit, notices
from appliance.core.actions import action
from appliance.core.db import row
from appliance.core.errors import Conflict, Invalid, NotFound
from appliance.core.i18n import texts
from appliance.core.limits import NOTICE_LENGTH
from appliance.core.people_access import PEOPLE

_ = texts(__name__)
KIND = 'core.program.told'
_LINK = re.compile(r'\[url=([^\[\]]*)\](.*?)\[/url\]', re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r'\[br\]', re.IGNORECASE)
_MARKS = re.compile(r'\[/?(?:b|i|u|s|url|user|chat|quote|code|color|size|font)(?:=[^\[\]]*)?\]', re.IGNORECASE)

notices.kind(KIND, title=_.lazy('A program tells me something'), text=lambda data: _('%(name)s: %(text)s', **data), url=lambda data: '/notices',
             kinds={'employee', 'guest'})


def _sees(actor, person_id, *args, **kwargs):
    access.require_seen(PEOPLE, actor, person_id)


@action(rights=_sees)
def tell(actor, person_id, text, tag=''):
    """Tell a person whom the actor sees; returns the notice's number, or False when he wants none of these.

    What comes with the tag of one that he has not read replaces it. Invalid (`text`), NotFound, Conflict for who cannot read it.
    """
    found = row('''SELECT p.kind, EXISTS (SELECT 1 FROM person_block b WHERE b.person_id = p.id), (SELECT name FROM person WHERE id = ?)
                   FROM person p WHERE p.id = ?''', actor.person_id, person_id)
    if found is None:
        raise NotFound()
    kind, is_blocked, name = found
    if is_blocked or kind == 'service':
        raise Conflict(_('This person reads no notices.'))
    text = plain(text)
    if not 0 < len(text) <= NOTICE_LENGTH:
        raise Invalid(_('A notice has 1 to %(most)s characters.', most=NOTICE_LENGTH), field='text')
    notice_id = notices.put(KIND, person_id, {'name': name, 'text': text}, f'{KIND}:{actor.person_id}:{tag}' if tag else '')
    audit.record(actor, KIND, f'core.person:{person_id}')
    return notice_id or False


def plain(text):
    """A program's message as one line without the marks (`[b]`, `[url=...]`) that clients of the reference product put into it."""
    text = _LINK.sub(lambda found: found[2] if found[1] == found[2] else f'{found[2]} ({found[1]})', text)
    return ' '.join(_MARKS.sub('', _BREAK.sub(' ', text)).split())
