"""Mails from templates: HTML (MJML) and text, in the person's language and zone, as one message that no data can bend.

A mail is two templates: `<name>.txt` with the blocks `subject` and `text`, and `<name>.mjml` with the block `content`. They
know `person` ({name, login, language, zone}, or None for a bare address), `company`, the outbox row's data, and
`url_for('/worktime')`, the public address with a path.
"""

import functools
import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from appliance.core import clock, i18n, notices, sealing
from appliance.core.i18n import direction, language
from appliance.core.people import Person, is_blocked
from appliance.core.places import ROOT, tool_folders
from appliance.core.settings import get_setting
from appliance.core.smtp import MailFailure
from appliance.core.tool import registry

# The plain forms of RFC 5321: quoted names and address literals have no place in a company's address book.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_DOMAIN = re.compile(r'[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*')


class NotToSend(Exception):
    """This mail is not to be sent at all; `reason` is a key of outbox.REASONS."""

    def __init__(self, reason):
        self.reason = reason
        super().__init__(reason)


@functools.cache
def environment():
    """The Jinja environment of mails: the core's templates and every tool's."""
    import jinja2       # slow: 2 MiB; of the lanes of jobs only the one that sends needs it
    folders = [ROOT / 'templates', *(folder / 'templates' for folder in tool_folders().values())]
    made = jinja2.Environment(loader=jinja2.FileSystemLoader(folders), undefined=jinja2.StrictUndefined, trim_blocks=True,
                              lstrip_blocks=True, autoescape=lambda name: not name.endswith('.txt'))
    i18n.install(made)
    made.globals['wording'] = notices.wording
    return made


def compose(mail, public_address):
    """An outbox row as (EmailMessage, the recipient's bare address).

    NotToSend for a blocked person, one without an address, or a tool that is off; MailFailure when an address cannot be used.
    """
    owner = i18n.domain_of_template(mail.template)
    if owner != i18n.SHELL and owner not in registry.names:
        raise NotToSend('off')
    person, to, spoken, zone = _recipient(mail)
    with language(spoken, zone):
        subject, text, html = render(mail.template, public_address, {**mail.data, 'person': person})
        message = EmailMessage(policy=SMTP)
        message['Subject'] = subject
        message['From'] = sender = _sender()
        message['To'] = to
        message['Date'] = clock.now()
        # The same at each try, so that a repeat after a crash is seen as one by the mail program.
        message['Message-ID'] = f'<{sealing.mac("message-id", mail.key.encode()).hex()[:40]}@{sender.domain}>'
        message['Auto-Submitted'] = 'auto-generated'    # RFC 3834: no holiday answers
        message.set_content(text)
        message.add_alternative(html, subtype='html')
        message['Content-Language'] = i18n.current_language()    # last: setting content clears such headers
    return message, to.addr_spec


def _recipient(mail):
    """(person as a dict or None, Address, language, zone) as they are now, not as they were when the mail was written."""
    if mail.person_id is None:
        return None, address('', mail.recipient), mail.language, get_setting('company.zone')
    person = Person.get_by_id(mail.person_id)
    if is_blocked(person.id):
        raise NotToSend('blocked')
    if not person.mail:
        raise NotToSend('no_address')
    shown = {'name': person.name, 'login': person.login, 'language': person.language, 'zone': person.zone}
    return shown, address(person.name, person.mail), person.language, person.zone


def _sender():
    try:
        return address(get_setting('company.name'), get_setting('mail.sender'))
    except MailFailure as failure:
        raise MailFailure('sender', failure.detail, is_outage=True) from None


def address(name, text):
    """A name and `local@domain` as an Address that may stand in a header; MailFailure when it cannot be one."""
    local, _at, domain = text.rpartition('@')
    try:
        domain = domain.encode('idna').decode()
    except UnicodeError:
        domain = ''
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise MailFailure('address', text, is_final=True)
    return Address(_words(name), local, domain)


def _words(text):
    """Text for a header: one line, and nothing that a mail program would decode into something else (RFC 2047)."""
    return ' '.join(text.split()).replace('=?', '= ?')


def render(template, public_address, data):
    """(subject, text, html) of a template in the language of the moment. Any exception is a fault of template or data."""
    import mrml     # slow: as above
    values = {'company': get_setting('company.name'), 'url_for': lambda path: public_address + path,
              'language': i18n.current_language(), 'direction': direction(), **data}
    plain = environment().get_template(f'{template}.txt')
    subject = ''.join(plain.blocks['subject'](plain.new_context(values)))
    markup = environment().get_template(f'{template}.mjml').render(values)
    return _words(subject), plain.render(values).strip() + '\n', mrml.to_html(markup).content
