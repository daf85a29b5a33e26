"""What is on the rise: names (hashtags, creators) with a larger share of the posts of late than of those before. Pure.

A period is cut in halves by the posts' own dates. A name's share of posts and of views in the later half is held against
that in the earlier one, both drawn towards its share of the whole period as if PRIOR more posts of it stood in each half:
so a few posts are no great trend, and a name that was not there before is no infinite one. Views of a post count up to
VIEWS_CAP times the median post's, since a single hit would otherwise carry all that stands on it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

PRIOR = 2.0
MIN_POSTS = 3  # of a name, in the later half
MIN_HALF = 5  # of all, in each half
MIN_LIFT = 1.2
VIEWS_CAP = 10.0


class Sample(NamedTuple):
    """A post: when it was published (milliseconds since 1970), what it bears, by whom, and its views if known."""

    at: int
    names: tuple[str, ...]
    creator: str
    views: int | None


@dataclass(frozen=True, slots=True)
class Rise:
    """A name that rises, and why: its posts and their creators in the later half, its posts in the earlier, its shares of the
    views in both (None where no views are known). `lift` is how many times its share has grown, smoothed."""

    name: str
    posts: int
    posts_before: int
    creators: int
    views_share: float | None
    views_share_before: float | None
    lift: float


@dataclass(frozen=True, slots=True)
class Rising:
    """`posts` and `posts_before` is what it stands on: dated posts of either half."""

    posts: int
    posts_before: int
    names: list[Rise]


def rising(samples: Iterable[Sample], since: int, until: int, min_creators: int = 1, most: int = 20) -> Rising:
    """What rose in the later half of [since, until), strongest first. Empty unless each half has MIN_HALF posts; a name is
    on the list with MIN_POSTS posts by `min_creators` people in the later half and a lift of MIN_LIFT."""
    middle = (since + until) // 2
    dated = [sample for sample in samples if since <= sample.at < until]
    later, earlier = [s for s in dated if s.at >= middle], [s for s in dated if s.at < middle]
    if min(len(later), len(earlier)) < MIN_HALF:
        return Rising(len(later), len(earlier), [])
    cap = _cap(dated)
    now, before = _Half(later, cap), _Half(earlier, cap)
    found = [_rise(name, now, before) for name, posts in now.posts.items() if posts >= MIN_POSTS]
    strong = [rise for rise in found if rise.lift >= MIN_LIFT and rise.creators >= min_creators]
    strong.sort(key=lambda rise: (-rise.lift, -rise.posts, rise.name))
    return Rising(len(later), len(earlier), strong[:most])


def _cap(samples: Sequence[Sample]) -> float:
    views = [sample.views for sample in samples if sample.views is not None]
    return VIEWS_CAP * max(median(views), 1) if views else 0.0


class _Half:
    """What each name has in one half."""

    def __init__(self, samples: Sequence[Sample], cap: float) -> None:
        self.size = len(samples)
        self.all_views = 0.0
        self.posts: dict[str, int] = defaultdict(int)
        self.views: dict[str, float] = defaultdict(float)
        self.creators: dict[str, set[str]] = defaultdict(set)
        for sample in samples:
            views = min(sample.views or 0, cap)
            self.all_views += views
            for name in set(sample.names):
                self.posts[name] += 1
                self.views[name] += views
                self.creators[name].add(sample.creator)

    def views_share(self, name: str) -> float | None:
        return self.views.get(name, 0.0) / self.all_views if self.all_views else None


def _rise(name: str, now: _Half, before: _Half) -> Rise:
    posts, posts_before = now.posts[name], before.posts.get(name, 0)
    lift = _lift(posts, now.size, posts_before, before.size)
    shares = now.views_share(name), before.views_share(name)
    if shares[0] is not None and shares[1] is not None:
        # Both shares at the weight of their posts, so that the prior means as many posts here as there.
        by_views = _lift(shares[0] * now.size, now.size, shares[1] * before.size, before.size)
        lift = (lift * by_views) ** 0.5
    return Rise(name, posts, posts_before, len(now.creators[name]), *shares, lift)


def _lift(now: float, of_now: int, before: float, of_before: int) -> float:
    """How many times larger a share is than it was, both drawn towards that of the whole."""
    whole = (now + before) / (of_now + of_before)
    if not whole:
        return 1.0
    around = PRIOR / whole  # so many posts bring PRIOR of the name
    return ((now + PRIOR) / (of_now + around)) / ((before + PRIOR) / (of_before + around))
