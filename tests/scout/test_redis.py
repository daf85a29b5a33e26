"""Where Redis is, in the shape each of its users wants."""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import redis
from channels_redis.pubsub import RedisPubSubChannelLayer
from channels_redis.utils import create_pool, decode_hosts
from django_rq.connection_utils import get_redis_connection
from hypothesis import given
from hypothesis import strategies as st
from redis.sentinel import SentinelConnectionPool

from scout import redis as module
from scout.redis import BREAKER_SECONDS, Connections, Target, Unavailable, configured, for_channels, for_rq, parse
from tests.redis_server import RedisServer, TLSFront, redis_server, sentinel, tls_front

__all__ = ["redis_server", "sentinel", "tls_front"]
SECRET = "hunter2-hunter2"
ONE = Target(host="h", port=6380, db=2, username="u", password=SECRET)
TLS = Target(host="h", port=6380, db=2, username="u", password=SECRET, tls=True)
WATCHED = Target(db=3, password=SECRET, sentinels=(("a", 1), ("b", 2)), master="m", sentinel_password=SECRET + "s")
TARGETS = [ONE, TLS, WATCHED]


def test_it_works(redis_server: RedisServer) -> None:
    here = Connections(parse(redis_server.url))
    with here.guarded() as client:
        assert client.ping()


# URLs.


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("redis://h", Target(host="h")),
        ("redis://h:6380/5", Target(host="h", port=6380, db=5)),
        ("redis://h:6380/", Target(host="h", port=6380)),
        ("rediss://u:p@h:1", Target(host="h", port=1, username="u", password="p", tls=True)),
        ("redis://:p%40%2F%3A%24@h", Target(host="h", password="p@/:$")),
        ("redis://u@h", Target(host="h", username="u")),
        ("redis://[::1]:7/1", Target(host="::1", port=7, db=1)),
        ("REDIS://h", Target(host="h")),
    ],
)
def test_parse(url: str, target: Target) -> None:
    assert parse(url) == target


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h",
        "h:6379",
        "http://h",
        "redis://",
        "redis:///0",
        "redis://h:x",
        "redis://h:99999",
        "redis://h/x",
        "redis://h/-1",
        "redis://h/0/1",
        "redis://h/0?db=1",
        "redis://h?ssl_cert_reqs=none",
        "redis://h/0#x",
        "unix:///tmp/redis.sock",
        "redis://[::1",
        "redis://:p?w@h",
        "redis://:p#w@h",
    ],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="must look like redis://"):
        parse(url)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=0xFFFF, exclude_categories=("Cs",)), min_size=1, max_size=30))
