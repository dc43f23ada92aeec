"""Logging in by a ticket: the ticket, then the directory's word, then the same steps as after a password."""

import logging

from appliance.core import audit
from appliance.core.actor import ANONYMOUS, SYSTEM
from appliance.core.db import write
from appliance.core.people import is_blocked
from appliance.identity import accounts, sessions, throttle
from appliance.identity.kerberos import people, tickets
from appliance.identity.kerberos.errors import AccountRefused, TicketRefused

log = logging.getLogger('appliance.login')
FACTOR = 'kerberos'
REFUSED = 'identity.login.refused'


def log_in(config, ticket, address, agent=''):
    """Check a ticket (base64) and open a session: (token, the answer for the browser or '').

    Raises TicketRefused, AccountRefused, Conflict when the login belongs to another account here, TooMany for an account that was
    refused again and again, Busy, and Unavailable when the directory or the keytab cannot be asked.
    """
    try:
        proof = tickets.accept(config, ticket)
    except TicketRefused as refused:
        _note(refused.reason, '', address)
        raise
    throttle.require_ticket_budget(proof.principal)
    try:
        person_id = _person(proof)
    except AccountRefused as refused:
        _note(refused.reason, proof.principal, address)
        raise
    token, _session_id = sessions.open_session(ANONYMOUS, person_id, [FACTOR], False, address, agent)
    return token, proof.answer


def _person(proof):
    directory, entry = people.entry_of(proof.principal, proof.sid)
    person_id = accounts.person_of_entry(SYSTEM, directory.id, entry)
    if is_blocked(person_id):
        raise AccountRefused('blocked', proof.principal)
    return person_id


def _note(reason, principal, address):
    """Log a refusal; write it down, and count it, as long as it does not make more rows than an account or a network may."""
    log.info('ticket refused (%s%s) from %s', reason, f', {principal}' if principal else '', throttle.network(address))
    # Browsers outside the domain offer NTLM by themselves, again and again. An account is stopped by its own budget.
    if principal or (reason != 'ntlm' and throttle.may_note_ticket(address)):
        with write('identity.kerberos.refuse'):
            throttle.count_ticket(ANONYMOUS, principal, address)
            audit.count(ANONYMOUS, REFUSED, '', reason=f'{FACTOR}: {reason}')


def refused_at(reason, since):
    """When a ticket was last refused for a reason (see TicketRefused) since a moment, or None."""
    return audit.last_at(REFUSED, since, reason=f'{FACTOR}: {reason}')


def came_in_after(moment):
    """Whether somebody logged in by a ticket after a moment."""
    return audit.last_at('identity.session.opened', moment, factors=[FACTOR]) is not None
