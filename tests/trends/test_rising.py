"""What rises: against the definition written out, and what must never be on the list."""

import math
import random
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from searches.trends.rising import MIN_HALF, MIN_LIFT, MIN_POSTS, Rise, Sample, rising

SINCE, UNTIL = 0, 1_000
MIDDLE = 500
samples = st.lists(
    st.builds(
        Sample,
        at=st.integers(-100, 1_100),
        names=st.lists(st.sampled_from("abcdef"), max_size=4).map(tuple),
        creator=st.sampled_from("xyz"),
        views=st.none() | st.integers(0, 10**9),
    ),
    max_size=60,
)


def plenty(now: dict[str, int], before: dict[str, int], views: int | None = 100) -> list[Sample]:
    """So many posts of each name in either half, each by somebody else."""
    made = [Sample(700, (name,), f"{name}{i}", views) for name, count in now.items() for i in range(count)]
    return made + [Sample(200, (name,), f"{name}-{i}", views) for name, count in before.items() for i in range(count)]


def test_it_works() -> None:
    found = rising(plenty({"new": 12, "old": 28}, {"new": 2, "old": 38}), SINCE, UNTIL)
    assert (found.posts, found.posts_before) == (40, 40)
    assert [rise.name for rise in found.names] == ["new"]
    rise = found.names[0]
    assert (rise.posts, rise.posts_before, rise.creators) == (12, 2, 12)
    assert (rise.views_share, rise.views_share_before) == (0.3, 0.05)
    assert 1.2 < rise.lift < 6  # six times the share, drawn towards the whole


def expected(made: list[Sample]) -> dict[str, float]:
    """The lifts of all names, straight from the definition."""
    dated = [s for s in made if SINCE <= s.at < UNTIL]
    halves = [[s for s in dated if s.at >= MIDDLE], [s for s in dated if s.at < MIDDLE]]
    if min(map(len, halves)) < 5:
        return {}
    views = [s.views for s in dated if s.views is not None]
    cap = 10 * max(median(views), 1) if views else 0
    lifts = {}
    for name in {n for s in halves[0] for n in s.names}:
        counts = [sum(name in s.names for s in half) for half in halves]
        sums = [sum(min(s.views or 0, cap) for s in half) for half in halves]
        own = [sum(min(s.views or 0, cap) for s in half if name in s.names) for half in halves]
        whole = sum(counts) / len(dated)
        smooth = [(count + 2) / (len(half) + 2 / whole) for count, half in zip(counts, halves, strict=True)]
        lift = smooth[0] / smooth[1]
        if all(sums):
            as_posts = [o / s * len(half) for o, s, half in zip(own, sums, halves, strict=True)]
            mean = sum(as_posts) / len(dated)
            by_views = [(a + 2) / (len(half) + 2 / mean) if mean else 1 for a, half in zip(as_posts, halves, strict=True)]
            lift = math.sqrt(lift * by_views[0] / by_views[1])
        if counts[0] >= 3 and lift >= 1.2:
            lifts[name] = lift
    return lifts


@settings(max_examples=300)
@given(samples)
def test_against_the_definition(made: list[Sample]) -> None:
    found = rising(made, SINCE, UNTIL, most=99)
    wanted = expected(made)
    near = {name for name, lift in wanted.items() if abs(lift - MIN_LIFT) < 1e-9}  # either way, by rounding
    assert {r.name for r in found.names} - near == wanted.keys() - near
    for rise in found.names:
        assert math.isclose(rise.lift, wanted.get(rise.name, MIN_LIFT), rel_tol=1e-9)


@given(samples)
def test_what_is_never_on_the_list(made: list[Sample]) -> None:
    found = rising(made, SINCE, UNTIL, min_creators=2)
    for rise in found.names:
        assert rise.posts >= MIN_POSTS
        assert rise.creators >= 2
        assert rise.lift >= MIN_LIFT
        assert found.posts >= MIN_HALF <= found.posts_before
    lifts = [rise.lift for rise in found.names]
    assert lifts == sorted(lifts, reverse=True)


@given(samples, st.randoms())
def test_order_says_nothing(made: list[Sample], draw: random.Random) -> None:
    mixed = list(made)
    draw.shuffle(mixed)
    one, other = rising(made, SINCE, UNTIL), rising(mixed, SINCE, UNTIL)
    assert [(r.name, r.posts, round(r.lift, 9)) for r in one.names] == [(r.name, r.posts, round(r.lift, 9)) for r in other.names]


def test_one_post_is_no_trend() -> None:
    """However many views it has."""
    made = plenty({"old": 20}, {"old": 20})
    assert rising([*made, Sample(700, ("hit",), "star", 10**9)], SINCE, UNTIL).names == []


def test_one_hit_does_not_carry_its_tag() -> None:
    """Three posts of each half bear it; one of the later ones has a billion views, the others what all have."""
    made = plenty({"old": 20, "tag": 3}, {"old": 20, "tag": 3})
    assert rising(made, SINCE, UNTIL).names == []
    lift = rising([*made[:20], Sample(700, ("tag",), "star", 10**9), *made[21:]], SINCE, UNTIL).names
    assert all(rise.lift < 2.5 for rise in lift)


def test_one_persons_series_is_no_hashtag_that_rises() -> None:
    made = [*plenty({"old": 20}, {"old": 20}), *[Sample(700, ("mine",), "me", 100) for _i in range(10)]]
    assert [rise.name for rise in rising(made, SINCE, UNTIL, min_creators=2).names] == []
    assert [rise.name for rise in rising(made, SINCE, UNTIL).names] == ["mine"]


def test_without_views_posts_alone_count() -> None:
    found = rising(plenty({"new": 12, "old": 28}, {"new": 2, "old": 38}, views=None), SINCE, UNTIL)
    assert [(r.name, r.views_share, r.views_share_before) for r in found.names] == [("new", None, None)]


@pytest.mark.parametrize("made", [[], plenty({"a": 100}, {}), plenty({}, {"a": 100}), plenty({"a": 4}, {"b": 100})])
def test_too_few_are_no_trend(made: list[Sample]) -> None:
    assert rising(made, SINCE, UNTIL).names == []


def test_more_than_asked_for_is_cut() -> None:
    now = {f"n{i}": 4 for i in range(40)}
    found = rising(plenty(now, {"old": 100}), SINCE, UNTIL, most=7)
    assert len(found.names) == 7
    assert all(isinstance(rise, Rise) for rise in found.names)
