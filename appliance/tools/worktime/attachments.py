"""Files hang on a working day: what explains it. Its person adds and removes them, who heads him sees them."""

from appliance.core import attachments
from appliance.tools.worktime.rules import access_day

attachments.own('worktime.day', access_day, attach='clock', detach='clock')
