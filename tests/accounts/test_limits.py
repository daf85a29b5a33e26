"""How often a person may do a thing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import redis

from searches.accounts import limits
from searches.accounts.limits import seconds_to_wait
from searches.accounts.models import User
from tests.redis_server import without_redis

__all__ = ["without_redis"]
ALICE, BOB, SAM = User(pk=1, username="alice"), User(pk=2, username="bob"), User(pk=3, username="sam", is_staff=True)


@pytest.fixture
def at(live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Set the clock."""

    def set_clock(seconds: float) -> None:
        monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: 6_000_000.0 + seconds))

    set_clock(0)
    return set_clock


def test_it_works(at: Callable[[float], None]) -> None:
    assert [seconds_to_wait(ALICE, "search", 2) for _i in range(3)] == [0, 0, 60]


@pytest.mark.parametrize(("second", "wait"), [(0, 60), (0.5, 60), (29, 31), (59, 1), (59.9, 1)])
def test_says_how_long(at: Callable[[float], None], second: float, wait: int) -> None:
    at(second)
    seconds_to_wait(ALICE, "search", 1)
    assert seconds_to_wait(ALICE, "search", 1) == wait


def test_and_means_it(at: Callable[[float], None]) -> None:
    at(31)
    seconds_to_wait(ALICE, "search", 1)
    wait = seconds_to_wait(ALICE, "search", 1)
    at(31 + wait)
    assert seconds_to_wait(ALICE, "search", 1) == 0


def test_each_person_and_each_thing_by_itself(at: Callable[[float], None]) -> None:
    seconds_to_wait(ALICE, "search", 1)
    assert seconds_to_wait(BOB, "search", 1) == 0
    assert seconds_to_wait(ALICE, "scan", 1) == 0
    assert seconds_to_wait(ALICE, "search", 1) > 0


def test_staff_always_may(at: Callable[[float], None], live_redis: redis.Redis) -> None:
    assert {seconds_to_wait(SAM, "search", 1) for _i in range(5)} == {0}
    assert live_redis.keys("scout:limit:*") == []


def test_many_at_once_are_counted_each(at: Callable[[float], None]) -> None:
    with ThreadPoolExecutor(10) as threads:
        waits = list(threads.map(lambda _i: seconds_to_wait(ALICE, "search", 7), range(20)))
    assert sum(wait == 0 for wait in waits) == 7


def test_counters_leave_by_themselves(at: Callable[[float], None], live_redis: redis.Redis) -> None:
    seconds_to_wait(ALICE, "search", 1)
    (key,) = live_redis.keys("scout:limit:*")
    assert 0 < live_redis.ttl(key) <= 120


@pytest.mark.usefixtures("without_redis")
def test_nobody_is_held_back_while_redis_is_away() -> None:
    assert {seconds_to_wait(ALICE, "search", 1) for _i in range(5)} == {0}
