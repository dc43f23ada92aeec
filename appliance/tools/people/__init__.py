"""People: the list of colleagues, their profiles and the structure of the company. Shows them; core owns their rows."""

from appliance.core.i18n import texts
from appliance.core.tool import MenuItem, Tool

_ = texts(__name__)

TOOL = Tool(name='people', title=_.lazy('People'), icon='users', is_fixed=True,
            menu=(MenuItem('people.index', order=20),))
