"""When posts do well: the views per hour of posts by the weekday and hour of their publication, where the reader is. Pure.

A slot is told by its median against the median of all posts: means would show the one hit of the month. It says when posts
that did well were published, not why; with few posts it says nothing.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from statistics import median
from typing import NamedTuple

MIN_SLOT = 5  # posts of a slot, or it is unknown
MIN_POSTS = 20  # of all, or nothing is said
#: Hours a slot, the finest first: that is taken with which at least half of the posts are in slots that are known.
WIDTHS = (1, 3, 6)
MOST_BEST = 3


class Published(NamedTuple):
    """A post: when it was published (milliseconds since 1970), and its views per hour since then."""

    at: int
    per_hour: float


@dataclass(frozen=True, slots=True)
class Slot:
    """`weekday` 0 is Monday; from `hour` on. `ratio`: the median of its posts by that of all, None for fewer than MIN_SLOT."""

    weekday: int
    hour: int
    posts: int
    ratio: float | None


@dataclass(frozen=True, slots=True)
class Hours:
    """Every slot of the week, Monday first, `width` hours each. `median` is views per hour of all `posts`; None with too few of
    them, and then no slot is known. `best`: the slots that do better than all, best first."""

    posts: int
    width: int
    median: float | None
    slots: list[Slot]
    best: list[Slot]


def best_hours(posts: Iterable[Published], zone: tzinfo) -> Hours:
    """By the clock of `zone`. In the hour that a change to summer time skips, nothing is published; the hour that comes twice
    in autumn counts as one."""
    found = list(posts)
    typical = median(post.per_hour for post in found) if len(found) >= MIN_POSTS else None
    for width in WIDTHS:
        slots = _slots(found, zone, width, typical)
        known = sum(slot.posts for slot in slots if slot.ratio is not None)
        if known * 2 >= len(found) and known:
            break
    best = [slot for slot in slots if slot.ratio is not None and slot.ratio > 1]
    best.sort(key=lambda slot: (-(slot.ratio or 0), -slot.posts, slot.weekday, slot.hour))
    return Hours(len(found), width, typical, slots, best[:MOST_BEST])


def _slots(posts: list[Published], zone: tzinfo, width: int, typical: float | None) -> list[Slot]:
    rates: dict[tuple[int, int], list[float]] = defaultdict(list)
    for post in posts:
        local = datetime.fromtimestamp(post.at / 1000, zone)
        rates[local.weekday(), local.hour // width * width].append(post.per_hour)
    places = [(weekday, hour) for weekday in range(7) for hour in range(0, 24, width)]
    return [Slot(*place, len(rates[place]), _ratio(rates[place], typical)) for place in places]


def _ratio(rates: list[float], typical: float | None) -> float | None:
    return median(rates) / typical if typical and len(rates) >= MIN_SLOT else None
