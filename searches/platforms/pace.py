"""The pace at which a platform is given starts, in starts a second. Pure functions; the row keeps the numbers.

A 429 speaks of the platform, not of the row that happened to get it: backing off row by row costs far more refusals
than slowing the whole platform a little.
"""

from datetime import datetime, timedelta

FLOOR = 5.0
UNLIMITED_ABOVE = 400.0  # Apify's own limit on starts: above it there is nothing to pace
_BURST = timedelta(seconds=1)


def allowance(pace: float | None, anchor: datetime | None, now: datetime, most: int) -> int:
    """How many starts may go now, at most `most`. `anchor` is the moment up to which starts are spent."""
    if pace is None:
        return most
    spent_until = max(anchor, now - _BURST) if anchor else now - _BURST
    return min(most, int((now - spent_until).total_seconds() * pace + 1e-9))


def spend(pace: float | None, anchor: datetime | None, now: datetime, starts: int) -> datetime | None:
    """The anchor after `starts` more."""
    if pace is None:
        return None
    spent_until = max(anchor, now - _BURST) if anchor else now - _BURST
    return spent_until + timedelta(seconds=starts / pace)


def adjusted(pace: float | None, accepted: int, refused: int, seconds: float) -> float | None:
    """The pace after a batch: 0.9 x what was accepted where something was refused, else slowly up."""
    if refused:
        measured = accepted / max(seconds, 1.0)
        return max(FLOOR, 0.9 * min(pace if pace is not None else measured, max(measured, FLOOR / 0.9)))
    if pace is None:
        return None
    faster = pace + 0.1 * accepted
    return None if faster > UNLIMITED_ABOVE else faster
