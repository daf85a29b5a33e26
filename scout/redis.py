"""Where Redis is, in the shape each of its users wants, and the connections that requests may use.

One `Target` is read from the settings (`REDIS_URL`, or host and port, or Sentinel). RQ, Channels and our own code each
want it said differently; they are all derived here. redis-py 8 defaults to a 5 s socket time-out, which equals the
blocking time of channels_redis and would cut idle sockets, so every shape sets its own.
"""

import logging
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote, urlsplit

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from scout.redis_errors import in_words

log = logging.getLogger("scout.redis")
CONNECT_SECONDS = 0.5
#: How long an answer of Redis is waited for: by a request, behind which a person waits; by workers and follow, who also
#: write a thousand items at once over slow networks; by open sockets, which hold nobody up.
REQUEST_SECONDS, PATIENT_SECONDS, SOCKET_SECONDS = 1.0, 5.0, 5.0
BREAKER_SECONDS = 1.0
NOT_CONFIGURED = "Redis is not configured: set REDIS_URL, or start Scout with bin/up."
_NEVER = float("-inf")


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
    ca_file: str = ""

    @property
    def masked(self) -> str:
        """An address for people and logs: without the password."""
        where = ",".join(f"{h}:{p}" for h, p in self.sentinels) + f"/{self.master}" if self.sentinels else f"{self.host}:{self.port}"
        secret = "***@" if self.password else ""
        return f"{'rediss' if self.tls else 'redis'}://{secret}{where}/{self.db}"

    def auth(self) -> dict[str, Any]:
        return {"db": self.db, "username": self.username, "password": self.password, "ssl": self.tls, **self.trust()}

    def trust(self) -> dict[str, str]:
        """The certificates to trust beside the system's: redis-py takes the argument for TLS connections only."""
        return {"ssl_ca_certs": self.ca_file} if self.tls and self.ca_file else {}

    def watchers(self) -> dict[str, Any]:
        """How the Sentinels themselves are asked: those that are down are passed by quickly."""
        retry = Retry(NoBackoff(), 0)
        return {"password": self.sentinel_password, "socket_connect_timeout": CONNECT_SECONDS, "socket_timeout": 1, "retry": retry}


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


def configured(
    url: Mapping[str, str], host: Target, sentinels: Iterable[str], master: str, sentinel_password: str, ca_file: str
) -> Target | None:
    """The Redis that the settings name, None when they name none. Sentinels come first, then the first `url` by name that
    is set, then the host. ValueError, beginning with the setting's name, for what is none."""
    _readable(ca_file)
    if sentinels:
        try:
            watched = tuple((h, int(p or 26379)) for h, _colon, p in (s.partition(":") for s in sentinels))
        except ValueError:
            raise ValueError("REDIS_SENTINELS must look like host:port,host:port") from None
        found = replace(host, host="", port=6379, sentinels=watched, master=master, sentinel_password=sentinel_password or None)
    elif name := next((n for n in url if url[n]), ""):
        found = at(name, url[name])
    elif host.host:
        found = host
    else:
        return None
    return replace(found, ca_file=ca_file)


def at(name: str, url: str, ca_file: str = "") -> Target:
    """The Target of the setting `name`. ValueError, beginning with that name, when its URL is none."""
    try:
        return replace(parse(url), ca_file=ca_file)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None


def _readable(ca_file: str) -> None:
    """redis-py would find it missing at the first connection only, and say no more than FileNotFoundError."""
    if ca_file:
        try:
            ssl.create_default_context(cafile=ca_file)
        except (OSError, ValueError):
            raise ValueError("REDIS_CA_FILE must be a readable file of certificates (PEM)") from None


def for_cache(target: Target | None) -> dict[str, Any]:
    """Django's CACHES["default"]: in Redis, or in the memory of each process where there is none.

    Values are JSON, never pickled: who can write to Redis is not to run code here.
    """
    if target is None:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "scout"}
    options = {"CONNECTION_FACTORY": "scout.cache.Factory", "SERIALIZER": "django_redis.serializers.json.JSONSerializer"}
    # django-redis wants a location; where Redis really is, with its password, the factory knows.
    return {"BACKEND": "scout.cache.RedisCache", "LOCATION": "scout", "KEY_PREFIX": "scout:cache", "OPTIONS": options}


