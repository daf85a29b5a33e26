"""POST /hooks/apify: a run has ended, or so it is said."""

import json
from typing import Any

import pytest
import redis
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from searches.query import parse
from searches.search.models import Run, Search, Status
from searches.search.submit import submit
from searches.search.upstream import apify
from tests.cast import Cast
from tests.conftest import Engine
from tests.redis_server import without_redis
from tests.rows import make_run, make_search
from tests.waiting import until

__all__ = ["without_redis"]

URL = "/hooks/apify"


def ring(run_id: Any, token: str | None = "hook-secret", **extra: Any) -> HttpResponse:
    body = json.dumps({"eventType": "ACTOR.RUN.SUCCEEDED", "eventData": {"actorRunId": run_id}})
    headers = {"X-Scout-Token": token} if token is not None else {}
    return Client(enforce_csrf_checks=True).post(URL, body, content_type="application/json", headers=headers, **extra)


@pytest.fixture
def running(cast: Cast, live_redis: redis.Redis) -> Run:
    run = make_run(status=Status.RUNNING, upstream_id="up-1")
    make_search(cast.alice, run, status=Status.RUNNING)
    return run


def status(run: Run) -> str:
    run.refresh_from_db()
    return str(run.status)


def test_it_works(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0.05)
    submit(cast.alice, parse("메이크업"))
    engine.work()
    run = Run.objects.get()
    until(lambda: apify().get(run.upstream_id).ended)
    response = ring(run.upstream_id)
    assert (response.status_code, response.content) == (204, b"")
    assert status(run) == Status.COLLECTING
    engine.work()
    assert (status(run), Search.objects.get().status) == (Status.COMPLETED, Status.COMPLETED)


# The secret.


@pytest.mark.parametrize("token", [None, "", "wrong", "hook-secre", "hook-secret ", "HOOK-SECRET", "훅"])
def test_without_the_secret(running: Run, token: str | None) -> None:
    assert ring("up-1", token and token.encode().decode("latin-1")).status_code == 403
    assert status(running) == Status.RUNNING


def test_no_secret_is_set(running: Run, settings: Any) -> None:
    """Then nobody knows it: an empty one does not open the door."""
    settings.WEBHOOK_SECRET = ""
    for token in ("", None, "hook-secret"):
        assert ring("up-1", token).status_code == 403
    assert status(running) == Status.RUNNING


def test_secret_in_the_address_does_not_count(running: Run) -> None:
    response = Client().post(f"{URL}?token={settings.WEBHOOK_SECRET}", "{}", content_type="application/json")
    assert response.status_code == 403


# What is rung.


def test_repeated(running: Run, live_redis: redis.Redis) -> None:
    assert [ring("up-1").status_code for _i in range(3)] == [204, 204, 204]
    assert status(running) == Status.COLLECTING
    assert live_redis.llen("rq:queue:search") == 1


def test_unknown_run(running: Run, live_redis: redis.Redis) -> None:
    assert ring("somebody-elses").status_code == 204
    assert (status(running), live_redis.llen("rq:queue:search")) == (Status.RUNNING, 0)


@pytest.mark.parametrize("ended", [Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.QUEUED])
def test_run_that_is_not_running(running: Run, ended: Status) -> None:
    Run.objects.update(status=ended)
    assert ring("up-1").status_code == 204
    assert status(running) == ended


@pytest.mark.parametrize("run_id", [None, 5, "", "x" * 65, ["up-1"], {"$ne": ""}, True, "up-1\x00"])
def test_nonsense_for_a_run(running: Run, run_id: Any) -> None:
    assert ring(run_id).status_code == 204
    assert status(running) == Status.RUNNING


@pytest.mark.parametrize(
    "body", [" ", "{", "[]", "null", "5", '{"eventData": null}', '{"eventData": []}', "[" * 50_000, b"\xff", '{"eventData":' * 9_000]
)
def test_nonsense_for_a_body(running: Run, body: str | bytes) -> None:
    response = Client().post(URL, body, content_type="application/json", headers={"X-Scout-Token": "hook-secret"})
    assert response.status_code == 204
    assert status(running) == Status.RUNNING


@pytest.mark.parametrize("length", [str(300_000), "9" * 5_000, "", "x", "²", "-1"])
def test_size(running: Run, length: str) -> None:
    assert ring("up-1", CONTENT_LENGTH=length).status_code == 413
    assert status(running) == Status.RUNNING


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_only_post(method: str) -> None:
    assert Client().generic(method, URL, headers={"X-Scout-Token": "hook-secret"}).status_code == 405


# It is only a hint.


def test_hint_that_lies(engine: Engine, cast: Cast) -> None:
    """The run has not ended: it is read through the API, and goes on."""
    submit(cast.alice, parse("메이크업"))
    engine.work()
    run = Run.objects.get()
    assert ring(run.upstream_id).status_code == 204
    assert status(run) == Status.COLLECTING
    engine.work()
    assert (status(run), Search.objects.get().status) == (Status.RUNNING, Status.RUNNING)


def test_without_redis_follow_takes_it_up(running: Run, without_redis: None) -> None:
    assert ring("up-1").status_code == 204
    assert status(running) == Status.COLLECTING
