"""Messages that the next page shows, kept in the session's row (there is no signed session): texts, or
{text, about} of what was refused ('') or has to be done somewhere (a key of PAGES)."""

from flask import g, has_request_context, url_for

from appliance.identity import sessions

MOST = 5
# Where that is done: such a message stays until it is closed.
PAGES = {'password': 'settings.password'}


def say(message, is_refusal=False):
    """Leave a message for the next page of this session; is_refusal: what was asked for was not done."""
    g.said = [*g.get('said', []), {'text': str(message), 'about': ''} if is_refusal else str(message)][-MOST:]


def take():
    """[(text, whether it warns, address or ''), ...] of the messages waiting for this page; they are shown once."""
    if not has_request_context() or g.session is None or not g.session.flashes:
        return []
    g.were_shown = True
    return [(one, False, '') if isinstance(one, str) else (one['text'], True, url_for(PAGES[one['about']]) if one['about'] else '') for one in g.session.flashes]


def store(response):
    """Keep what was said and forget what was shown: at the end of a request, one write only when something changed."""
    if g.get('session') is None:
        return response
    said, were_shown = g.get('said', []), g.get('were_shown', False)
    if said or were_shown:
        waiting = [] if were_shown else g.session.flashes
        sessions.keep_flashes(g.session.id, [*waiting, *said][-MOST:])
    return response
