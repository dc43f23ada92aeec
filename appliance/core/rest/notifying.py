"""Notices over REST: a program tells a person something at his bell."""

from appliance.core import program_notices
from appliance.core.errors import Invalid
from appliance.core.i18n import texts
from appliance.core.limits import NOTICE_LENGTH
from appliance.core.rest.attaching import Blocks
from appliance.core.rest.kinds import Number, Text
from appliance.core.rest.methods import method, scope
from appliance.core.rest.refusals import Refused

_ = texts(__name__)
scope('im', _.lazy('Notices'))


@method('im.notify.personal.add', scope='im', is_write=True)
def add_notice(call, user_id: Number('Who is told: somebody whom the token\'s person sees.') = None,
               message: Text('What he reads. Marks such as [b] are taken out.', most=NOTICE_LENGTH) = '',
               message_out: Text('Not kept: the mail says the same.', most=NOTICE_LENGTH) = '',
               tag: Text('Ours and theirs: a notice with the tag of one that is not read yet replaces it.') = '',
               attach: Blocks('Blocks under the message; of them MESSAGE, LINK, GRID and DELIMITER, as text.') = '',
               sub_tag: Text('Not kept.') = '', type: Text('Not kept: it is always a plain notice.') = ''):
    """Tells a person something, in the name of the token's person.

    It stands at his bell, and goes by mail when nobody reads it. Answers the notice's number; false when he wants no such notices.
    """
    if user_id is None:
        raise Refused('USER_ID_EMPTY', 400, _('The parameter %(name)s is missing.', name='USER_ID'))
    if not message.strip():
        raise Refused('MESSAGE_EMPTY', 400, _('The parameter %(name)s is missing.', name='MESSAGE'))
    try:
        return program_notices.tell(call.actor, user_id, ' · '.join([message, *attach]), tag)
    except Invalid as error:
        error.field = {'text': 'MESSAGE'}.get(error.field, error.field)
        raise
