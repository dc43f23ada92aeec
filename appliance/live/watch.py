"""What each second asks: whether sessions still live, what their people are to rights, whether pages' tokens hold, which tools are on;
and each half minute, that we live and who is here.
"""

import asyncio
import itertools
import logging

from appliance.core import clock, departments, live_pages, presence, processes, revisions, switch
from appliance.core.db import row
from appliance.core.people import subjects_of
from appliance.identity import sessions
from appliance.live.desk import AWAY
from appliance.live.hub import Member

LOOK_EVERY_S, TELL_EVERY_S = 1, 30
ASKED_AT_ONCE = 5000
SHARES = 3      # of the sessions one each second: an ended one is noticed within three
log = logging.getLogger('appliance.live')


class Watch:
    """Keeps the hub true to the database."""

    def __init__(self, hub, desk):
        self.hub, self.desk = hub, desk
        self._tree_no = None

    async def run(self):
        """Look once a second until cancelled."""
        for second in itertools.count():
            try:
                await self._look(second)
            except AWAY as error:
                log.debug('not watched this second: %s', error)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _look(self, second):
        mine = [session_id for session_id in self.hub.members if session_id % SHARES == second % SHARES]
        pages = {ref for stream in self.hub.streams() for ref in stream.pages}
        found, tree_no, versions = await self.desk.ask(_ask, mine, pages)
        if tree_no != self._tree_no:
            self._tree_no = tree_no
            await self.rejoin_sessions(list(self.hub.members))
        self._compare(mine, found)
        self._close_pages(pages, versions)
        if second % TELL_EVERY_S == 0:
            await self.desk.ask(_tell, {member.holder.person_id for member in self.hub.members.values()})

    def _compare(self, session_ids, found):
        """End the streams of sessions that are over, and follow people who moved."""
        for session_id in session_ids:
            member = self.hub.members.get(session_id)
            if member is None:
                continue
            answer = found.get(session_id)
            if answer is None:
                for stream in list(member.streams):
                    stream.end()
            elif answer[0] != member.holder:
                self.hub.change(member, *answer)

    async def rejoin_sessions(self, session_ids):
        """Read anew what the people of these sessions are to rights."""
        found = await self.desk.ask(_read_sessions, session_ids)
        for session_id, (holder, subjects) in found.items():
            member = self.hub.members.get(session_id)
            if member is not None and member.subjects != subjects:
                self.hub.change(member, holder, subjects)

    async def rejoin(self, person_ids):
        """The same for people, at once: they have joined or left something."""
        await self.rejoin_sessions([session_id for session_id, member in self.hub.members.items() if member.holder.person_id in person_ids])

    def _close_pages(self, refs, versions):
        now = clock.now()
        for stream in self.hub.streams():
            for ref, (version, expires_at) in list(stream.pages.items()):
                if expires_at <= now or (ref in refs and version != versions.get(ref, 0)):
                    self.hub.close_page(stream, ref)


# In a thread of the desk

def members_of_tokens(hashes):
    """{hash of a token: Member} of those that open a living session."""
    return {token: Member(holder, subjects) for token, (holder, subjects) in _with_subjects(sessions.holders_of_tokens(hashes)).items()}


def _read_sessions(session_ids):
    found = {}
    for first in range(0, len(session_ids), ASKED_AT_ONCE):
        found |= sessions.holders(session_ids[first:first + ASKED_AT_ONCE])
    return _with_subjects(found)


def _with_subjects(holders):
    """{key: (Holder, his subjects)}; the tree of departments is kept until its number changes."""
    if not holders:
        return {}
    revisions.begin({'department': _tree_number()})
    try:
        tree = departments.all_departments()
        return {key: (one, subjects_of(one.person_id, one.kind, one.department_id, tree)) for key, one in holders.items()}
    finally:
        revisions.end()


def _tree_number():
    found = row("SELECT number FROM revision WHERE name = 'department'")
    return found[0] if found else 0


def _ask(session_ids, refs):
    if switch.is_outdated():
        # No part of a tool is loaded here: there is nothing to make way for.
        switch.load()
        processes.tell('live')
    return _read_sessions(session_ids), _tree_number(), live_pages.versions(refs)


def _tell(person_ids):
    processes.tell('live')
    presence.note(person_ids)
