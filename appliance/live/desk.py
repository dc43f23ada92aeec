"""Where the event loop asks the database: threads with a connection each, so that nobody's stream waits for a query."""

import asyncio
import concurrent.futures
import logging

import peewee

from appliance.core import db
from appliance.core.errors import PortalError

# What a database that is away, locked or full says; it passes.
AWAY = (PortalError, peewee.OperationalError, peewee.InterfaceError)
log = logging.getLogger('appliance.live')


class Desk:
    """One thread with its own connection. Questions are answered one after the other."""

    def __init__(self, name):
        self._executor = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix=name)

    async def ask(self, function, *arguments):
        """What a function of the database returns; its error, and then a new connection the next time."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._answer, function, arguments)

    @staticmethod
    def _answer(function, arguments):
        try:
            with db.connected():
                return function(*arguments)
        except AWAY:
            _hang_up()
            raise

    async def close(self):
        """Give the connection back and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._executor, _hang_up)
        self._executor.shutdown()


def _hang_up():
    """Close this thread's connection; not those of the other threads, which will find out themselves."""
    try:
        if not db.database.is_closed():
            db.database.close()
    except AWAY as error:
        log.debug('closing a broken connection: %s', error)


class Gathered:
    """Questions of many at once, answered by one statement: what comes while one is asked is asked together next.

    `function(keys)` returns {key: answer}; who is missing there gets None.
    """

    def __init__(self, desk, function):
        self._desk, self._function, self._waiting, self._asking = desk, function, {}, None

    async def get(self, key):
        """The answer for one key."""
        answer = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append(answer)
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await answer

    async def _ask(self):
        try:
            while self._waiting:
                taken, self._waiting = self._waiting, {}
                try:
                    found = await self._desk.ask(self._function, list(taken))
                except Exception as error:
                    self._settle(taken, lambda answer, key, error=error: answer.set_exception(error))
                else:
                    self._settle(taken, lambda answer, key, found=found: answer.set_result(found.get(key)))
        finally:
            self._asking = None

    @staticmethod
    def _settle(taken, how):
        for key, answers in taken.items():
            for answer in answers:
                if not answer.done():       # whoever asked may have gone meanwhile
                    how(answer, key)
