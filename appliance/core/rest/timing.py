"""The `time` of an answer, as clients of the reference product read it."""

import time

from appliance.core import clock
from appliance.core.i18n import current_zone

_RESET_S = 600


class Stopwatch:
    """Begins when it is made. `told()` is the block: moments as seconds and as ISO text in the person's zone."""

    def __init__(self):
        self.started, self.began = time.time(), time.perf_counter()
        self.performing = None

    def perform(self):
        """From here on the method itself runs."""
        self.performing = time.perf_counter()

    def told(self):
        """{start, finish, duration, processing, date_start, date_finish, operating, operating_reset_at}."""
        end = time.perf_counter()
        duration, processing = end - self.began, end - (self.performing or self.began)
        finished, zone = self.started + duration, current_zone()
        return {'start': self.started, 'finish': finished, 'duration': duration, 'processing': processing,
                'date_start': clock.iso_second(int(self.started), zone), 'date_finish': clock.iso_second(int(finished), zone),
                'operating': processing, 'operating_reset_at': int(finished) + _RESET_S}
