"""What becomes of a run that did not start. Whoever does not hold the row changes nothing."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import redis
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from searches.platforms.apify import Busy, NotFound, Refused
from searches.query import Query
from searches.search import putback, upstream
from searches.search.cancel import cancel
from searches.search.models import Run, Search, Status
from searches.search.start import claim
from tests.cast import Cast
from tests.conftest import Engine
from tests.search.steps import TIKTOK, ask, platform, queued_jobs, redis_away, run_of, set_row, started

FULL = Busy("rate-limit-exceeded", "slow down", 429)


def claimed(cast: Cast) -> Run:
    """A run whose start is on its way."""
    ask(cast.alice)
    return claim(TIKTOK)[0][0]


def now(run: Run) -> Run:
    return Run.objects.get(pk=run.pk)


def test_it_works(cast: Cast, live_redis: redis.Redis) -> None:
    run, before = claimed(cast), timezone.now()
    putback.busy(run, FULL)
    put = now(run)
    assert (put.status, put.pushbacks, put.attempts, put.intent_at, put.lease_until) == (Status.QUEUED, 1, 0, None, None)
    assert before + timedelta(seconds=1) <= put.not_before <= timezone.now() + timedelta(seconds=1.25)
    assert Search.objects.get().status == Status.QUEUED


@given(st.integers(0, 10_000))
def test_waits_double_up_to_a_limit_and_are_not_all_the_same(pushbacks: int) -> None:
    base = min(2**pushbacks, 8) if pushbacks < 10 else 8
    assert base <= putback.backoff(pushbacks) <= base * 1.25


def test_rows_pushed_back_together_do_not_come_back_together() -> None:
    assert len({putback.backoff(3) for _ in range(50)}) > 40


OUTCOMES: dict[str, Callable[[Run], None]] = {
    "requeue": lambda run: putback.requeue(run, 0),
    "busy": lambda run: putback.busy(run, FULL),
    "retry": lambda run: putback.retry(run, "upstream-unreachable", "x"),
    "refuse": lambda run: putback.refuse(run, Refused("invalid-input", "no", 400)),
    "unknown": lambda run: putback.unknown(run, "x"),
    "fail": lambda run: putback.fail(run, "rate-limited", "x"),
}


@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=OUTCOMES)
def test_who_does_not_hold_the_row_changes_nothing(cast: Cast, live_redis: redis.Redis, outcome: Callable[[Run], None]) -> None:
    run = claimed(cast)
    set_row(now(run), fence=9)
    before = Run.objects.values().get()
    outcome(run)
    assert Run.objects.values().get() == before
    assert Search.objects.get().status == Status.QUEUED


@pytest.mark.parametrize("name", ["requeue", "busy", "retry", "refuse", "fail"])
def test_of_a_run_that_was_left_nothing_goes_on(cast: Cast, live_redis: redis.Redis, name: str) -> None:
    run = claimed(cast)
    cancel(Search.objects.get())
    OUTCOMES[name](now(run))
    assert (now(run).status, bool(now(run).finished_at)) == (Status.CANCELLED, True)
    assert claim(TIKTOK)[0] == []


@pytest.mark.parametrize("name", ["requeue", "busy", "retry"])
def test_a_run_that_was_left_while_it_was_sent_is_not_queued_again(cast: Cast, live_redis: redis.Redis, name: str) -> None:
    run = claimed(cast)
    cancel(Search.objects.get())
    OUTCOMES[name](run)  # as the worker that claimed it knows it: before it was left
    assert now(run).status == Status.CANCELLED


def test_the_limit_of_pushbacks_is_the_platforms(cast: Cast, live_redis: redis.Redis) -> None:
    platform(max_pushbacks=0)
    run = claimed(cast)
    putback.busy(run, FULL)
    assert (now(run).status, now(run).error_type) == (Status.FAILED, "rate-limited")
    assert Search.objects.get().status == Status.FAILED


def test_tries_of_real_failures(cast: Cast, live_redis: redis.Redis, settings: Settings) -> None:
    settings.WORKER_MAX_RETRIES, settings.WORKER_RETRY_DELAY = 1, 5_000
    run = claimed(cast)
    putback.retry(run, "upstream-unreachable", "x")
    put = now(run)
    assert (put.status, put.attempts, put.pushbacks) == (Status.QUEUED, 1, 0)
    assert put.not_before > timezone.now() + timedelta(seconds=4)
    set_row(put, status=Status.STARTING)
    putback.retry(put, "upstream-unreachable", "no way " * 200)
    put = now(run)
    assert (put.status, put.error_type, len(put.error_detail)) == (Status.FAILED, "upstream-unreachable", 500)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (Refused("user-or-token-not-found", "", 401), "upstream-auth"),
        (Refused("anything-new", "", 402), "upstream-credit"),
        (Refused("platform-feature-disabled", "", 403), "upstream-credit"),
        (Refused("anything-new", "", 403), "upstream-access"),
        (NotFound("record-or-token-not-found", "", 404), "upstream-access"),
        (Refused("http-418", "", 418), "upstream-input"),
    ],
)
def test_what_a_refusal_means(cast: Cast, live_redis: redis.Redis, error: Refused, kind: str) -> None:
    platform(fallback="")
    run = claimed(cast)
    putback.refuse(run, error)
    assert (now(run).status, now(run).error_type) == (Status.FAILED, kind)


def test_failing_ends_the_searches_of_all_who_wait(cast: Cast, live_redis: redis.Redis) -> None:
    platform(fallback="")
    run = claimed(cast)
    ask(cast.bob)
    left = cancel(ask(cast.charlie))
    putback.fail(run, "upstream-input", "x")
    assert set(Search.objects.exclude(pk=left.pk).values_list("status", flat=True)) == {Status.FAILED}
    assert Search.objects.get(pk=left.pk).status == Status.CANCELLED


# Strays.


def test_a_stray_that_cannot_be_aborted_at_once_is_tried_again(engine: Engine, cast: Cast) -> None:
    run = claimed(cast)
    stray = upstream.apify().start(run.actor, {"searchQueries": ["x"], "resultsPerPage": 1}, {})
    engine.sandbox.faults({"on": "abort", "kind": "error", "status": 500, "times": 2})
    putback.abort_stray(run, stray.id)
    assert now(run).duplicates == 1
    assert engine.sandbox.stats()["aborts"] == 1


def test_a_stray_that_cannot_be_aborted_at_all_is_counted(engine: Engine, cast: Cast) -> None:
    run = claimed(cast)
    putback.abort_stray(run, "nosuchrun")
    engine.sandbox.faults({"on": "abort", "kind": "drop"})
    putback.abort_stray(run, "nosuchrun")
    assert now(run).duplicates == 2


def test_ring_cancelled_rings_only_for_those_that_were_left(engine: Engine, cast: Cast) -> None:
    left, kept = started(cast.alice, "left"), started(cast.bob, "kept")
    set_row(run_of(left), cancelling=True)
    engine.redis.flushall()
    putback.ring_cancelled([run_of(left).pk, run_of(kept).pk])
    assert queued_jobs(engine.redis) == [f"search.abort_run {run_of(left).pk}"]


def test_without_redis_rows_are_put_back_all_the_same(cast: Cast, live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    run = claimed(cast)
    with redis_away(monkeypatch):
        putback.ring_cancelled([run.pk])
        putback.busy(run, FULL)
    assert now(run).status == Status.QUEUED


def test_rows_ask_what_was_asked(cast: Cast, live_redis: redis.Redis) -> None:
    assert claimed(cast).asked == Query("립스틱", TIKTOK, "7days")
