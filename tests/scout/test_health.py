"""/healthz and /readyz."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from scout import health
from searches.cache import breaker as breakers
from searches.platforms.models import Platform
from searches.search.models import Lease
from tests.mongo import documents_at
from tests.redis_server import without_redis
from tests.waiting import until

__all__ = ["without_redis"]


@pytest.fixture(autouse=True)
def _forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr(health, "_troubles", (float("-inf"), ""))


@pytest.fixture
def everything(db: None, live_redis: redis.Redis) -> redis.Redis:
    """A worker that lives, and somebody who follows."""
    live_redis.sadd("rq:workers:search", "rq:worker:a")
    live_redis.hset("rq:worker:a", "birth", "now")
    Lease.objects.create(name="follow:tiktok", holder="x", until=timezone.now() + timedelta(seconds=30))
    return live_redis


def ready() -> tuple[int, dict[str, str]]:
    response = Client().get("/readyz")
    told = response.json()
    assert told["ready"] is (response.status_code == 200)
    return response.status_code, told["missing"]


def test_it_works(everything: redis.Redis) -> None:
    assert Client().get("/healthz").content == b"ok\n"
    assert ready() == (200, {})


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_monitors_may_ask_by_head_and_nobody_may_post(everything: redis.Redis, path: str) -> None:
    assert Client().head(path).status_code == 200
    assert Client().post(path).status_code == 405


def test_alive_asks_nobody(without_redis: None) -> None:
    assert Client().get("/healthz").status_code == 200


# What is missing is named, with what to do about it.


def test_no_worker(everything: redis.Redis) -> None:
    everything.srem("rq:workers:search", "rq:worker:a")
    status, missing = ready()
    assert (status, list(missing)) == (503, ["worker"])
    assert "bin/manage worker search" in missing["worker"]


def test_worker_that_died_without_a_word(everything: redis.Redis) -> None:
    everything.delete("rq:worker:a")
    assert list(ready()[1]) == ["worker"]


def test_one_of_two_workers_is_enough(everything: redis.Redis) -> None:
    everything.sadd("rq:workers:search", "rq:worker:dead")
    assert ready() == (200, {})


@pytest.mark.parametrize("until", [timedelta(seconds=-1), timedelta(days=-1)])
def test_nobody_follows(everything: redis.Redis, until: timedelta) -> None:
    Lease.objects.update(until=timezone.now() + until)
    status, missing = ready()
    assert (status, list(missing)) == (503, ["follow"])
    assert "bin/manage follow" in missing["follow"]


def test_nobody_needs_to_follow_where_nothing_is_searched(everything: redis.Redis) -> None:
    Lease.objects.all().delete()
    Platform.objects.update(enabled=False)
    assert ready() == (200, {})


def test_redis_is_away(everything: redis.Redis, without_redis: None) -> None:
    status, missing = ready()
    assert (status, set(missing)) == (503, {"redis", "worker"})
    assert "Redis does not answer" in missing["redis"]


def test_database_is_away(everything: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **values: Any) -> None:
        raise OperationalError("could not connect: password=hunter2")

    with monkeypatch.context() as away:
        away.setattr(connection, "cursor", fail)
        response = Client().get("/readyz")
    assert response.status_code == 503
    assert set(response.json()["missing"]) == {"database", "follow"}
    assert "hunter2" not in response.content.decode()


def test_migrations_are_missing(everything: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda self, targets: ["one"])
    status, missing = ready()
    assert (status, list(missing)) == (503, ["database"])
    assert "bin/manage prepare" in missing["database"]


def test_migrations_are_looked_at_until_they_are_there(everything: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda self, targets: looked.append(targets))
    for _i in range(3):
        ready()
    assert len(looked) == 1


def warnings() -> tuple[int, dict[str, str]]:
    response = Client().get("/readyz")
    return response.status_code, response.json()["warnings"]


def test_warnings_of_redis(everything: redis.Redis) -> None:
    """They make nothing unready."""
    everything.config_set("maxmemory-policy", "allkeys-lru")
    try:
        status, told = warnings()
    finally:
        everything.config_set("maxmemory-policy", "noeviction")
    assert status == 200
    assert "maxmemory-policy is allkeys-lru" in told["redis"]
    assert "AOF is off" in told["redis"]


def test_redis_is_looked_at_once_a_minute(everything: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[object] = []
    monkeypatch.setattr(health, "troubles", lambda *targets: looked.append(targets) or [])
    for _i in range(3):
        assert warnings() == (200, {})
    assert len(looked) == 1
    monkeypatch.setattr(health, "_troubles", (health._troubles[0] - health.TROUBLES_SECONDS, ""))
    warnings()
    assert len(looked) == 2


def test_what_is_missing_is_not_warned_of(everything: redis.Redis, without_redis: None) -> None:
    assert "redis" not in warnings()[1]


def test_no_secrets(everything: redis.Redis, without_redis: None) -> None:
    assert "redis://" not in Client().get("/readyz").content.decode()


# What Scout does without for now.


def test_mongodb_is_away(everything: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scout is ready all the same, and nobody waits for MongoDB's time-out."""
    asked: list[str] = []
    read = breakers.read
    monkeypatch.setattr(breakers, "read", lambda alias: (asked.append(alias), read(alias)))
    with documents_at("mongodb://somebody:hunter2@127.0.0.1:1/scout?serverSelectionTimeoutMS=100"):
        until(lambda: "documents" in Client().get("/readyz").json()["warnings"])
        told = [Client().get("/readyz") for _i in range(3)]
    assert [(t.status_code, t.json()["missing"]) for t in told] == [(200, {})] * 3
    sentence = "MongoDB does not answer: answers are kept in the main database meanwhile."
    assert [t.json()["warnings"]["documents"] for t in told] == [sentence] * 3
    assert asked == ["documents"]
    assert "documents" not in Client().get("/readyz").json()["warnings"]
