"""The stream over HTTP: `GET /live`, a stream of events (SSE) for the session that the cookie opens.

    after    the id that was heard last (or the header Last-Event-ID): what came since is told first
    age      without one: for how many milliseconds the page has been open; what came since is told first
    tag      of the session that the page belongs to: 409 when the cookie is another's by now
    worker   what the browser calls itself; its next stream replaces this one
    page     tokens of pages (core/live_pages.py), as often as there are

401 without a session, 403 for another site, 421 under another name, 429 for a fourth stream, 503 while the database is away: none of
them asks to be tried again at once.
"""

import re

from aiohttp import HttpVersion11, web

from appliance.core import live_pages
from appliance.core.limits import LIVE_PAGES, STREAMS_A_SESSION
from appliance.identity import sessions
from appliance.live import resume, watch
from appliance.live.desk import AWAY, Gathered
from appliance.live.stream import Stream

WORKER = re.compile(r'[\w-]{1,40}', re.ASCII)


class Refused(Exception):
    """The request gets this status and no stream."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status


class Streams:
    """The handlers, with what they need."""

    def __init__(self, config, hub, feed, desk, door, most_streams):
        self.hub, self.feed, self.desk, self.door, self.most_streams = hub, feed, desk, door, most_streams
        self.cookie = config.cookie('session')
        self.members = Gathered(desk, watch.members_of_tokens)

    async def healthz(self, request):
        """200 while the database answers, else 503."""
        return web.Response(status=200 if self.feed.is_well else 503, text='ok\n' if self.feed.is_well else 'not fit to serve\n')

    async def live(self, request):
        """The stream, for as long as the session lives and the browser stays."""
        headers, stream = self.door.headers(request.headers.get('Origin')), None
        try:
            stream = await self._let_in(request)
            # Another process may have brought this browser what we have not read yet.
            await self.feed.fresh()
            response = web.StreamResponse(headers=headers)
            await response.prepare(request)
            await response.write(b': hello\n\n')
            await resume.begin(self.hub, self.desk, stream, request)
            await stream.ended
            return response
        except Refused as refusal:
            return _refuse(refusal.status, headers)
        except AWAY:
            return _refuse(503, headers)
        finally:
            if stream is not None:
                self.hub.leave(stream)

    async def _let_in(self, request):
        """A Stream that counts among those of the session that the cookie opens."""
        status = self.door.refusal(request.headers)
        if status:
            raise Refused(status)
        if request.version < HttpVersion11:
            raise Refused(505)      # a stream is sent in chunks
        token = request.cookies.get(self.cookie)
        found = await self.members.get(sessions.hash_token(token)) if token and token.isascii() else None
        if found is None:
            raise Refused(401)
        tag = request.query.get('tag')
        if tag is not None and tag != sessions.tag(found.holder.session_id):
            raise Refused(409)
        stream = Stream(_worker(request.query), request.transport)
        tokens = request.query.getall('page', ())
        if tokens:
            stream.pages = await self.desk.ask(live_pages.opened, tokens[:LIVE_PAGES], found.holder.person_id)
        self._make_room(found.holder.session_id, stream.worker)
        self.hub.enter(found, stream)
        return stream

    def _make_room(self, session_id, worker):
        """The next stream of the same browser replaces the one before; a session has so many, and the process."""
        member = self.hub.members.get(session_id)
        for stream in list(member.streams) if member else ():
            if worker and stream.worker == worker:
                stream.cut()
                self.hub.leave(stream)
        if member and len(member.streams) >= STREAMS_A_SESSION:
            raise Refused(429)
        if self.hub.count() >= self.most_streams:
            raise Refused(503)


def _worker(query):
    name = query.get('worker', '')
    return name if WORKER.fullmatch(name) else ''


def _refuse(status, headers):
    return web.Response(status=status, text=f'{status}\n', headers=headers | {'Content-Type': 'text/plain; charset=utf-8'} | (
        {'Retry-After': '5'} if status == 503 else {}))
