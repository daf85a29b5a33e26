"""The first cache tier: answers in the memory of a web process."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scout.redis import Connections, Unavailable
from searches.cache import memory as tier
from searches.cache.answer import Answer
from searches.cache.memory import CHANNEL, Memory, listen_forever, say_changed
from tests.cache.test_answer import answer
from tests.redis_server import RedisServer, redis_server
from tests.waiting import until

__all__ = ["redis_server"]


def one(key: str = "a", size: int = 100) -> Answer:
    return replace(answer([True]), key=key, body=b"x" * size)


def test_it_works() -> None:
    memory = Memory(1_000_000, 10)
    memory.put(one(), memory.version)
    assert memory.get("a") == one()
    memory.drop("a")
    assert memory.get("a") is None


# Bounds.


def test_bounded_by_count() -> None:
    memory = Memory(1_000_000, 3)
    for key in "abcd":
        memory.put(one(key), memory.version)
    assert [bool(memory.get(key)) for key in "abcd"] == [False, True, True, True]


def test_bounded_by_bytes() -> None:
    memory = Memory(25_000, 1_000)
    for key in "abcd":
        memory.put(one(key, 9_000), memory.version)
    assert [bool(memory.get(key)) for key in "abcd"] == [False, False, True, True]


def test_the_most_recently_used_stay() -> None:
    memory = Memory(1_000_000, 3)
    for key in "abc":
        memory.put(one(key), memory.version)
    memory.get("a")
    memory.put(one("d"), memory.version)
    assert [bool(memory.get(key)) for key in "abcd"] == [True, False, True, True]


def test_what_is_larger_than_everything_is_not_kept() -> None:
    memory = Memory(20_000, 10)
    memory.put(one("small"), memory.version)
    memory.put(one("large", 30_000), memory.version)
    assert (memory.get("small") is not None, memory.get("large")) == (True, None)


@pytest.mark.parametrize(("most_bytes", "most"), [(0, 10), (1_000_000, 0), (0, 0)])
def test_switched_off(most_bytes: int, most: int) -> None:
    memory = Memory(most_bytes, most)
    memory.put(one(), memory.version)
    assert (memory.get("a"), len(memory)) == (None, 0)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 5_000)), max_size=40))
def test_bounds_hold_whatever_comes(puts: list[tuple[str, int]]) -> None:
    memory = Memory(12_000, 4)
    for key, size in puts:
        memory.put(one(key, size), memory.version)
        assert len(memory) <= 4
        kept = [found for found in map(memory.get, "abcdef") if found]
        assert sum(len(found.body) for found in kept) <= 12_000


# What was read before something was dropped may be old.


def test_read_before_a_drop_is_not_kept() -> None:
    memory = Memory(1_000_000, 10)
    version = memory.version
    memory.drop("a")  # somebody wrote it while we read the second tier
    memory.put(one("a"), version)
    assert memory.get("a") is None
    memory.put(one("a"), memory.version)
    assert memory.get("a") is not None


def test_read_before_a_clear_is_not_kept() -> None:
    memory = Memory(1_000_000, 10)
    version = memory.version
    memory.clear()
    memory.put(one("a"), version)
    assert len(memory) == 0


def test_threads() -> None:
    memory = Memory(50_000, 20)

    def busy(i: int) -> None:
        for n in range(300):
            memory.put(one(str((i * n) % 40)), memory.version)
            memory.get(str(n % 40))
            memory.drop(str(n % 7))

    threads = [threading.Thread(target=busy, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(memory) <= 20


# What other processes say.


@pytest.fixture
def listening(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    """A web process that listens; the server may be stopped and started."""
    here = Connections(redis_server.target)
    away = threading.Event()

    def reached() -> Connections:
        if away.is_set():
            raise Unavailable("the test is over")
        return here

    monkeypatch.setattr(tier, "connections", reached)
    monkeypatch.setattr(tier, "time", SimpleNamespace(sleep=lambda _seconds: time.sleep(0.05)))
    thread = threading.Thread(target=listen_forever, daemon=True)
    thread.start()
    until(lambda: subscribers(redis_server) == 1)
    yield redis_server
    away.set()
    redis_server.stop()
    thread.join(10)
    assert not thread.is_alive()


def subscribers(server: RedisServer) -> int:
    return int(server.client.pubsub_numsub(CHANNEL)[0][1])  # type: ignore[index]


def keep(*keys: str) -> None:
    tier.memory.clear()
    for key in keys:
        tier.memory.put(one(key), tier.memory.version)


def test_drops_what_is_said_to_have_changed(listening: RedisServer) -> None:
    until(lambda: tier.memory.version > 0)
    keep("tiktok:메이크업:7days", "other")
    say_changed(listening.client, ["tiktok:메이크업:7days", "never heard of"])
    until(lambda: tier.memory.get("tiktok:메이크업:7days") is None)
    assert tier.memory.get("other") is not None


def test_nonsense_on_the_channel_breaks_nothing(listening: RedisServer) -> None:
    keep("a", "b")
    listening.client.publish(CHANNEL, b"\xff\xfe")
    say_changed(listening.client, ["a"])
    until(lambda: tier.memory.get("a") is None)
    assert tier.memory.get("b") is not None


def test_serves_while_redis_is_away_and_forgets_when_it_is_back(listening: RedisServer) -> None:
    until(lambda: tier.memory.version > 0)
    keep("a")
    listening.stop()
    assert tier.memory.get("a") is not None
    listening.start()
    until(lambda: tier.memory.get("a") is None)  # what was said meanwhile was missed
    until(lambda: subscribers(listening) == 1)
    keep("a", "b")
    say_changed(listening.client, ["a"])
    until(lambda: tier.memory.get("a") is None)
    assert tier.memory.get("b") is not None


def test_without_redis_there_is_nothing_to_listen_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tier, "connections", lambda: Connections(None))
    listen_forever()  # returns
