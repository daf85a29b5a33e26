"""Django's cache in Redis: what it keeps, and that one which is down costs no page anything."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache

from scout import cache as module
from scout import queues
from scout.cache import RedisCache
from scout.redis import Connections, Target, Unavailable, for_cache
from tests.redis_server import RedisServer, TLSFront, redis_server, sentinel, tls_front

__all__ = ["redis_server", "sentinel", "tls_front"]
SECRET = "hunter2-hunter2"


def made(target: Target | None) -> Any:
    """The cache that these settings make."""
    given = dict(for_cache(target))
    given.pop("BACKEND")
    return RedisCache(given.pop("LOCATION"), given)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Any]:
    """A cache at a target of its own."""

    def cache_at(target: Target) -> Any:
        settings.CACHE_TARGET = target
        module.connections.cache_clear()
        return made(target)

    yield cache_at
    module.connections.cache_clear()


def test_it_works(redis_server: RedisServer, at: Any) -> None:
    cache = at(redis_server.target)
    cache.set("메이크업", {"likes": 5}, 60)
    assert cache.get("메이크업") == {"likes": 5}
    assert cache.ttl("메이크업") == 60
    assert redis_server.client.keys("*") == ["scout:cache:1:메이크업".encode()]


def test_what_it_offers(redis_server: RedisServer, at: Any) -> None:
    cache = at(redis_server.target)
    cache.set_many({"a:1": 1, "a:2": 2, "b": 3})
    assert cache.get_many(["a:1", "b", "c"]) == {"a:1": 1, "b": 3}
    assert cache.delete_pattern("a:*") == 2
    assert "b" in cache
    assert cache.incr("b") == 4
    assert cache.add("b", 1) is False
    assert cache.delete("b") is True
    assert cache.get_or_set("d", 7) == 7
    cache.clear()
    assert cache.get("d", "none") == "none"
    with pytest.raises(ValueError):
        cache.incr("d")


def test_nothing_is_pickled(redis_server: RedisServer, at: Any) -> None:
    """Who can write to Redis would run code here."""
    cache = at(redis_server.target)
    with pytest.raises(TypeError):
        cache.set("a", object())
    cache.set("a", [1])
    assert redis_server.client.get("scout:cache:1:a") == b"[1]"


def test_by_a_certificate_of_its_own(tls_front: TLSFront, at: Any) -> None:
    cache = at(tls_front.target())
    cache.set("a", 1)
    assert cache.get("a") == 1


def test_by_sentinels(sentinel: Target, at: Any) -> None:
    cache = at(sentinel)
    assert cache.set("a", 1) is True
    assert cache.get("a") == 1


# One that is away.


def test_away_it_is_an_empty_cache(at: Any) -> None:
    cache = at(Target(host="127.0.0.1", port=1))
    assert (cache.get("a"), cache.get("a", 5), cache.get_many(["a"]), "a" in cache) == (None, 5, {}, False)
    assert (cache.set("a", 1), cache.add("a", 1), cache.delete("a"), cache.touch("a")) == (False, False, False, False)
    assert (cache.set_many({"a": 1, "b": 2}), cache.delete_many(["a"]), cache.clear()) == (["a", "b"], 0, None)
    assert (cache.incr("a"), cache.decr("a", 2), cache.ttl("a"), cache.delete_pattern("*")) == (1, -2, None, 0)
    assert cache.get_or_set("a", lambda: 7) == 7
    assert asyncio.run(cache.aget("a", 5)) == 5


def test_away_it_is_asked_once(at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, asked = at(Target(host="127.0.0.1", port=1)), []
    ask = Connections.sync
    monkeypatch.setattr(Connections, "sync", lambda self: (asked.append(1), ask(self))[1])
    for _i in range(20):
        cache.get("a")
    assert len(asked) == 2  # by the breaker and by django-redis, for the first call


def test_away_is_said_once_and_without_the_password(at: Any, caplog: pytest.LogCaptureFixture) -> None:
    cache = at(Target(host="127.0.0.1", port=1, password=SECRET))
    for _i in range(20):
        cache.get("a")
    assert [(r.levelname, r.name) for r in caplog.records] == [("WARNING", "scout.cache")]
    assert SECRET not in caplog.text


def test_one_that_hangs(redis_server: RedisServer, at: Any) -> None:
    cache = at(redis_server.target)
    module.connections().socket_seconds = 0.2
    redis_server.freeze()
    assert cache.get("a", "none") == "none"


def test_it_comes_back(redis_server: RedisServer, at: Any) -> None:
    cache = at(redis_server.target)
    redis_server.stop()
    assert cache.set("a", 1) is False
    redis_server.start()
    module.connections()._failed_at = float("-inf")
    assert cache.set("a", 1) is True
    assert cache.get("a") == 1


def test_memory_that_is_full(redis_server: RedisServer, at: Any) -> None:
    redis_server.client.config_set("maxmemory", 1)
    assert at(redis_server.target).set("a", 1) is False


# Where it is.


def test_the_queues_redis_by_default(settings: Any) -> None:
    module.connections.cache_clear()
    assert module.connections() is queues.connections()


def test_shared_with_the_queues_clear_takes_no_job(live_redis: redis.Redis) -> None:
    live_redis.set("rq:queue:search", "jobs")
    caches["default"].set("a", 1)
    caches["default"].clear()
    assert live_redis.keys("*") == [b"rq:queue:search"]


def test_no_redis_at_all() -> None:
    shape = for_cache(None)
    assert shape["BACKEND"].endswith("LocMemCache")
    cache = LocMemCache(shape["LOCATION"], {})
    cache.set("a", 1)
    assert cache.get("a") == 1


@pytest.mark.parametrize(
    "target",
    [
        Target(host="h", password=SECRET),
        Target(host="h", password=SECRET, tls=True),
        Target(sentinels=(("a", 1),), master="m", password=SECRET),
    ],
)
def test_no_password_in_the_settings(target: Target) -> None:
    assert SECRET not in repr(for_cache(target))


def test_what_has_no_answer_when_away(at: Any) -> None:
    """Locks for instance: better an error than two who both believe to hold one."""
    with pytest.raises((Unavailable, redis.RedisError)):
        at(Target(host="127.0.0.1", port=1)).lock("a").acquire(blocking=False)