def for_rq(target: Target) -> dict[str, Any]:
    """django-rq's connection keys. The URL form would ignore retries and time-outs, so host and port are given."""
    if target.sentinels:
        return {
            "SENTINELS": list(target.sentinels),
            "MASTER_NAME": target.master,
            "DB": target.db,
            "USERNAME": target.username,
            "PASSWORD": target.password,
            "SENTINEL_KWARGS": target.watchers(),
            "CONNECTION_KWARGS": {"ssl": target.tls, "socket_connect_timeout": 2, **target.trust()},
        }
    keys = {"HOST": target.host, "PORT": target.port, "DB": target.db, "USERNAME": target.username, "PASSWORD": target.password}
    retry = Retry(ExponentialBackoff(cap=1, base=0.05), 3)
    kwargs = {"socket_connect_timeout": 2, "health_check_interval": 30, "retry": retry, **target.trust()}
    return {**keys, "SSL": target.tls, "REDIS_CLIENT_KWARGS": kwargs}


def for_channels(target: Target) -> dict[str, Any]:
    """One host of channels_redis. 20 s is longer than anything it blocks for."""
    common = {"db": target.db, "username": target.username, "password": target.password, "socket_timeout": 20, **target.trust()}
    if target.sentinels:
        watchers = {**target.watchers(), "retry": AsyncRetry(NoBackoff(), 0)}
        named = {"sentinels": list(target.sentinels), "master_name": target.master, "sentinel_kwargs": watchers}
        return {**named, "ssl": target.tls, **common}
    scheme = "rediss" if target.tls else "redis"
    host = f"[{target.host}]" if ":" in target.host else target.host
    return {"address": f"{scheme}://{host}:{target.port}", "health_check_interval": 25, **common}


def client_of(target: Target, connect_seconds: float, socket_seconds: float) -> redis.Redis:
    """A client with a pool of its own that never tries twice. Its errors may name hosts and ports, no password."""
    times = {"socket_connect_timeout": connect_seconds, "socket_timeout": socket_seconds}
    options = {**target.auth(), **times, "retry": Retry(NoBackoff(), 0), "max_connections": 512}
    if target.sentinels:
        client: redis.Redis = Sentinel(list(target.sentinels), sentinel_kwargs=target.watchers()).master_for(target.master, **options)
        return client
    return redis.Redis(host=target.host, port=target.port, **options)


class Connections:
    """The process's connections to one Target, made on first use and shared by its threads.

    Requests never wait for a Redis that is away: half a second to connect, one for an answer, no second try. For a second
    after a failure nobody asks; then one alone does, and until Redis has answered it nobody else waits.
    """

    def __init__(self, target: Target | None) -> None:
        self.target = target
        self.socket_seconds = REQUEST_SECONDS
        self._lock = threading.Lock()
        self._asking = threading.RLock()  # who asks again may do so in a guard within a guard
        self._sync: redis.Redis | None = None
        self._failed_at = _NEVER
        self._said = False

    @property
    def away(self) -> bool:
        """Whether there is no Redis, or it did not answer when it was last asked."""
        return self.target is None or self._failed_at != _NEVER

    def be_patient(self) -> None:
        """For processes behind which nobody waits. To be called before the first use."""
        self.socket_seconds = PATIENT_SECONDS

    def sync(self) -> redis.Redis:
        """A client for requests and jobs; raises Unavailable when no Redis is configured."""
        with self._lock:
            if self._sync is None:
                self._sync = client_of(self._configured(), CONNECT_SECONDS, self.socket_seconds)
            return self._sync

    def asynchronous(self) -> redis.asyncio.Redis:
        """A new client for the running event loop; the caller closes it."""
        target = self._configured()
        times = {"socket_connect_timeout": 2, "socket_timeout": SOCKET_SECONDS}
        options = {**target.auth(), **times, "retry": AsyncRetry(NoBackoff(), 0), "decode_responses": False}
        if target.sentinels:
            watchers = {**target.watchers(), "retry": AsyncRetry(NoBackoff(), 0)}
            return redis.asyncio.Sentinel(list(target.sentinels), sentinel_kwargs=watchers).master_for(target.master, **options)
        return redis.asyncio.Redis(host=target.host, port=target.port, **options)

    @contextmanager
    def guarded(self) -> Iterator[redis.Redis]:
        """The client, with every failure as Unavailable and a breaker in front."""
        if time.monotonic() - self._failed_at < BREAKER_SECONDS:
            raise Unavailable("Redis did not answer a moment ago.")
        again = self._failed_at != _NEVER
        if again and not self._asking.acquire(blocking=False):
            raise Unavailable("Redis did not answer a moment ago, and is being asked again.")
        try:
            yield self.sync()
            self._failed_at = _NEVER
        except (redis.RedisError, OSError) as error:
            self._failed_at = time.monotonic()
            raise Unavailable(f"Redis does not answer: {in_words(error)}") from error
        finally:
            if again:
                self._asking.release()

    def _configured(self) -> Target:
        if self.target is None:
            if not self._said:
                self._said = True
                log.warning(NOT_CONFIGURED)
            raise Unavailable(NOT_CONFIGURED)
        return self.target
