"""Reads new notes whenever the bus rings, and each second besides, and lets the hub bring them."""

import asyncio
import contextlib
import logging

from appliance.core import bus, live
from appliance.core.limits import LIVE_KEPT, LIVE_READ
from appliance.live.desk import AWAY

LOOK_EVERY_S = 1
log = logging.getLogger('appliance.live')


class Feed:
    """The one reader of the table. `is_well` is False while the database does not answer."""

    def __init__(self, hub, desk, rejoin):
        self.hub, self.desk, self._rejoin = hub, desk, rejoin
        self.is_well = True
        self._bell, self._descriptor = None, None
        self._woken, self._waiting = asyncio.Event(), []

    async def start(self):
        """Begin with what the table holds."""
        self.hub.load(await self.desk.ask(live.newest, LIVE_KEPT))
        await self._hang_bell()

    async def run(self):
        """Read until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), LOOK_EVERY_S)
            self._woken.clear()
            waiting, self._waiting = self._waiting, []
            try:
                if self._bell is None:
                    await self._hang_bell()
                await self._read()
            except AWAY as error:
                self._note_outage(error)
                self._settle(waiting, error)
            except BaseException as error:
                self._settle(waiting, error)
                raise
            else:
                self.is_well = True
                self._settle(waiting, None)

    async def fresh(self):
        """Return when everything has been read that was committed before this call: another process may have told it already."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append(done)
        self._woken.set()
        await done

    async def _read(self):
        while True:
            notes = await self.desk.ask(live.read, self.hub.last)
            for note in notes:
                await self.hub.bring(note)
                if note.type == live.SUBJECTS_CHANGED:
                    await self._rejoin({int(channel.rpartition(':')[2]) for channel in note.channels})
            if len(notes) < LIVE_READ:
                return

    def _note_outage(self, error):
        if self.is_well:
            log.warning('the database does not answer, streams wait: %s', error)
        self.is_well = False

    @staticmethod
    def _settle(waiting, error):
        for done in waiting:
            if not done.done():
                done.set_exception(error) if error else done.set_result(None)

    # The bell

    async def _hang_bell(self):
        try:
            self._bell = await self.desk.ask(bus.bell, bus.LIVE)
        except bus.Broken as error:
            log.debug('the bus cannot be heard: %s', error)
            return
        self._descriptor = self._bell.fileno()      # a connection that broke does not tell it any more
        asyncio.get_running_loop().add_reader(self._descriptor, self._rang)
        self._woken.set()       # what was told before it hung

    def _rang(self):
        try:
            self._bell.silence()
        except bus.Broken as error:
            log.warning('the bus broke, another is opened: %s', error)
            self.close()
        self._woken.set()

    def close(self):
        """Take the bell down."""
        if self._bell is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            self._bell.close()
            self._bell = None
