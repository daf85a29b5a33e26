"""check_redis and what it looks with: every finding, from a real Redis that is so."""

import io
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from django.core.management import CommandError, call_command

from queueadmin.worker.work import SearchWorker
from scout import redis_check
from scout.redis import Target
from scout.redis_check import Finding, Level, check, log_troubles
from searches.search.follow import Follower
from tests.redis_server import RedisServer, TLSFront, redis_is, redis_server, redis_with, sentinel, tls_front
from tests.waiting import until

__all__ = ["redis_server", "redis_with", "sentinel", "tls_front"]
Starter = Callable[..., RedisServer]
SECRET = "hunter2-hunter2"
GOOD = ("appendonly yes", "maxmemory-policy noeviction")
NAMES = ["reachable", "tls", "version", "role", "set", "get", "delete", "lua", "policy", "persistence", "memory", "clients"]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_check, "SECONDS", 0.5)


def named(found: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in found}


def worse(found: list[Finding]) -> dict[str, Level]:
    return {finding.name: finding.level for finding in found if finding.level != Level.OK}


def only(found: list[Finding]) -> str:
    """The sentence of a Redis that cannot be reached: nothing else was looked at."""
    assert [(f.name, f.level) for f in found] == [("reachable", Level.PROBLEM)]
    assert SECRET not in found[0].sentence
    return found[0].sentence


def run() -> str:
    out = io.StringIO()
    call_command("check_redis", stdout=out)
    return out.getvalue()


