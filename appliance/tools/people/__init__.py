"""People: the list of colleagues, their profiles and the structure of the company. Shows them; core owns their rows."""

from appliance.core.i18n import texts
from appliance.core.tool import MenuItem, Setting, Tool

_ = texts(__name__)

# What people may be let change of themselves. Mail and login are doors into the portal: those are an administrator's.
OWN_FIELDS = ('photo', 'name', 'title', 'phone', 'birthday')


def _own_fields(text):
    """`phone, birthday` (or a list) as it is kept, in our order; ValueError says what would be right."""
    named = {part.strip() for part in (text.split(',') if isinstance(text, str) else text)} - {''}
    if named - set(OWN_FIELDS):
        raise ValueError(_('some of %(fields)s, with commas', fields=', '.join(OWN_FIELDS)))
    return [name for name in OWN_FIELDS if name in named]


TOOL = Tool(name='people', title=_.lazy('People'), icon='users', is_fixed=True,
            menu=(MenuItem('people.index', order=20),),
            settings={'own_fields': Setting(['photo', 'phone', 'birthday'], _.lazy('What people may change of themselves'), _own_fields)})
