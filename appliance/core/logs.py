"""Log lines as JSON, one object a line, for those who collect them."""

import json
import logging

from appliance.core import clock


class JsonFormatter(logging.Formatter):
    """at, level, logger, message, and error with its traceback where there is one."""

    def format(self, record):
        line = {'at': clock.now().isoformat(timespec='milliseconds'), 'level': record.levelname.lower(),
                'logger': record.name, 'message': record.getMessage()}
        if record.exc_info:
            line['error'] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