def test_it_works(redis_with: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    server = redis_with(*GOOD)
    assert worse(check(server.target)) == {}
    redis_is(monkeypatch, server.target)
    told = run()
    assert [line.split()[1] for line in told.splitlines()[1:-1]] == NAMES
    assert told.splitlines()[0] == f"Queues: redis://127.0.0.1:{server.port}/0"
    assert told.splitlines()[-1] == "No problem, warnings: 0."


def test_nothing_is_left_behind(redis_with: Starter) -> None:
    server = redis_with(*GOOD)
    check(server.target)
    assert server.client.keys("*") == []


# The command.


def test_not_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    redis_is(monkeypatch, None)
    with pytest.raises(CommandError) as refused:
        run()
    assert str(refused.value) == "Redis is not configured: set REDIS_URL, or start Scout with bin/up."


def test_warnings_are_no_problem(redis_with: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    redis_is(monkeypatch, redis_with("appendonly no").target)
    assert run().splitlines()[-1] == "No problem, warnings: 1."


def test_a_problem_fails(redis_with: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    redis_is(monkeypatch, redis_with("appendonly no", "maxmemory-policy allkeys-lru").target)
    with pytest.raises(CommandError, match="problems 1, warnings 1"):
        run()


def test_the_cache_is_looked_at_where_it_is_another(redis_with: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may evict and forget."""
    cache = redis_with("appendonly no", "maxmemory 50mb", "maxmemory-policy allkeys-lru").target
    redis_is(monkeypatch, redis_with(*GOOD).target)
    monkeypatch.setattr("django.conf.settings.CACHE_TARGET", cache)
    told = run()
    assert f"Cache: redis://127.0.0.1:{cache.port}/0" in told
    assert told.splitlines()[-1] == "No problem, warnings: 0."


def test_no_password_is_shown(redis_with: Starter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    server = redis_with(*GOOD, f"requirepass {SECRET}")
    redis_is(monkeypatch, Target(host="127.0.0.1", port=server.port, password=SECRET))
    told = run()
    assert f"redis://***@127.0.0.1:{server.port}/0" in told
    assert SECRET not in told + "".join(capsys.readouterr())


# What cannot be reached says why, and what to do.


def test_nobody_listens() -> None:
    assert "connection refused" in only(check(Target(host="127.0.0.1", port=1, password=SECRET)))


def test_name_is_not_found() -> None:
    assert "host name is not found" in only(check(Target(host="no-such-host.invalid", password=SECRET)))


def test_it_asks_for_a_password(redis_with: Starter) -> None:
    assert "asks for a password" in only(check(redis_with(f"requirepass {SECRET}").target))


def test_wrong_password(redis_with: Starter) -> None:
    server = redis_with("requirepass another")
    said = only(check(Target(host="127.0.0.1", port=server.port, password=SECRET)))
    assert "the password, or the user name, is wrong" in said


def test_no_such_database(redis_with: Starter) -> None:
    assert "no database of this number" in only(check(Target(host="127.0.0.1", port=redis_with().port, db=99)))


def test_it_hangs(redis_server: RedisServer) -> None:
    redis_server.freeze()
    assert "no answer came in time" in only(check(redis_server.target))


def test_too_many_clients(redis_with: Starter) -> None:
    server = redis_with("maxclients 1")
    held = server.client
    held.ping()
    assert "as many clients as it takes" in only(check(server.target))


def test_older_than_its_first_word(redis_with: Starter) -> None:
    """Redis 5 does not know HELLO."""
    assert "older than Redis 6.0" in only(check(redis_with('rename-command HELLO ""').target))


def test_it_still_loads() -> None:
    with answers(b"-LOADING Redis is loading the dataset in memory\r\n") as port:
        assert "still loading" in only(check(Target(host="127.0.0.1", port=port)))


@contextmanager
def answers(line: bytes) -> Iterator[int]:
    """Stands where a Redis is and says one thing to everything."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    near, _address = server.accept()
                    with near, suppress(OSError):
                        while near.recv(65_536):
                            near.sendall(line)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def test_no_sentinel_names_a_master() -> None:
    found = check(Target(sentinels=(("127.0.0.1", 1),), master="mymaster", password=SECRET, sentinel_password=SECRET))
    assert "no Sentinel names a master" in only(found)


def test_by_sentinels(sentinel: Target) -> None:
    found = check(sentinel)
    assert worse(found) == {"persistence": Level.WARNING}
    assert "as its Sentinels say" in named(found)["role"].sentence


def test_a_master_that_they_do_not_know(sentinel: Target) -> None:
    assert "no Sentinel names a master" in only(check(replace(sentinel, master="another")))


def test_a_sentinel_taken_for_a_redis(sentinel: Target) -> None:
    host, port = sentinel.sentinels[1]
    found = check(Target(host=host, port=port))
    assert worse(found)["role"] == Level.PROBLEM
    assert "REDIS_SENTINELS" in named(found)["role"].sentence


@pytest.mark.parametrize("line", [b"-ERR something new\r\n", b"$-1\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b":\r\n", b"*1000\r\n", b""])
def test_something_else_listens(line: bytes) -> None:
    with answers(line) as port:
        found = check(Target(host="127.0.0.1", port=port))
    assert Level.PROBLEM in worse(found).values()


# TLS.


def test_over_tls(tls_front: TLSFront) -> None:
    found = named(check(tls_front.target()))
    assert found["tls"] == Finding("tls", Level.OK, "TLS is used.")
    assert {found[name].level for name in ("set", "get", "delete", "lua")} == {Level.OK}


def test_certificate_of_nobody_known(tls_front: TLSFront) -> None:
    assert "set REDIS_CA_FILE" in only(check(tls_front.target(ca_file="")))


def test_certificate_of_another_host(tls_front: TLSFront) -> None:
    assert "for another host name" in only(check(tls_front.target(host="127.0.0.1")))


def test_tls_is_wanted_and_not_spoken(tls_front: TLSFront) -> None:
    assert "rediss://" in only(check(tls_front.target(tls=False)))


def test_tls_is_spoken_and_not_wanted(redis_server: RedisServer) -> None:
    assert "use redis:// in the URL" in only(check(Target(host="127.0.0.1", port=redis_server.port, tls=True)))


@pytest.mark.parametrize(
    ("target", "level"),
    [
        (Target(host="127.0.0.1"), Level.OK),
        (Target(host="::1"), Level.OK),
        (Target(host="localhost"), Level.OK),
        (Target(host="10.0.0.5"), Level.WARNING),
        (Target(host="redis.example"), Level.WARNING),
        (Target(host="redis.example", tls=True), Level.OK),
        (Target(sentinels=(("localhost", 1), ("b", 2)), master="m"), Level.WARNING),
    ],
)
def test_where_tls_is_needed(target: Target, level: Level) -> None:
    assert redis_check.tls(target).level == level


# What is found in one that answers.


@pytest.mark.parametrize("policy", ["allkeys-lru", "allkeys-random", "volatile-lru", "volatile-ttl"])
def test_a_policy_that_evicts(redis_with: Starter, policy: str) -> None:
    found = check(redis_with("appendonly yes", f"maxmemory-policy {policy}").target)
    assert worse(found) == {"policy": Level.PROBLEM}
    assert policy in named(found)["policy"].sentence


def test_policy_where_config_is_refused(redis_with: Starter) -> None:
    """INFO says it as well."""
    server = redis_with("appendonly yes", "maxmemory-policy allkeys-lru", 'rename-command CONFIG ""')
    assert worse(check(server.target)) == {"policy": Level.PROBLEM}


def test_policy_where_info_is_refused(redis_with: Starter) -> None:
    server = redis_with("appendonly yes", "maxmemory-policy allkeys-lru", 'rename-command INFO ""')
    assert worse(check(server.target))["policy"] == Level.PROBLEM


def test_policy_is_unknown(redis_with: Starter) -> None:
    found = check(redis_with(*GOOD, 'rename-command CONFIG ""', 'rename-command INFO ""').target)
    unknown = dict.fromkeys(("version", "role", "policy", "persistence", "memory", "clients"), Level.WARNING)
    assert worse(found) == unknown
    assert "provider's page says noeviction" in named(found)["policy"].sentence


def test_where_a_user_may_not_ask(redis_with: Starter) -> None:
    server = redis_with(*GOOD)
    server.client.execute_command("ACL", "SETUSER", "app", "on", f">{SECRET}", "~*", "&*", "+@all", "-config", "-info")
    found = check(Target(host="127.0.0.1", port=server.port, username="app", password=SECRET))
    assert Level.PROBLEM not in worse(found).values()
    assert worse(found)["policy"] == Level.WARNING


def test_where_a_user_may_not_write(redis_with: Starter) -> None:
    server = redis_with(*GOOD)
    server.client.execute_command("ACL", "SETUSER", "app", "on", f">{SECRET}", "~*", "+@all", "-set")
    found = check(Target(host="127.0.0.1", port=server.port, username="app", password=SECRET))
    assert worse(found) == {"set": Level.PROBLEM}
    assert "its user may not do this" in named(found)["set"].sentence


def test_aof_is_off(redis_with: Starter) -> None:
    found = check(redis_with("appendonly no").target)
    assert worse(found) == {"persistence": Level.WARNING}
    assert "a restart of Redis loses" in named(found)["persistence"].sentence


def test_a_replica(redis_with: Starter) -> None:
    master = redis_with(*GOOD)
    replica = redis_with(*GOOD, f"replicaof 127.0.0.1 {master.port}")
    until(lambda: replica.client.info()["master_link_status"] == "up")
    found = check(replica.target)
    assert worse(found) == {"role": Level.PROBLEM, "set": Level.PROBLEM}
    assert "use the address of its master" in named(found)["role"].sentence
    assert "replica that cannot be written to" in named(found)["set"].sentence
    assert "with 1 replicas" in named(check(master.target))["role"].sentence


def test_memory_is_full(redis_with: Starter) -> None:
    server = redis_with(*GOOD)
    server.client.config_set("maxmemory", "1")
    found = check(server.target)
    assert worse(found) == {"set": Level.PROBLEM, "memory": Level.WARNING}
    assert "memory is full" in named(found)["set"].sentence


def test_lua_is_disabled(redis_with: Starter) -> None:
    assert worse(check(redis_with(*GOOD, 'rename-command EVAL ""').target)) == {"lua": Level.PROBLEM}


def test_nearly_too_many_clients(redis_with: Starter) -> None:
    server = redis_with(*GOOD, "maxclients 4")
    held = [server.client for _i in range(3)]
    assert all(client.ping() for client in held[:3])
    assert worse(check(server.target)) == {"clients": Level.WARNING}


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("5.0.14", Level.PROBLEM),
        ("6.0.20", Level.WARNING),
        ("6.2.0", Level.OK),
        ("8.2.1", Level.OK),
        ("255.255.255", Level.OK),
        ("", Level.WARNING),
        ("unstable", Level.WARNING),
    ],
)
def test_version(said: str, level: Level) -> None:
    assert redis_check.version({"redis_version": said}).level == level


@pytest.mark.parametrize(("mode", "says"), [("sentinel", "REDIS_SENTINELS"), ("cluster", "single Redis")])
def test_another_kind_of_redis(mode: str, says: str) -> None:
    finding = redis_check.role({"redis_mode": mode, "role": "master"}, Target(host="h"))
    assert (finding.level, says in finding.sentence) == (Level.PROBLEM, True)


def test_aof_that_cannot_be_written() -> None:
    assert redis_check.persistence({"aof_enabled": 1, "aof_last_write_status": "err"}).level == Level.PROBLEM


def test_a_cache_that_does_not_evict() -> None:
    assert redis_check.cache_policy("noeviction").level == Level.WARNING


# At the start of a process.


def test_logged(redis_with: Starter, caplog: pytest.LogCaptureFixture) -> None:
    server, log = redis_with("appendonly no", "maxmemory-policy allkeys-lru"), logging.getLogger("scout.worker")
    log_troubles(log, server.target, Target(host="127.0.0.1", port=1, password=SECRET))
    assert [(r.levelname, r.getMessage().split(":")[0]) for r in caplog.records] == [
        ("ERROR", "redis policy"),
        ("WARNING", "redis persistence"),
        ("ERROR", "redis cache reachable"),
    ]
    assert SECRET not in caplog.text


def test_a_worker_says_it_and_goes_on(live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    worked: list[object] = []
    monkeypatch.setattr(SearchWorker, "work", lambda self, **options: worked.append(self))
    call_command("worker", "search")
    assert [r.levelname for r in caplog.records if "redis persistence" in r.getMessage()] == ["WARNING"]
    assert len(worked) == 1


@pytest.mark.django_db
def test_follow_says_it_and_goes_on(redis_with: Starter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    redis_is(monkeypatch, redis_with("maxmemory-policy allkeys-lru").target)
    followed: list[object] = []
    monkeypatch.setattr(Follower, "run", lambda self: followed.append(self))
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    call_command("follow")
    assert [r.levelname for r in caplog.records if "redis policy" in r.getMessage()] == ["ERROR"]
    assert len(followed) == 1


def test_nothing_is_logged_where_all_is_well(redis_with: Starter, caplog: pytest.LogCaptureFixture) -> None:
    target = redis_with(*GOOD).target
    log_troubles(logging.getLogger("scout.worker"), target, target)
    assert caplog.records == []


def test_not_configured_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    log_troubles(logging.getLogger("scout.follow"), None, None)
    assert [r.levelname for r in caplog.records] == ["ERROR"]
    assert "Redis is not configured" in caplog.text


def test_ca_file_that_went_away(tls_front: TLSFront, tmp_path: Path) -> None:
    """Settings look at it, but it may be deleted later."""
    assert only(check(tls_front.target(ca_file=str(tmp_path / "gone.pem"))))
