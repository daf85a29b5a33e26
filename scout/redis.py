"""Where Redis is, in the shape each of its users wants, and the connections that requests may use.

One `Target` is read from the settings (`REDIS_URL`, or host and port, or Sentinel). RQ, Channels and our own code each
want it said differently; they are all derived here. redis-py 8 defaults to a 5 s socket time-out, which equals the
blocking time of channels_redis and would cut idle sockets, so every shape sets its own.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import redis
import redis.asyncio
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

CONNECT_SECONDS = 0.5
SOCKET_SECONDS = 5.0
BREAKER_SECONDS = 1.0


class Unavailable(Exception):
    """Redis is not configured, or did not answer just now."""


@dataclass(frozen=True, slots=True)
class Target:
    """One Redis: a host and port, or the master that Sentinels name."""

    host: str = ""
    port: int = 6379
    db: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    sentinels: tuple[tuple[str, int], ...] = ()
    master: str = ""
    sentinel_password: str | None = field(default=None, repr=False)

    @property
    def masked(self) -> str:
        """An address for people and logs: without the password."""
        where = ",".join(f"{h}:{p}" for h, p in self.sentinels) + f"/{self.master}" if self.sentinels else f"{self.host}:{self.port}"
        secret = "***@" if self.password else ""
        return f"{'rediss' if self.tls else 'redis'}://{secret}{where}/{self.db}"

    def auth(self) -> dict[str, Any]:
        return {"db": self.db, "username": self.username, "password": self.password, "ssl": self.tls}


def parse(url: str) -> Target:
    """The Target of a redis:// or rediss:// URL. ValueError, without the password in it, when it is not one."""
    try:
        parts = urlsplit(url)
        port, db = parts.port or 6379, int(parts.path.strip("/") or 0)
    except ValueError:
        raise ValueError("must look like redis://[user:password@]host:port/db") from None
    # A query would be passed over in silence, and with it perhaps the database that was meant.
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname or parts.query or parts.fragment or db < 0:
        raise ValueError("must look like redis://[user:password@]host:port/db, or rediss:// for TLS")
    return Target(
        host=parts.hostname,
        port=port,
        db=db,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=parts.scheme == "rediss",
    )


def for_rq(target: Target) -> dict[str, Any]:
    """django-rq's connection keys. The URL form would ignore retries and time-outs, so host and port are given."""
    if target.sentinels:
        return {
            "SENTINELS": list(target.sentinels),
            "MASTER_NAME": target.master,
            "DB": target.db,
            "USERNAME": target.username,
            "PASSWORD": target.password,
            "SENTINEL_KWARGS": {"password": target.sentinel_password},
            "CONNECTION_KWARGS": {"ssl": target.tls, "socket_connect_timeout": 2},
        }
    keys = {"HOST": target.host, "PORT": target.port, "DB": target.db, "USERNAME": target.username, "PASSWORD": target.password}
    retry = Retry(ExponentialBackoff(cap=1, base=0.05), 3)
    kwargs = {"socket_connect_timeout": 2, "health_check_interval": 30, "retry": retry}
    return {**keys, "SSL": target.tls, "REDIS_CLIENT_KWARGS": kwargs}


def for_channels(target: Target) -> dict[str, Any]:
    """One host of channels_redis. 20 s is longer than anything it blocks for."""
    common = {"db": target.db, "username": target.username, "password": target.password, "socket_timeout": 20}
    if target.sentinels:
        sentinel_kwargs = {"password": target.sentinel_password}
        return {"sentinels": list(target.sentinels), "master_name": target.master, "sentinel_kwargs": sentinel_kwargs, **common}
    scheme = "rediss" if target.tls else "redis"
    host = f"[{target.host}]" if ":" in target.host else target.host
    return {"address": f"{scheme}://{host}:{target.port}", "health_check_interval": 25, **common}


class Connections:
    """The process's connections to one Target, made on first use and shared by its threads.

    Requests never wait for a Redis that is away: half a second to connect, no retry, and for a second after a failure
    nobody tries again.
    """

    def __init__(self, target: Target | None) -> None:
        self.target = target
        self._lock = threading.Lock()
        self._sync: redis.Redis | None = None
        self._failed_at = 0.0

    def sync(self) -> redis.Redis:
        """A client for requests and jobs; raises Unavailable when no Redis is configured."""
        with self._lock:
            if self._sync is None:
                self._sync = self._connect()
            return self._sync

    def asynchronous(self) -> redis.asyncio.Redis:
        """A new client for the running event loop; the caller closes it."""
        target = self._configured()
        options = {**target.auth(), "socket_timeout": SOCKET_SECONDS, "decode_responses": False}
        if target.sentinels:
            sentinel = redis.asyncio.Sentinel(list(target.sentinels), sentinel_kwargs={"password": target.sentinel_password})
            return sentinel.master_for(target.master, **options)
        return redis.asyncio.Redis(host=target.host, port=target.port, socket_connect_timeout=2, **options)

    @contextmanager
    def guarded(self) -> Iterator[redis.Redis]:
        """The client, with every failure as Unavailable and a breaker in front."""
        if time.monotonic() - self._failed_at < BREAKER_SECONDS:
            raise Unavailable("Redis did not answer a moment ago.")
        try:
            yield self.sync()
        except (redis.RedisError, OSError) as error:
            self._failed_at = time.monotonic()
            raise Unavailable(f"Redis does not answer: {type(error).__name__}.") from error

    def _configured(self) -> Target:
        if self.target is None:
            raise Unavailable("Redis is not configured: set REDIS_URL, or start Scout with bin/up.")
        return self.target

    def _connect(self) -> redis.Redis:
        target = self._configured()
        options = {**target.auth(), "socket_connect_timeout": CONNECT_SECONDS, "socket_timeout": SOCKET_SECONDS}
        if target.sentinels:
            sentinel = Sentinel(list(target.sentinels), sentinel_kwargs={"password": target.sentinel_password, "socket_timeout": 1})
            client: redis.Redis = sentinel.master_for(target.master, **options)
            return client
        return redis.Redis(host=target.host, port=target.port, retry=Retry(NoBackoff(), 0), max_connections=512, **options)
