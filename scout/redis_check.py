"""What can be said of a Redis before anything rests on it: a list of findings, each ok, a warning or a problem.

A problem loses work or keeps Scout from working; a warning is worth knowing. Redis itself says nothing of either: one that
evicts, for instance, deletes queued jobs without an error anywhere.
"""

import ipaddress
import logging
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import redis

from scout.redis import NOT_CONFIGURED, Target, client_of
from scout.redis_errors import in_words

SECONDS = 2.0
#: redis-py 8 begins each connection with HELLO (6.0); RQ moves a job to its worker in one step with BLMOVE (6.2), and
#: falls back to BLPOP before that. Everything else we and RQ use is older: streams and XREAD (5.0), EVAL, SET PX NX.
LEAST_VERSION, RIGHT_VERSION = (6, 0), (6, 2)
FULL = 0.75

Info = Mapping[str, Any]


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. The sentence holds no secret and no address."""

    name: str
    level: Level
    sentence: str


def check(target: Target | None, for_queue: bool = True) -> list[Finding]:
    """Everything found, in the order of looking; never raises. A Redis that hangs is given up after its first time-out.

    `for_queue`: whether jobs lie there, which must survive; a mere cache may evict and forget.
    """
    if target is None:
        return [Finding("configured", Level.PROBLEM, NOT_CONFIGURED)]
    client = client_of(target, SECONDS, SECONDS)
    found: list[Finding] = []
    try:
        for finding in _look(client, target, for_queue):
            found.append(finding)
    except (redis.RedisError, OSError) as error:
        found.append(Finding("reachable", Level.PROBLEM, f"Redis does not answer: {in_words(error)}"))
    except Exception:  # over what is no Redis's answer redis-py stumbles anywhere
        found.append(Finding("reachable", Level.PROBLEM, "What answers there is no Redis: are host and port right?"))
    finally:
        client.close()
    return found


def _look(client: redis.Redis, target: Target, for_queue: bool) -> Iterator[Finding]:
    began = time.monotonic()
    client.ping()
    yield Finding("reachable", Level.OK, f"It answers, in {(time.monotonic() - began) * 1000:.1f} ms with the connection.")
    yield tls(target)
    info = _info(client)
    yield version(info)
    yield role(info, target)
    yield from _used(client)
    maxmemory_policy = info.get("maxmemory_policy") or _config(client, "maxmemory-policy")
    yield policy(maxmemory_policy) if for_queue else cache_policy(maxmemory_policy)
    if for_queue:
        yield persistence(info)
    yield memory(info)
    yield clients(info, info.get("maxclients") or _config(client, "maxclients"))


def _used(client: redis.Redis) -> Iterator[Finding]:
    """Set, get, delete, and Lua, on a key that ends by itself if we do."""
    key = f"scout:check:{secrets.token_hex(8)}"
    steps: tuple[tuple[str, Callable[[], Any], Any], ...] = (
        ("set", lambda: client.set(key, "1", px=10_000), True),
        ("get", lambda: client.get(key), b"1"),
        ("delete", lambda: client.delete(key), 1),
        ("lua", lambda: client.eval("return redis.call('EXISTS', KEYS[1])", 1, key), 0),
    )
    for name, step, expected in steps:
        try:
            told = step()
        except redis.ResponseError as error:
            yield Finding(name, Level.PROBLEM, f"{name.upper()} fails: {in_words(error)}")
            return
        fits = told == expected
        said = f"{name.upper()} works." if fits else f"{name.upper()} answers something else than it should: is this a Redis?"
        yield Finding(name, Level.OK if fits else Level.PROBLEM, said)


def _info(client: redis.Redis) -> Info:
    """INFO; empty where the provider refuses it."""
    try:
        told: Info = client.info()
        return told
    except redis.ResponseError:
        return {}


def _config(client: redis.Redis, name: str) -> str:
    """CONFIG GET; empty where the provider refuses it, as many do."""
    try:
        return str(client.config_get(name).get(name, ""))
    except redis.ResponseError:
        return ""


def tls(target: Target) -> Finding:
    hosts = [host for host, _port in target.sentinels] or [target.host]
    if target.tls:
        return Finding("tls", Level.OK, "TLS is used.")
    if all(map(_is_here, hosts)):
        return Finding("tls", Level.OK, "No TLS, and none is needed: it is on this machine.")
    return Finding(
        "tls", Level.WARNING, "No TLS: passwords and jobs cross the network readable. Use rediss:// unless that network is yours alone."
    )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def version(info: Info) -> Finding:
    said = str(info.get("redis_version", ""))
    try:
        number = tuple(int(part) for part in said.split(".")[:2])
    except ValueError:
        number = ()
    if not number:
        return Finding("version", Level.WARNING, "The version is unknown (INFO is refused): Scout needs Redis 6.2 or newer.")
    if number < LEAST_VERSION:
        return Finding("version", Level.PROBLEM, f"Redis {said} is too old: Scout needs 6.0, better 6.2 or newer.")
    if number < RIGHT_VERSION:
        return Finding("version", Level.WARNING, f"Redis {said}: from 6.2 on a job is not lost when a worker dies while taking it.")
    return Finding("version", Level.OK, f"Redis {said}.")


def role(info: Info, target: Target) -> Finding:
    mode = info.get("redis_mode")
    if mode == "sentinel":
        return Finding("role", Level.PROBLEM, "This is a Sentinel, not a Redis: name it in REDIS_SENTINELS instead.")
    if mode == "cluster":
        return Finding("role", Level.PROBLEM, "This is a Redis Cluster: RQ needs all keys on one server. Use a single Redis, or Sentinels.")
    if info.get("role") == "slave":
        return Finding("role", Level.PROBLEM, "This is a replica, which is read only: use the address of its master, or REDIS_SENTINELS.")
    if not info.get("role"):
        return Finding("role", Level.WARNING, "Whether this is the master is unknown (INFO is refused): look at your provider's page.")
    named = ", as its Sentinels say" if target.sentinels else ""
    return Finding("role", Level.OK, f"It is the master{named}, with {info.get('connected_slaves', 0)} replicas.")


def policy(name: str) -> Finding:
    """Eviction is per server, not per database number, and silent: only noeviction keeps queued jobs."""
    if not name:
        said = "The eviction policy is unknown (INFO and CONFIG are refused): see to it that your provider's page says noeviction, or off."
        return Finding("policy", Level.WARNING, said)
    if name == "noeviction":
        return Finding("policy", Level.OK, "maxmemory-policy is noeviction: no queued job is deleted.")
    return Finding(
        "policy",
        Level.PROBLEM,
        f"maxmemory-policy is {name}: a full Redis deletes queued jobs, locks or heartbeats without a word. Set it to noeviction,"
        " and give the cache a Redis of its own (CACHE_URL).",
    )


def cache_policy(name: str) -> Finding:
    if name == "noeviction":
        return Finding("policy", Level.WARNING, "maxmemory-policy is noeviction: full, it takes nothing new. allkeys-lru suits a cache.")
    return Finding("policy", Level.OK, f"maxmemory-policy is {name or 'unknown'}: a cache may evict.")


def persistence(info: Info) -> Finding:
    if "aof_enabled" not in info:
        return Finding("persistence", Level.WARNING, "Whether it keeps its data is unknown: see to it that your provider's page says so.")
    if not info["aof_enabled"]:
        said = "AOF is off: a restart of Redis loses the jobs that wait. Searches are handed out again by follow, others are not."
        return Finding("persistence", Level.WARNING, f"{said} Set appendonly yes.")
    if info.get("aof_last_write_status") == "err":
        return Finding("persistence", Level.PROBLEM, "AOF is on, but its last write failed: is Redis's disk full?")
    return Finding("persistence", Level.OK, "AOF is on: a restart keeps the jobs that wait.")


def memory(info: Info) -> Finding:
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    if not used:
        return Finding("memory", Level.WARNING, "The memory used is unknown (INFO is refused).")
    if not most:
        return Finding("memory", Level.OK, f"{_mb(used)} used, no limit (maxmemory) is set.")
    level = Level.WARNING if used >= most * FULL else Level.OK
    advice = " Raise maxmemory before it is full: nothing can be queued then." if level != Level.OK else ""
    return Finding("memory", level, f"{_mb(used)} of {_mb(most)} used.{advice}")


def clients(info: Info, most: object) -> Finding:
    now, limit = int(info.get("connected_clients", 0)), int(str(most or 0))
    if not now:
        return Finding("clients", Level.WARNING, "The number of clients is unknown (INFO is refused).")
    if not limit:
        return Finding("clients", Level.OK, f"{now} clients, out of a number that is not told.")
    level = Level.WARNING if now >= limit * FULL else Level.OK
    advice = " Raise maxclients, or stop some: those beyond are refused." if level != Level.OK else ""
    return Finding("clients", level, f"{now} of {limit} clients.{advice}")


def _mb(bytes_: int) -> str:
    return f"{bytes_ / 1_048_576:.1f} MB"


def troubles(queue: Target | None, cache: Target | None) -> list[Finding]:
    """What is not ok with the Redis of the queues, and with that of the cache where it is another."""
    found = check(queue)
    if cache != queue:
        found += [Finding(f"cache {f.name}", f.level, f"The cache (CACHE_URL): {f.sentence}") for f in check(cache, for_queue=False)]
    return [finding for finding in found if finding.level != Level.OK]


def log_troubles(log: logging.Logger, queue: Target | None, cache: Target | None) -> None:
    """A line a trouble, once at the start of a process, which goes on whatever it is."""
    for finding in troubles(queue, cache):
        level = logging.ERROR if finding.level == Level.PROBLEM else logging.WARNING
        log.log(level, "redis %s: %s", finding.name, finding.sentence)
