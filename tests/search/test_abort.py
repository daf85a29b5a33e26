"""Stopping at Apify what nobody waits for: asked until it is heard, harmless when repeated or too late."""

from typing import Any

import pytest
import redis

from searches.platforms.models import Platform
from searches.search import handover
from searches.search.abort import abort_run
from searches.search.cancel import cancel
from searches.search.models import Run, Status
from searches.search.upstream import apify
from tests.cast import Cast
from tests.conftest import Engine
from tests.search.steps import TIKTOK, collected, queued_jobs, run_of, set_row, started


def left(cast: Cast) -> Run:
    search = started(cast.alice)
    cancel(search)
    return run_of(search)


def test_it_works(engine: Engine, cast: Cast) -> None:
    run = left(cast)
    assert abort_run(run.pk)
    run.refresh_from_db()
    assert (run.status, bool(run.abort_sent_at)) == (Status.RUNNING, True)
    assert apify().get(run.upstream_id).status in {"ABORTING", "ABORTED"}


def test_a_run_that_somebody_wants_is_not_stopped(engine: Engine, cast: Cast) -> None:
    run = run_of(started(cast.alice))
    assert not abort_run(run.pk)
    assert not abort_run(999_999)
    assert engine.sandbox.stats()["aborts"] == 0


@pytest.mark.parametrize("status", [s for s in Status if s != Status.RUNNING])
def test_only_what_runs_can_be_stopped(engine: Engine, cast: Cast, status: Status) -> None:
    run = left(cast)
    set_row(run, status=status)
    assert not abort_run(run.pk)
    assert engine.sandbox.stats()["calls"].get("abort", 0) == 0


def test_twice_is_harmless(engine: Engine, cast: Cast) -> None:
    run = left(cast)
    assert abort_run(run.pk)
    assert abort_run(run.pk)
    assert engine.sandbox.stats()["aborts"] == 1


def test_too_late_is_harmless_and_the_answer_stands(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    search = started(cast.alice)
    cancel(search)
    assert abort_run(run_of(search).pk)
    assert (collected(search).status, run_of(search).upstream_status) == (Status.COMPLETED, "SUCCEEDED")


@pytest.mark.parametrize("rule", [{"kind": "error", "status": 500}, {"kind": "error", "status": 429}, {"kind": "drop"}, {"kind": "html"}])
def test_an_abort_that_was_not_heard_is_asked_again(engine: Engine, cast: Cast, rule: dict[str, Any]) -> None:
    run = left(cast)
    engine.sandbox.faults({"on": "abort", "times": 1, **rule})
    assert not abort_run(run.pk)
    run.refresh_from_db()
    assert run.abort_sent_at is None
    engine.redis.flushall()
    handover.overdue(Platform.objects.get(pk=TIKTOK))
    assert queued_jobs(engine.redis) == [f"search.abort_run {run.pk}"]
    assert abort_run(run.pk)


def test_a_run_that_apify_does_not_know_is_not_asked_for_ever(engine: Engine, cast: Cast) -> None:
    run = left(cast)
    set_row(run, upstream_id="RnosuchrunRnosuch")
    assert abort_run(run.pk)
    run.refresh_from_db()
    assert run.abort_sent_at


def test_without_redis(engine: Engine, cast: Cast, live_redis: redis.Redis) -> None:
    run = left(cast)
    live_redis.flushall()
    assert abort_run(run.pk)
