"""How long guessing waits: the same in Redis and in a process."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
import redis

from searches.accounts import brake
from searches.accounts.brake import MOST_SECONDS, Counter, _Process

ALICE = Counter("account", "alice", 2)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [1_000.0]
    monkeypatch.setattr(brake, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def pass_by(seconds: float) -> None:
        now[0] += seconds

    return pass_by


def test_it_works(live_redis: redis.Redis) -> None:
    assert [brake.attempt(ALICE) for _i in range(4)] == [0, 0, 0, 1]


def test_waits_grow_to_a_minute_and_no_further(live_redis: redis.Redis) -> None:
    waits = []
    for _i in range(12):
        assert brake.attempt(ALICE) == 0
        waits.append(brake.attempt(ALICE) if _i >= 2 else 0)
        live_redis.delete(ALICE.keys[1])  # as if it had passed
    assert waits == [0, 0, 1, 2, 4, 8, 16, 32, MOST_SECONDS, MOST_SECONDS, MOST_SECONDS, MOST_SECONDS]


def test_and_in_a_process(clock: Callable[[float], None]) -> None:
    process, waits = _Process(), []
    for _i in range(12):
        assert process.attempt((ALICE,)) == 0
        waits.append(wait := process.attempt((ALICE,)) if _i >= 2 else 0)
        clock(wait)
    assert waits == [0, 0, 1, 2, 4, 8, 16, 32, MOST_SECONDS, MOST_SECONDS, MOST_SECONDS, MOST_SECONDS]
    clock(brake.FORGOTTEN_AFTER + 1)
    assert [process.attempt((ALICE,)) for _i in range(3)] == [0, 0, 0]


def test_who_waits_is_not_counted(live_redis: redis.Redis) -> None:
    for _i in range(3):
        brake.attempt(ALICE)
    before = live_redis.get(ALICE.keys[0])
    assert {brake.attempt(ALICE) for _i in range(20)} == {1}
    assert live_redis.get(ALICE.keys[0]) == before


def test_of_several_the_longest_counts_and_none_is_counted(live_redis: redis.Redis) -> None:
    other = Counter("address", "1.2.3.4", 20)
    for _i in range(3):
        brake.attempt(ALICE)
    assert brake.attempt(other, ALICE) == 1
    assert live_redis.get(other.keys[0]) is None


def test_forget_and_take_back(live_redis: redis.Redis) -> None:
    for _i in range(3):
        brake.attempt(ALICE)
    brake.forget(ALICE)
    assert live_redis.keys("scout:brake:*") == []
    brake.attempt(ALICE)
    brake.attempt(ALICE)
    brake.take_back(ALICE)
    assert live_redis.get(ALICE.keys[0]) == b"1"


def test_taking_back_what_is_gone_leaves_nothing(live_redis: redis.Redis) -> None:
    brake.take_back(ALICE)
    assert live_redis.keys("scout:brake:*") == []


def test_counters_leave_by_themselves(live_redis: redis.Redis) -> None:
    brake.attempt(ALICE)
    assert 0 < live_redis.ttl(ALICE.keys[0]) <= brake.FORGOTTEN_AFTER


def test_keys_say_nothing_of_what_was_typed(live_redis: redis.Redis) -> None:
    brake.attempt(Counter("account", "a-password-in-the-wrong-field", 1), Counter("account", "\udcff" * 3, 1))
    assert not any(b"password" in key for key in live_redis.keys("*"))


def test_a_process_keeps_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brake, "_MOST_KEPT", 10)
    process = _Process()
    for i in range(50):
        process.attempt((Counter("account", str(i), 1),))
    assert len(process._kept) == 10
