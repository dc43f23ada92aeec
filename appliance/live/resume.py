"""Where a stream begins: after what its browser has heard, from memory, else from the table, else by saying that it is not known."""

import re

from appliance.core import clock, live
from appliance.core.limits import LIVE_READ
from appliance.live.desk import AWAY
from appliance.live.stream import beat, frame, reset

NUMBER = re.compile(r'[0-9]{1,18}', re.ASCII)
OLDEST_PAGE_MS = 600_000
SLACK_MS = 2000         # a clock of another host, and the way from the database to the page
MOST_READS = 10


async def begin(hub, desk, stream, request):
    """Tell a stream what it missed, then let it join: nothing is left out in between, nothing comes twice."""
    cursor = cursor_of(request, hub)
    if cursor is not None and cursor < hub.floor:
        cursor = await _from_table(hub, desk, stream, cursor)
    while missed := _missed(hub, stream, cursor):
        await stream.write_all([frame(note) for note in missed])
        cursor = missed[-1].id
    # From the last question to the joining nobody else runs.
    stream.write(reset(hub.last) if missed is None else beat(hub.last))
    if not stream.ended.done():
        hub.join(stream)


def _missed(hub, stream, cursor):
    """The notes after an id that this stream hears; None when they are not known."""
    return hub.after(cursor, stream) if cursor is not None and hub.floor <= cursor <= hub.last else None


def cursor_of(request, hub):
    """The id after which the stream begins; None when it cannot be known what the browser has."""
    after = request.headers.get('Last-Event-ID') or request.query.get('after')
    if after is not None:
        return int(after) if NUMBER.fullmatch(after) else None
    age = request.query.get('age', '0')
    if not NUMBER.fullmatch(age) or int(age) > OLDEST_PAGE_MS:
        return None
    return hub.id_at(clock.microseconds(clock.now()) - (int(age) + SLACK_MS) * 1000)


async def _from_table(hub, desk, stream, cursor):
    """Tell what the table holds before memory begins; the cursor to go on from, None when it does not hold all of it."""
    try:
        low, _high = await desk.ask(live.bounds)
        for _read in range(MOST_READS):
            if cursor < low - 1:
                return None
            notes = await desk.ask(live.read, cursor, LIVE_READ)
            channels = hub.channels(stream)
            mine = [note for note in notes if not channels.isdisjoint(note.channels)]
            if any(note.type == live.SUBJECTS_CHANGED for note in mine):
                return None
            await stream.write_all([frame(note) for note in mine])
            cursor = notes[-1].id if notes else cursor
            if cursor >= hub.floor or not notes:
                return max(cursor, hub.floor)
    except AWAY:
        pass
    return None
