"""Runs the event loop: listens, reads, watches; closes the streams in order when it is told to stop."""

import asyncio
import contextlib
import logging
import os
import resource
import signal
import socket
import stat

import uvloop
from aiohttp import web

from appliance.core import db, processes
from appliance.core.errors import StartError
from appliance.live.app import Streams
from appliance.live.desk import AWAY, Desk
from appliance.live.door import Door
from appliance.live.feed import Feed
from appliance.live.hub import Hub
from appliance.live.watch import Watch

BACKLOG = 4096
KERNEL_BUFFER_BYTES = 32 << 10
FILES = 65_536
# Files that are no streams: sockets to come, the database, the bus.
SPARE_FILES = 200
ENDED_AT_ONCE, ENDED_WITHIN_S = 500, 5
log = logging.getLogger('appliance.live')


def serve(config):
    """Run until SIGTERM, SIGINT or SIGHUP. The database is open and current."""
    with processes.running(config.data.folder):
        listener = _listener(config.live.address)
        # Of a reader who sleeps, the kernel would keep megabytes; accepted connections inherit this.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER_BYTES)
        db.disconnect()     # each thread opens its own
        uvloop.run(_serve(config, listener, _raise_file_limit()))


def _raise_file_limit():
    """The number of streams that the system lets this process hold."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return files - SPARE_FILES


def _listener(address):
    """The socket that systemd passes, or one at this address."""
    if os.environ.get('LISTEN_PID') == str(os.getpid()):
        return socket.socket(fileno=3)
    try:
        return _unix(address.removeprefix('unix:')) if address.startswith('unix:') else _tcp(address)
    except OSError as error:
        raise StartError(f'live.address: {address}: {error.strerror or error}') from None


def _tcp(address):
    host, _, port = address.rpartition(':')
    return socket.create_server((host.strip('[]'), int(port)), family=socket.AF_INET6 if host.startswith('[') else socket.AF_INET,
                                backlog=BACKLOG)


def _unix(path):
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(os.stat(path).st_mode):
            os.unlink(path)     # of a process that was killed: we hold the data folder, so it is not in use
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o007)
    try:
        listener.bind(path)
    finally:
        os.umask(before)
    return listener


async def _serve(config, listener, most_streams):
    hub, reading, asking = Hub(), Desk('reading'), Desk('asking')
    watch = Watch(hub, asking)
    feed = Feed(hub, reading, watch.rejoin)
    await feed.start()
    streams = Streams(config, hub, feed, asking, Door(config), most_streams)
    app = web.Application()
    app.on_response_prepare.append(_say_no_version)
    app.add_routes([web.get('/live', streams.live), web.get('/healthz', streams.healthz)])
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=ENDED_WITHIN_S)
    await runner.setup()
    await web.SockSite(runner, listener, backlog=BACKLOG).start()
    log.info('live listens, for %s streams at most', most_streams)
    tasks = [asyncio.create_task(one.run()) for one in (hub, feed, watch)]
    await _until_stopped(tasks)
    await _stop(hub, runner, tasks)
    feed.close()
    with contextlib.suppress(AWAY):
        await asking.ask(processes.forget)
    for desk in (reading, asking):
        await desk.close()
    log.info('live has stopped')


async def _say_no_version(request, response):
    response.headers.pop('Server', None)


async def _until_stopped(tasks):
    """Wait for a signal; a task that ends by an error ends the process, for its supervisor to start another."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    waiting = asyncio.create_task(stopping.wait())
    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        if task.done():
            task.result()


async def _stop(hub, runner, tasks):
    """Take no more, then end the streams: their browsers come again, each after a moment of its own."""
    for site in list(runner.sites):
        await site.stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    streams = hub.streams()
    for first in range(0, len(streams), ENDED_AT_ONCE):
        for stream in streams[first:first + ENDED_AT_ONCE]:
            stream.end()
        await asyncio.sleep(0)
    await runner.cleanup()