def test_any_password_comes_through(password: str) -> None:
    assert parse(f"redis://:{quote(password, safe='')}@h").password == password


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30))
def test_no_error_repeats_the_password(rest: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse(f"redis://:{SECRET}{rest}@h:x/y")
    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None


# Secrets.


@pytest.mark.parametrize("target", TARGETS)
def test_no_secret_in_what_is_printed(target: Target) -> None:
    here = Connections(target)
    for shown in (repr(target), str(target), target.masked, repr(here), str(here), repr(here.sync())):
        assert SECRET not in shown


@pytest.mark.parametrize(
    ("target", "masked"),
    [
        (ONE, "redis://***@h:6380/2"),
        (TLS, "rediss://***@h:6380/2"),
        (Target(host="h"), "redis://h:6379/0"),
        (WATCHED, "redis://***@a:1,b:2/m/3"),
    ],
)
def test_masked(target: Target, masked: str) -> None:
    assert target.masked == masked


def test_no_secret_in_what_goes_wrong(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    here = Connections(Target(host="127.0.0.1", port=1, password=SECRET))
    with pytest.raises(Unavailable) as refused, here.guarded() as client:
        client.ping()
    assert SECRET not in str(refused.value) + caplog.text


# Shapes.


@pytest.mark.parametrize("target", [ONE, TLS])
def test_rq(target: Target) -> None:
    kwargs = get_redis_connection(for_rq(target)).connection_pool.connection_kwargs
    assert (kwargs["host"], kwargs["port"], kwargs["db"], kwargs["username"], kwargs["password"]) == ("h", 6380, 2, "u", SECRET)
    assert kwargs["health_check_interval"] == 30
    assert kwargs["retry"]._retries == 3


def test_rq_over_tls() -> None:
    assert get_redis_connection(for_rq(TLS)).connection_pool.connection_class is redis.SSLConnection
    assert get_redis_connection(for_rq(ONE)).connection_pool.connection_class is redis.Connection


def test_rq_by_sentinels() -> None:
    pool = get_redis_connection(for_rq(WATCHED)).connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    assert (pool.service_name, pool.connection_kwargs["db"], pool.connection_kwargs["password"]) == ("m", 3, SECRET)
    watchers = [sentinel.connection_pool.connection_kwargs for sentinel in pool.sentinel_manager.sentinels]
    assert [(w["host"], w["port"], w["password"]) for w in watchers] == [("a", 1, SECRET + "s"), ("b", 2, SECRET + "s")]


@pytest.mark.parametrize("target", TARGETS)
def test_channels(target: Target) -> None:
    """Longer than anything it blocks for: redis-py's own 5 s would cut idle sockets."""
    shape = for_channels(target)
    assert shape["socket_timeout"] == 20
    RedisPubSubChannelLayer(hosts=[shape], prefix="scout")
    kwargs = create_pool(decode_hosts([shape])[0]).connection_kwargs
    assert (kwargs["db"], kwargs["password"], kwargs["socket_timeout"]) == (target.db, SECRET, 20)


def test_channels_by_sentinels() -> None:
    pool = create_pool(decode_hosts([for_channels(WATCHED)])[0])
    assert pool.service_name == "m"
    assert [s.connection_pool.connection_kwargs["host"] for s in pool.sentinel_manager.sentinels] == ["a", "b"]


def test_channels_over_tls() -> None:
    assert for_channels(TLS)["address"] == "rediss://h:6380"


@pytest.mark.parametrize("target", TARGETS)
def test_asynchronous(target: Target) -> None:
    async def made() -> Any:
        return Connections(target).asynchronous()

    kwargs = asyncio.run(made()).connection_pool.connection_kwargs
    assert (kwargs["db"], kwargs["password"], kwargs["socket_timeout"]) == (target.db, SECRET, module.SOCKET_SECONDS)


def test_asynchronous_works(redis_server: RedisServer) -> None:
    async def ping() -> bool:
        async with Connections(redis_server.target).asynchronous() as client:
            return bool(await client.ping())

    assert asyncio.run(ping())


def test_channels_by_an_ipv6_address() -> None:
    kwargs = create_pool(decode_hosts([for_channels(parse("redis://[::1]:7"))])[0]).connection_kwargs
    assert (kwargs["host"], kwargs["port"]) == ("::1", 7)


# What the settings say.


def said(**values: Any) -> Target | None:
    given: dict[str, Any] = {"url": {}, "host": Target(), "sentinels": [], "master": "m", "sentinel_password": "", "ca_file": ""}
    return configured(**{**given, **values})


def test_nothing_is_configured() -> None:
    assert said(url={"REDIS_URL": "", "UPSTASH_REDIS_URL": ""}) is None


def test_what_comes_first() -> None:
    url = {"REDIS_URL": "redis://a/1", "UPSTASH_REDIS_URL": "rediss://b"}
    host = Target(host="c", port=7, db=2, password=SECRET)
    assert said(url=url, host=host) == Target(host="a", db=1)
    assert said(url={**url, "REDIS_URL": ""}, host=host) == Target(host="b", tls=True)
    assert said(host=host) == host
    watched = said(url=url, host=host, sentinels=["s", "t:5"], sentinel_password=SECRET + "s")
    assert watched == Target(db=2, password=SECRET, sentinels=(("s", 26379), ("t", 5)), master="m", sentinel_password=SECRET + "s")


@pytest.mark.parametrize("name", ["REDIS_URL", "UPSTASH_REDIS_URL"])
def test_a_wrong_one_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} must look like") as refused:
        said(url={name: f"redis://:{SECRET}@h?db=1"})
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_of_no_certificates(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ValueError, match=r"^REDIS_CA_FILE must be a readable file"):
        said(url={"REDIS_URL": "rediss://h"}, ca_file=str(file))


# Certificates to trust: each user of Redis takes them in a way of its own.


@pytest.mark.parametrize("target", [replace(TLS, ca_file="ca.pem"), replace(WATCHED, tls=True, ca_file="ca.pem")])
def test_trusted_certificates_reach_every_user(target: Target) -> None:
    async def made() -> Any:
        return Connections(target).asynchronous()

    pools = [
        get_redis_connection(for_rq(target)).connection_pool,
        create_pool(decode_hosts([for_channels(target)])[0]),
        Connections(target).sync().connection_pool,
        asyncio.run(made()).connection_pool,
    ]
    assert [pool.connection_kwargs["ssl_ca_certs"] for pool in pools] == ["ca.pem"] * 4
    assert all("SSL" in pool.connection_class.__name__ for pool in pools)


@pytest.mark.parametrize("target", [replace(ONE, ca_file="ca.pem"), replace(WATCHED, ca_file="ca.pem")])
def test_without_tls_they_are_not_spoken_of(target: Target) -> None:
    """Plain connections of redis-py do not know the argument."""
    assert "ssl_ca_certs" not in Connections(target).sync().connection_pool.connection_kwargs
    assert "ssl_ca_certs" not in for_channels(target)
    get_redis_connection(for_rq(target)).connection_pool.make_connection()


def test_over_tls_for_real(tls_front: TLSFront) -> None:
    target = tls_front.target()
    with Connections(target).guarded() as client:
        assert client.ping()
    assert get_redis_connection(for_rq(target)).ping()

    async def ping() -> bool:
        async with Connections(target).asynchronous() as client:
            told = bool(await client.ping())
        layer = RedisPubSubChannelLayer(hosts=[for_channels(target)], prefix="scout")
        channel = await layer.new_channel()
        await layer.group_add("group", channel)
        await layer.group_send("group", {"type": "hint"})
        heard = await asyncio.wait_for(layer.receive(channel), 10)
        await layer.flush()
        return told and heard == {"type": "hint"}

    assert asyncio.run(ping())


def test_by_sentinels_for_real(sentinel: Target) -> None:
    with Connections(sentinel).guarded() as client:
        assert client.ping()
    assert get_redis_connection(for_rq(sentinel)).ping()

    async def ping() -> bool:
        async with Connections(sentinel).asynchronous() as client:
            told = bool(await client.ping())
        layer = RedisPubSubChannelLayer(hosts=[for_channels(sentinel)], prefix="scout")
        channel = await layer.new_channel()
        await layer.group_add("group", channel)
        await layer.group_send("group", {"type": "hint"})
        heard = await asyncio.wait_for(layer.receive(channel), 10)
        await layer.flush()
        return told and heard == {"type": "hint"}

    assert asyncio.run(ping())


# Connections.


def test_threads_share_one_client() -> None:
    here, together = Connections(ONE), threading.Barrier(8)

    def ask(_i: int) -> int:
        together.wait()
        return id(here.sync())

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(ask, range(8)))) == 1


