"""The platform's time stamps: ISO 8601, UTC, milliseconds, `Z`."""

import time
from datetime import UTC, datetime


def now() -> float:
    """Seconds since 1970, cut to the milliseconds that a time stamp can show."""
    return int(time.time() * 1000) / 1000


def iso(moment: float) -> str:
    millis = round(moment * 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(millis // 1000))}.{millis % 1000:03d}Z"


def parse(text: str) -> float:
    """Seconds for an ISO date or date-time (UTC unless it says otherwise); ValueError if it is neither."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
