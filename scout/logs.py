"""Which log lines are written, and how they look as JSON, for machines that gather them."""

import json
import logging


def worth_a_line(record: logging.LogRecord) -> bool:
    """Not /readyz saying 503: whoever asks it is told what is missing, and asks every second while Scout starts. And no
    traceback of the channel layer, which prints one for each try while Redis is away."""
    if record.name.startswith("channels_redis"):
        record.exc_info = None
    return not record.getMessage().endswith(": /readyz")


class JSONFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        # Half of a surrogate pair cannot be written as it is, and would cost the whole line.
        return json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
