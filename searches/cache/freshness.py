"""Fresh, stale or gone: pure functions of an answer's age. Reading an answer never makes it fresher."""

from datetime import datetime, timedelta
from enum import StrEnum

#: An answer with little in it is asked again sooner than a full one.
POOR_FRESH_SECONDS = 3_600


class Freshness(StrEnum):
    FRESH = "fresh"
    STALE = "stale"
    GONE = "gone"


def freshness(created_at: datetime, expires_at: datetime, now: datetime, fresh_seconds: float, poor: bool = False) -> Freshness:
    """What an answer of this age is at `now`. `poor`: it is partial or empty."""
    if now >= expires_at:
        return Freshness.GONE
    limit = min(fresh_seconds, POOR_FRESH_SECONDS) if poor else fresh_seconds
    return Freshness.FRESH if now - created_at < timedelta(seconds=limit) else Freshness.STALE
