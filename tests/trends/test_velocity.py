"""How fast: against the same written another way, and what must hold whatever the numbers are."""

import math
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searches.trends.load import Reading
from searches.trends.velocity import HOUR, MIN_GAP, acceleration, growth, since_publication, velocity

readings = st.lists(
    st.builds(Reading, at=st.integers(0, 10**12), views=st.none() | st.integers(0, 2**53 - 1)), max_size=8, unique_by=lambda r: r.at
)


class Line(NamedTuple):
    """Views that grow evenly."""

    start: int
    per_hour: int

    def read(self, *hours: int) -> list[Reading]:
        return [Reading(hour * HOUR, self.start + self.per_hour * hour) for hour in hours]


def test_it_works() -> None:
    seen = [Reading(0, 100), Reading(2 * HOUR, 300), Reading(3 * HOUR, 900)]
    assert velocity(seen) == (600, 1)
    assert since_publication(-HOUR, seen) == 225
    assert growth(seen, 0, 3 * HOUR) == (800, 8, 3)
    assert acceleration(seen) == pytest.approx((600 - 100) / 1.5)


@given(st.integers(0, 10**9), st.integers(-(10**6), 10**6), st.lists(st.integers(0, 10_000), min_size=3, max_size=9, unique=True))
def test_an_even_pace_is_that_pace(start: int, per_hour: int, hours: list[int]) -> None:
    seen = Line(start, per_hour).read(*hours)
    pace, change = velocity(seen), acceleration(seen)
    assert pace
    assert change is not None
    assert math.isclose(pace.per_hour, per_hour, abs_tol=1e-6)
    assert math.isclose(change, 0, abs_tol=1e-3)
    assert pace.hours == sorted(hours)[-1] - sorted(hours)[-2]


@given(readings)
def test_against_brute_force(seen: list[Reading]) -> None:
    """Every pair is looked at; the one with the latest end and then the latest beginning counts."""
    known = [r for r in seen if r.views is not None]
    end = max(known, key=lambda r: r.at, default=None)
    pairs = [(r.at, (end.views - r.views) * HOUR / (end.at - r.at)) for r in known if end and end.at - r.at >= MIN_GAP]  # type: ignore[operator]
    found = velocity(seen)
    if not pairs:
        assert found is None
    else:
        assert found
        assert math.isclose(found.per_hour, max(pairs)[1], rel_tol=1e-9, abs_tol=1e-9)


@given(readings, st.randoms())
def test_order_and_unknown_readings_say_nothing(seen: list[Reading], draw: object) -> None:
    mixed = [*seen, Reading(10**13, None)]
    draw.shuffle(mixed)  # type: ignore[attr-defined]
    for maths in (velocity, acceleration, lambda rs: growth(rs, 0, 10**14), lambda rs: since_publication(0, rs)):
        assert maths(mixed) == maths(seen)


@given(readings, st.integers(0, 10**12), st.integers(0, 10**12))
def test_growth_is_last_less_first(seen: list[Reading], since: int, until: int) -> None:
    inside = {r.at: r.views for r in seen if since <= r.at <= until and r.views is not None}
    found = growth(seen, since, until)
    if len(inside) < 2 or max(inside) - min(inside) < MIN_GAP:
        assert found is None
    else:
        first, last = inside[min(inside)], inside[max(inside)]
        assert found
        assert found.views == last - first
        assert (found.ratio is None) == (first == 0)
        assert found.ratio is None or math.isclose(first * (1 + found.ratio), last, rel_tol=1e-9, abs_tol=1e-6)


@pytest.mark.parametrize("seen", [[], [Reading(5, 1)], [Reading(5, None), Reading(HOUR, 3)], [Reading(0, 1), Reading(MIN_GAP - 1, 9)]])
def test_too_little_is_unknown(seen: list[Reading]) -> None:
    assert velocity(seen) is acceleration(seen) is growth(seen, 0, 10**13) is None


def test_two_looks_within_a_minute_are_one() -> None:
    """The pace is that since the look before, not the rounding between the two."""
    seen = [Reading(0, 0), Reading(HOUR - 10_000, 50), Reading(HOUR, 100)]
    assert velocity(seen) == (100, 1)


@pytest.mark.parametrize(
    ("published", "at", "views", "wanted"),
    [
        (None, HOUR, 5, None),
        (0, 2 * HOUR, 5, 2.5),
        (0, HOUR // 60, 5, 5.0),  # a minute old: as if it were an hour
        (HOUR, HOUR, 5, 5.0),
        (HOUR + 1, HOUR, 5, None),  # seen before it was published
        (0, HOUR, None, None),
        (0, HOUR, 0, 0.0),
    ],
)
def test_since_publication(published: int | None, at: int, views: int | None, wanted: float | None) -> None:
    assert since_publication(published, [Reading(at, views)]) == wanted


def test_views_that_are_taken_back_are_a_negative_pace() -> None:
    assert velocity([Reading(0, 100), Reading(HOUR, 40)]) == (-60, 1)
