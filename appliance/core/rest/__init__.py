"""REST in the reference product's shape, without HTTP: what a tool's rest.py declares, and how a call is performed.

    from appliance.core import rest
    rest.scope('timeman', _.lazy('Working time'))

    @rest.method('timeman.status', scope='timeman', roles=('employee',))
    def status(call, user_id: rest.Number('Whose day; yours if left out.') = None):
        '''The working day of today. ...'''

Rights are the rules': a method calls the same rule as the page. appliance/web/rest answers HTTP.
"""

from appliance.core.rest.happenings import happening
from appliance.core.rest.kinds import Address, Choice, Flag, Map, Moment, Names, Number, Text
from appliance.core.rest.lists import FLAG, MOMENT, NUMBER, TEXT, Field, Fields, Page, Query, listed
from appliance.core.rest.methods import BASIC, EVERYBODY, find, method, scope, scopes
from appliance.core.rest.queries import Asked
from appliance.core.rest.refusals import Refused

__all__ = ['BASIC', 'EVERYBODY', 'FLAG', 'MOMENT', 'NUMBER', 'TEXT', 'Address', 'Asked', 'Choice', 'Field', 'Fields', 'Flag', 'Map', 'Moment',
           'Names', 'Number', 'Page', 'Query', 'Refused', 'Text', 'find', 'happening', 'listed', 'method', 'scope', 'scopes']
