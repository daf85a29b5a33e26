"""When posts do well: against numpy-less brute force, zones and summer time, and too few."""

import random
from datetime import UTC, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searches.trends.hours import MIN_POSTS, MIN_SLOT, WIDTHS, Hours, Published, best_hours

SEOUL = ZoneInfo("Asia/Seoul")
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
published = st.builds(Published, at=st.integers(1_600_000_000_000, 1_800_000_000_000), per_hour=st.floats(0, 1e9))
zones = st.sampled_from(["UTC", "Asia/Seoul", "America/New_York", "Asia/Kolkata", "Europe/Berlin", "Pacific/Apia"]).map(ZoneInfo)


def on(day: int, hour: int, per_hour: float) -> Published:
    return Published(int((MONDAY + timedelta(days=day, hours=hour, minutes=30)).timestamp() * 1000), per_hour)


def test_it_works() -> None:
    posts = [on(1, 9, 200.0)] * 5 + [on(day, 20, 100.0) for day in range(7) for _i in range(5)]
    found = best_hours(posts, UTC)
    assert (found.posts, found.width, found.median) == (40, 1, 100)
    assert len(found.slots) == 7 * 24
    assert [(s.weekday, s.hour, s.posts, s.ratio) for s in found.best] == [(1, 9, 5, 2.0)]
    assert sum(slot.posts for slot in found.slots) == 40


def test_it_is_the_readers_clock() -> None:
    """Tuesday 18:30 in UTC is Wednesday 03:30 in Seoul."""
    posts = [on(1, 18, 200.0)] * 5 + [on(4, 2, 100.0)] * 20
    best = best_hours(posts, SEOUL).best
    assert [(slot.weekday, slot.hour) for slot in best] == [(2, 3)]


def brute(posts: list[Published], zone: ZoneInfo, width: int) -> dict[tuple[int, int], tuple[int, float | None]]:
    """Every slot by looking at every post."""
    typical = median(p.per_hour for p in posts) if len(posts) >= 20 else None
    found: dict[tuple[int, int], tuple[int, float | None]] = {}
    for weekday in range(7):
        for hour in range(0, 24, width):
            rates = []
            for post in posts:
                local = datetime.fromtimestamp(post.at / 1000, UTC).astimezone(zone)
                if local.isoweekday() == weekday + 1 and hour <= local.hour < hour + width:
                    rates.append(post.per_hour)
            known = len(rates) >= 5 and typical
            found[weekday, hour] = len(rates), median(rates) / typical if known and typical else None
    return found


@given(st.lists(published, max_size=60), zones)
def test_against_brute_force(posts: list[Published], zone: ZoneInfo) -> None:
    found = best_hours(posts, zone)
    assert found.width in WIDTHS
    assert {(s.weekday, s.hour): (s.posts, s.ratio) for s in found.slots} == brute(posts, zone, found.width)


@given(st.lists(published, max_size=60), zones)
def test_the_finest_slots_that_say_enough(posts: list[Published], zone: ZoneInfo) -> None:
    def known(slots: dict[tuple[int, int], tuple[int, float | None]]) -> int:
        return sum(count for count, ratio in slots.values() if ratio is not None)

    fits = [width for width in WIDTHS if known(brute(posts, zone, width)) * 2 >= len(posts) > 0]
    assert best_hours(posts, zone).width == (fits or [WIDTHS[-1]])[0]


@given(st.lists(published, max_size=60))
def test_what_is_said_stands_on_enough(posts: list[Published]) -> None:
    found = best_hours(posts, UTC)
    assert all((slot.ratio is None) or slot.posts >= MIN_SLOT for slot in found.slots)
    assert len(found.best) <= 3
    assert all(slot.ratio and slot.ratio > 1 for slot in found.best)
    if len(posts) < MIN_POSTS:
        assert found.median is None
        assert found.best == []


@pytest.mark.parametrize("posts", [[], [on(0, 0, 5.0)], [on(0, 0, 5.0)] * (MIN_POSTS - 1), [on(0, 0, 0.0)] * 50])
def test_too_few_or_no_views_at_all_say_nothing(posts: list[Published]) -> None:
    found = best_hours(posts, UTC)
    assert isinstance(found, Hours)
    assert found.best == []
    assert all(slot.ratio is None for slot in found.slots)


def test_the_week_of_summer_time() -> None:
    """25 hours of one day in Berlin: each post is in the slot that the clock on the wall shows."""
    berlin, draw = ZoneInfo("Europe/Berlin"), random.Random(5)
    start = datetime(2026, 10, 25, tzinfo=berlin)
    posts = [Published(int((start.timestamp() + draw.random() * 90_000) * 1000), 1.0) for _i in range(200)]
    found = best_hours(posts, berlin)
    assert sum(slot.posts for slot in found.slots) == 200
    assert sum(slot.posts for slot in found.slots if slot.weekday == 6) == 200
