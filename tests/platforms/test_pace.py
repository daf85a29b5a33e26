"""The pace of starts: what a platform takes, a little less than that, and slowly up again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from searches.platforms import pace
from searches.platforms.pace import FLOOR, UNLIMITED_ABOVE, adjusted, allowance, spend

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PACES = st.floats(FLOOR, UNLIMITED_ABOVE)
ANCHORS = st.one_of(st.none(), st.floats(-3_600, 60).map(lambda seconds: NOW + timedelta(seconds=seconds)))
COUNTS = st.integers(0, 500)


def test_it_works() -> None:
    assert allowance(None, None, NOW, 64) == 64
    slowed = adjusted(None, accepted=40, refused=24, seconds=2.0)
    assert slowed == 18.0
    assert allowance(slowed, None, NOW, 64) == 18
    anchor = spend(slowed, None, NOW, 18)
    assert allowance(slowed, anchor, NOW, 64) == 0
    assert allowance(slowed, anchor, NOW + timedelta(seconds=0.5), 64) == 9
    assert adjusted(slowed, accepted=10, refused=0, seconds=1.0) == 19.0


def test_without_a_pace_nothing_is_counted() -> None:
    assert spend(None, NOW, NOW, 64) is None
    assert adjusted(None, 64, 0, 1.0) is None


def test_it_never_goes_below_the_floor() -> None:
    assert adjusted(None, accepted=0, refused=1, seconds=10.0) == FLOOR
    assert adjusted(FLOOR, accepted=0, refused=500, seconds=0.1) == FLOOR


def test_it_rises_until_there_is_nothing_to_pace() -> None:
    current: float | None = FLOOR
    batches = 0
    while current is not None:
        current = adjusted(current, accepted=64, refused=0, seconds=1.0)
        batches += 1
        assert batches < 100
    assert batches > 10


def test_a_quick_batch_does_not_look_like_a_high_rate() -> None:
    assert adjusted(None, accepted=10, refused=1, seconds=0.01) == 9.0


@given(PACES, ANCHORS, COUNTS)
def test_what_is_allowed_is_never_more_than_a_second_of_it(current: float, anchor: datetime | None, most: int) -> None:
    assert 0 <= max(0, allowance(current, anchor, NOW, most)) <= min(most, current * 1.0 + 1e-6)


@given(PACES, ANCHORS, COUNTS, st.lists(st.floats(0, 2), max_size=20))
def test_over_any_time_no_more_is_started_than_the_pace_allows(
    current: float, anchor: datetime | None, most: int, steps: list[float]
) -> None:
    now, started = NOW, 0
    for step in [0.0, *steps]:
        now += timedelta(seconds=step)
        count = max(0, allowance(current, anchor, now, most))
        started += count
        if count:
            anchor = spend(current, anchor, now, count)
    assert started <= current * (sum(steps) + 1) + 1e-3


@given(PACES, ANCHORS, st.integers(1, 64))
def test_who_waits_long_enough_may_start(current: float, anchor: datetime | None, starts: int) -> None:
    spent = spend(current, anchor, NOW, starts)
    assert spent
    later = max(spent, NOW) + timedelta(seconds=1)
    assert allowance(current, spent, later, 64) >= min(5, int(current))


@given(st.one_of(st.none(), PACES), COUNTS, st.integers(1, 500), st.floats(0.001, 300))
def test_a_refusal_never_makes_it_faster(current: float | None, accepted: int, refused: int, seconds: float) -> None:
    slower = adjusted(current, accepted, refused, seconds)
    assert slower is not None
    assert slower >= FLOOR
    if current is not None:
        assert slower <= max(FLOOR, current)
    assert slower <= max(FLOOR, 0.9 * accepted / min(1.0, seconds), 0.9 * accepted)


@given(PACES, COUNTS, st.floats(0.001, 300))
def test_acceptance_never_makes_it_slower(current: float, accepted: int, seconds: float) -> None:
    faster = adjusted(current, accepted, 0, seconds)
    assert faster is None or current <= faster <= UNLIMITED_ABOVE


def test_an_anchor_of_yesterday_saves_up_no_more_than_a_burst() -> None:
    assert allowance(10.0, NOW - timedelta(days=1), NOW, 64) == 10
    assert pace.spend(10.0, NOW - timedelta(days=1), NOW, 10) == NOW
