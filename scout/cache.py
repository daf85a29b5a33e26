"""Django's cache in Redis: `CACHE_URL`, or the Redis of the queues. One that is down is an empty cache, never an error.

django-redis can pass over exceptions by itself (IGNORE_EXCEPTIONS), but waits for each call; here the connections'
own breaker stands before them.
"""

import logging
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import django_redis.cache
from django.conf import settings
from django_redis.pool import ConnectionFactory
from redis import Redis

from scout import queues
from scout.redis import Connections, Unavailable

log = logging.getLogger("scout.cache")

#: What each call answers while Redis is away; all else that django-redis offers (locks, sets) raises redis-py's error then.
WHEN_AWAY: dict[str, Any] = {
    "add": False,
    "set": False,
    "touch": False,
    "delete": False,
    "has_key": False,
    "expire": False,
    "persist": False,
    "ttl": None,
    "delete_many": 0,
    "delete_pattern": 0,
}


@cache
def connections() -> Connections:
    """The process's connections to the cache; those of the queues where it is the same Redis."""
    same = settings.CACHE_TARGET == settings.REDIS_TARGET
    return queues.connections() if same else Connections(settings.CACHE_TARGET)


class Factory(ConnectionFactory):
    """Gives django-redis our connections: TLS, Sentinel and time-outs are then settled in scout/redis.py alone."""

    def connect(self, url: str) -> Redis:
        return connections().sync()


class RedisCache(django_redis.cache.RedisCache):
    """django-redis's cache, whose calls cost next to nothing and answer as if it were empty while Redis is away."""

    def get(self, key: Any, default: Any = None, version: Any = None, client: Any = None) -> Any:
        return self._soft(super().get, default, key, default, version, client)

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._soft(super().get_many, {}, *args, **kwargs)

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        """The keys that were not kept, as Django has it."""
        return self._soft(super().set_many, list(data), data, *args, **kwargs) or []

    def incr(self, key: Any, delta: int = 1, *args: Any, **kwargs: Any) -> Any:
        """Away, it counts from nothing."""
        return self._soft(super().incr, delta, key, delta, *args, **kwargs)

    def decr(self, key: Any, delta: int = 1, *args: Any, **kwargs: Any) -> Any:
        return self._soft(super().decr, -delta, key, delta, *args, **kwargs)

    def clear(self) -> None:
        """Delete what the cache keeps. django-redis would empty the whole database, and with it the queues."""
        self.delete_pattern("*", itersize=1_000)

    def _soft(self, call: Callable[..., Any], when_away: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            with connections().guarded():
                return call(*args, **kwargs)
        except Unavailable as error:
            # Once a failure: those that the breaker holds back have no cause, and are many.
            log.log(logging.WARNING if error.__cause__ else logging.DEBUG, "the cache is passed by: %s", error)
            return when_away


def _softly(name: str, when_away: Any) -> Callable[..., Any]:
    method = getattr(django_redis.cache.RedisCache, name)

    @wraps(method)
    def call(self: RedisCache, *args: Any, **kwargs: Any) -> Any:
        return self._soft(method, when_away, self, *args, **kwargs)

    return call


for _name, _away in WHEN_AWAY.items():
    setattr(RedisCache, _name, _softly(_name, _away))
