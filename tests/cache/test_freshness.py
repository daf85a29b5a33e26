"""Fresh, stale or gone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searches.cache.freshness import POOR_FRESH_SECONDS, Freshness, freshness

THEN = datetime(2026, 1, 1, tzinfo=UTC)
DAY, KEPT = 86_400, 90 * 86_400
ages = st.integers(-DAY, 2 * KEPT)
limits = st.integers(0, KEPT)


def at(age: float, fresh: float = DAY, kept: float = KEPT, poor: bool = False) -> Freshness:
    return freshness(THEN, THEN + timedelta(seconds=kept), THEN + timedelta(seconds=age), fresh, poor)


def test_it_works() -> None:
    assert [at(0), at(DAY), at(KEPT)] == [Freshness.FRESH, Freshness.STALE, Freshness.GONE]


@pytest.mark.parametrize(
    ("age", "told"),
    [
        (DAY - 0.001, Freshness.FRESH),
        (DAY, Freshness.STALE),
        (KEPT - 0.001, Freshness.STALE),
        (KEPT, Freshness.GONE),
        (KEPT * 5, Freshness.GONE),
        (-60, Freshness.FRESH),  # fetched by a machine whose clock is ahead
    ],
)
def test_edges(age: float, told: Freshness) -> None:
    assert at(age) is told


@pytest.mark.parametrize(("age", "told"), [(POOR_FRESH_SECONDS - 1, Freshness.FRESH), (POOR_FRESH_SECONDS, Freshness.STALE)])
def test_poor_answers_are_asked_again_sooner(age: float, told: Freshness) -> None:
    assert at(age, poor=True) is told


def test_never_fresh() -> None:
    assert at(0, fresh=0) is Freshness.STALE


@given(ages, limits, st.booleans())
def test_naively(age: int, fresh: int, poor: bool) -> None:
    limit = min(fresh, POOR_FRESH_SECONDS) if poor else fresh
    expected = "gone" if age >= KEPT else "fresh" if age < limit else "stale"
    assert at(age, fresh, poor=poor) == expected


@given(ages, ages, limits, st.booleans())
def test_never_fresher_with_age(one: int, other: int, fresh: int, poor: bool) -> None:
    order = list(Freshness)
    younger, older = sorted((one, other))
    assert order.index(at(younger, fresh, poor=poor)) <= order.index(at(older, fresh, poor=poor))


@given(ages, limits)
def test_poor_is_never_fresher(age: int, fresh: int) -> None:
    order = list(Freshness)
    assert order.index(at(age, fresh)) <= order.index(at(age, fresh, poor=True))