def test_not_configured() -> None:
    here = Connections(None)
    for ask in (here.sync, here.asynchronous):
        with pytest.raises(Unavailable, match="not configured"):
            ask()
    with pytest.raises(Unavailable, match="not configured"), here.guarded():
        pass


def test_nobody_tries_again_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Connections(Target(host="127.0.0.1", port=1))
    with pytest.raises(Unavailable, match="does not answer"), here.guarded() as client:
        client.ping()
    with pytest.raises(Unavailable, match="a moment ago"), here.guarded():
        raise AssertionError("it was asked")
    monkeypatch.setattr(here, "_failed_at", here._failed_at - BREAKER_SECONDS)
    with pytest.raises(Unavailable, match="does not answer"), here.guarded() as client:
        client.ping()


def test_frozen_server_costs_its_time_out_once(redis_server: RedisServer) -> None:
    here = Connections(redis_server.target)
    here.socket_seconds = 0.2
    redis_server.freeze()
    with pytest.raises(Unavailable, match="TimeoutError"), here.guarded() as client:
        client.ping()
    with pytest.raises(Unavailable, match="a moment ago"), here.guarded():
        raise AssertionError("it was asked")


def test_one_alone_asks_again(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis that hangs would else hold up, once a second, everybody who comes."""
    here = Connections(redis_server.target)
    here.socket_seconds = 0.2
    redis_server.freeze()
    with pytest.raises(Unavailable), here.guarded() as client:
        client.ping()
    monkeypatch.setattr(module, "BREAKER_SECONDS", 0.0)
    asking, ended = threading.Event(), threading.Event()

    def ask() -> None:
        with suppress(Unavailable), here.guarded() as client:
            asking.set()
            ended.wait(10)
            client.ping()

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(ask)
        assert asking.wait(10)
        with pytest.raises(Unavailable, match="being asked again"), here.guarded():
            raise AssertionError("it was asked by two")
        ended.set()
        first.result(10)


def test_who_asks_again_may_do_so_twice_at_once(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BREAKER_SECONDS", 0.0)
    here = Connections(redis_server.target)
    here._failed_at = 0.0
    with here.guarded() as outer, here.guarded() as inner:
        assert outer.ping()
        assert inner.ping()


def test_an_answer_lets_everybody_in_again(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BREAKER_SECONDS", 0.0)
    here = Connections(redis_server.target)
    here._failed_at = 0.0
    with here.guarded() as client:
        client.ping()
    together = threading.Barrier(4)

    def ask(_i: int) -> bool:
        with here.guarded() as client:
            together.wait(10)
            return bool(client.ping())

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, range(4))) == [True] * 4


def test_workers_wait_longer_than_requests() -> None:
    asked, worked = Connections(ONE), Connections(ONE)
    worked.be_patient()
    seconds = [here.sync().connection_pool.connection_kwargs["socket_timeout"] for here in (asked, worked)]
    assert seconds == [module.REQUEST_SECONDS, module.PATIENT_SECONDS]


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_is_tried_twice(target: Target) -> None:
    assert Connections(target).sync().connection_pool.connection_kwargs["retry"]._retries == 0


def test_not_configured_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    here = Connections(None)
    for _i in range(3):
        with pytest.raises(Unavailable), here.guarded():
            pass
    assert [(r.levelname, r.name) for r in caplog.records] == [("WARNING", "scout.redis")]
    assert "Redis is not configured: set REDIS_URL, or start Scout with bin/up." in caplog.text


def test_our_own_mistakes_are_not_its_failures(redis_server: RedisServer) -> None:
    here = Connections(redis_server.target)
    with pytest.raises(KeyError), here.guarded():
        raise KeyError("ours")
    with here.guarded() as client:
        assert client.ping()


def test_comes_back(redis_server: RedisServer) -> None:
    here = Connections(redis_server.target)
    with here.guarded() as client:
        client.set("a", 1)
    redis_server.stop()
    with pytest.raises(Unavailable), here.guarded() as client:
        client.get("a")
    redis_server.start()
    here._failed_at = float("-inf")
    with here.guarded() as client:
        assert client.get("a") is None
