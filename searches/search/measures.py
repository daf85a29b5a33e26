"""What can be measured of a post: the numbers that filters, orders and columns speak of. Pure. What is unknown is None, never 0."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from searches.item import Item
from searches.query import normalise

HOUR = 3_600_000
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of posts beside themselves. `counted_at`: when a platform's counts were read, in milliseconds since 1970;
    without it that is now. `new` and `kept`: keys (see `key`) of posts that are new to the person, and that they have kept."""

    counted_at: Mapping[str, int] = field(default_factory=dict)
    new: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()


NOTHING = Known()
#: A post, now (milliseconds since 1970), and what else is known.
Measure = Callable[[Item, int, Known], float | None]


def key(item: Item) -> str:
    """A post's name among those of all platforms."""
    return f"{item['platform']}:{item['id']}"


def views(item: Item, _now: int = 0, _known: Known = NOTHING) -> int | None:
    return item["playCount"]


def likes(item: Item, _now: int = 0, _known: Known = NOTHING) -> int | None:
    return item["likeCount"]


def comments(item: Item, _now: int = 0, _known: Known = NOTHING) -> int | None:
    return item["commentCount"]


def shares(item: Item, _now: int = 0, _known: Known = NOTHING) -> int | None:
    return item["shareCount"]


def length(item: Item, _now: int = 0, _known: Known = NOTHING) -> float | None:
    """Seconds."""
    return item["durationSeconds"]


def date(item: Item, _now: int = 0, _known: Known = NOTHING) -> int | None:
    """Milliseconds since 1970."""
    return item["createTime"]


def engagement(item: Item, _now: int = 0, _known: Known = NOTHING) -> float | None:
    """Views to followers. Nobody's followers are no measure: 0 of them is unknown too."""
    seen, followers = item["playCount"], item["followerCount"]
    return seen / followers if seen is not None and followers else None


def rate(item: Item, now: int, known: Known = NOTHING) -> float | None:
    """Views per hour from publication until they were counted; an age below an hour counts as one, since minutes say little."""
    seen, made = item["playCount"], item["createTime"]
    counted = known.counted_at.get(item["platform"], now)
    return seen / (max(counted - made, HOUR) / HOUR) if seen is not None and made is not None and made <= counted else None


MEASURES: dict[str, Measure] = {
    "views": views,
    "likes": likes,
    "comments": comments,
    "shares": shares,
    "engagement": engagement,
    "rate": rate,
    "date": date,
    "length": length,
}

LEVEL_BOUNDS = (0.2, 0.6, 1.4, 3.0)
LEVELS = (1, 2, 3, 4, 5)
#: By name, the seconds from which on a video is called so.
LENGTHS = {"short": 0, "medium": 15, "long": 60, "longer": 180}
_LENGTH_NAMES, _LENGTH_STARTS = tuple(LENGTHS), tuple(LENGTHS.values())


def level(ratio: float) -> int:
    """1 to 5, of views to followers: below 0.2, from 0.2, 0.6, 1.4 and 3.0 on."""
    return 1 + bisect_right(LEVEL_BOUNDS, ratio)


def length_class(seconds: float) -> str:
    return _LENGTH_NAMES[bisect_right(_LENGTH_STARTS, seconds) - 1]


@lru_cache(maxsize=20_000)  # the same hashtags and creators come with every look at an answer
def words(text: str | None) -> str:
    """Text as it is compared: see searches.query.normalise."""
    return normalise(text) if text else ""
