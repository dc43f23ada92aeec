"""core.notices: mails what stayed unread, one mail a person."""

from appliance.core import jobs, notices
from appliance.core.i18n import texts

_ = texts(__name__)


@jobs.when(notices.next_mail_due, name='core.notices', title=_.lazy('Mail notices that nobody has read'), lane=jobs.FAST)
def mail(run):
    """Write the mails; core.outbox sends them."""
    notices.mail_unread(run.actor)
