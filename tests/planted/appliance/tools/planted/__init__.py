"""A tool of the tests: notes, each by a person. It is off until a test switches it on, and fills every contract that ours fill."""

from appliance.core.i18n import texts
from appliance.core.tool import MenuItem, Tool

_ = texts(__name__)

TOOL = Tool(name='planted', title=_.lazy('Planted'), icon='note', requires=('people',), is_on_first=False,
            menu=(MenuItem('planted.index', order=90),))
