"""How fast a post gathers views. Pure; a `Reading`'s `views` may be None, and such readings say nothing here.

Counts do go down at times (a platform takes bots back, another actor rounds): a pace may then be negative, and is told so.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

HOUR = 3_600_000
#: Two runs that saw a post within this are one look at it: what moved between them is mostly rounding.
MIN_GAP = 60_000
#: A post of some minutes' age has no rate per hour yet: its age counts as this.
MIN_AGE = HOUR


class Seen(Protocol):
    """What is read of a reading: its moment in milliseconds, and the views."""

    @property
    def at(self) -> int: ...
    @property
    def views(self) -> int | None: ...


class Pace(NamedTuple):
    """Views per hour, measured over so many hours."""

    per_hour: float
    hours: float


class Growth(NamedTuple):
    """Views gained, and as a share of what was there before: None where that was 0. Over so many hours."""

    views: int
    ratio: float | None
    hours: float


def velocity(readings: Iterable[Seen]) -> Pace | None:
    """Views per hour between the last reading and the latest one that is at least MIN_GAP older. None for fewer than two such."""
    known = _known(readings)
    return _pace(known, len(known) - 1)


def since_publication(published: int | None, readings: Iterable[Seen]) -> float | None:
    """Views per hour from its publication (milliseconds since 1970) to the last reading; None where either is unknown, or the
    reading is from before the publication. An age below MIN_AGE counts as that."""
    known = _known(readings)
    if published is None or not known or known[-1][0] < published:
        return None
    at, views = known[-1]
    return views / (max(at - published, MIN_AGE) / HOUR)


def growth(readings: Iterable[Seen], since: int, until: int) -> Growth | None:
    """What was gained between the first and the last reading in [since, until]; None unless these are MIN_GAP apart."""
    known = [(at, views) for at, views in _known(readings) if since <= at <= until]
    if not known or known[-1][0] - known[0][0] < MIN_GAP:
        return None
    (began, before), (ended, after) = known[0], known[-1]
    return Growth(after - before, (after - before) / before if before else None, (ended - began) / HOUR)


def acceleration(readings: Iterable[Seen]) -> float | None:
    """Views per hour by which the pace changes each hour: from the pace before the last one, middle to middle. None for fewer
    than three readings that are MIN_GAP apart."""
    known = _known(readings)
    last = len(known) - 1
    middle = _base(known, last)
    now = _pace(known, last)
    before = _pace(known, middle) if middle is not None else None
    if now is None or before is None:
        return None
    return (now.per_hour - before.per_hour) / ((now.hours + before.hours) / 2)


def _known(readings: Iterable[Seen]) -> list[tuple[int, int]]:
    return sorted((reading.at, reading.views) for reading in readings if reading.views is not None)


def _base(known: list[tuple[int, int]], index: int) -> int | None:
    """The latest that is at least MIN_GAP older than the one at `index`."""
    return next((i for i in range(index - 1, -1, -1) if known[index][0] - known[i][0] >= MIN_GAP), None)


def _pace(known: list[tuple[int, int]], index: int) -> Pace | None:
    base = _base(known, index)
    if base is None:
        return None
    hours = (known[index][0] - known[base][0]) / HOUR
    return Pace((known[index][1] - known[base][1]) / hours, hours)
