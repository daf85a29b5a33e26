"""Handing rows to workers: what ended, once; and again whatever is overdue."""

from collections.abc import Iterable

import pytest
import redis

from searches.platforms.models import Platform
from searches.search import handover
from searches.search.cancel import cancel
from searches.search.models import Run, Search, Status
from tests.cast import Cast
from tests.conftest import Engine
from tests.search.steps import TIKTOK, ago, ask, platform, queued_jobs, redis_away, run_of, set_row, started


def rung(client: redis.Redis, *queues: str) -> set[str]:
    """What was put on the queues since the last look; bells and queues are then empty again."""
    jobs: Iterable[str] = [job for name in queues or ("search", "warm") for job in queued_jobs(client, name)]
    client.flushall()
    return set(jobs)


def overdue(client: redis.Redis) -> set[str]:
    client.flushall()
    handover.overdue(Platform.objects.get(pk=TIKTOK))
    return rung(client)


def test_it_works(engine: Engine, cast: Cast) -> None:
    run = run_of(started(cast.alice))
    set_row(run, attempts=2)
    rung(engine.redis)
    assert handover.ended([run.upstream_id, "unknown"]) == 1
    run.refresh_from_db()
    assert (run.status, run.lease_until, run.attempts) == (Status.COLLECTING, None, 0)
    assert rung(engine.redis) == {f"search.collect_run {run.pk}"}
    assert handover.ended([run.upstream_id]) == 0
    assert rung(engine.redis) == set()


@pytest.mark.parametrize("status", [s for s in Status if s != Status.RUNNING])
def test_only_running_runs_can_end_upstream(cast: Cast, live_redis: redis.Redis, status: Status) -> None:
    run = run_of(ask(cast.alice))
    set_row(run, status=status, upstream_id="abc")
    assert handover.ended(["abc"]) == 0
    run.refresh_from_db()
    assert run.status == status


def test_an_empty_id_means_nobody(cast: Cast, live_redis: redis.Redis) -> None:
    ask(cast.alice)
    assert handover.ended([""]) == 0
    assert handover.ended([]) == 0


# Overdue.


def test_queued_runs_whose_time_has_come(cast: Cast, live_redis: redis.Redis) -> None:
    due, later, left = ask(cast.alice, "due"), ask(cast.alice, "later"), ask(cast.alice, "left")
    set_row(run_of(later), not_before=ago(-60))
    cancel(left)
    assert overdue(live_redis) == {f"search.start_run {run_of(due).pk}"}


def test_refreshes_go_to_their_own_queue(cast: Cast, live_redis: redis.Redis) -> None:
    person, refresh = run_of(ask(cast.alice, "a")), run_of(ask(cast.alice, "b"))
    set_row(refresh, priority=1, reason=Run.Reason.REFRESH)
    live_redis.flushall()
    handover.overdue(Platform.objects.get(pk=TIKTOK))
    assert queued_jobs(live_redis, "search") == [f"search.start_run {person.pk}"]
    assert queued_jobs(live_redis, "warm") == [f"search.start_run {refresh.pk}"]


def test_nothing_is_rung_while_no_slot_is_free(cast: Cast, live_redis: redis.Redis) -> None:
    platform(slots=1)
    busy = ask(cast.alice, "a")
    ask(cast.alice, "b")
    for status in (Status.STARTING, Status.RUNNING):
        set_row(run_of(busy), status=status, lease_until=ago(-60))
        assert overdue(live_redis) == set()
    set_row(run_of(busy), status=Status.COLLECTING)
    assert len(overdue(live_redis)) == 1


def test_nothing_is_rung_for_a_platform_that_is_disabled_but_what_runs_is_brought_to_its_end(cast: Cast, live_redis: redis.Redis) -> None:
    waits, ended = ask(cast.alice, "a"), ask(cast.alice, "b")
    set_row(run_of(ended), status=Status.COLLECTING)
    platform(enabled=False)
    assert overdue(live_redis) == {f"search.collect_run {run_of(ended).pk}"}
    assert run_of(waits).status == Status.QUEUED


def test_lost_starts(cast: Cast, live_redis: redis.Redis) -> None:
    run = run_of(ask(cast.alice))
    set_row(run, status=Status.STARTING, lease_until=ago(-5))
    assert overdue(live_redis) == set()
    set_row(run, lease_until=ago(1))
    assert overdue(live_redis) == {f"search.start_run {run.pk}"}


def test_runs_to_collect_that_nobody_holds(cast: Cast, live_redis: redis.Redis) -> None:
    run = run_of(ask(cast.alice))
    for lease, due in ((None, True), (ago(1), True), (ago(-5), False)):
        set_row(run, status=Status.COLLECTING, lease_until=lease)
        assert bool(overdue(live_redis)) is due


def test_runs_to_stop(cast: Cast, live_redis: redis.Redis) -> None:
    run = run_of(ask(cast.alice))
    set_row(run, status=Status.RUNNING, cancelling=True, upstream_id="x")
    for sent, due in ((None, True), (ago(31), True), (ago(5), False)):
        set_row(run, abort_sent_at=sent)
        assert overdue(live_redis) == ({f"search.abort_run {run.pk}"} if due else set())
    set_row(run, cancelling=False, abort_sent_at=None)
    assert overdue(live_redis) == set()


def test_a_run_that_goes_well_is_left_alone(engine: Engine, cast: Cast) -> None:
    started(cast.alice)
    assert overdue(engine.redis) == set()


def test_one_job_for_many_rows(cast: Cast, live_redis: redis.Redis) -> None:
    """A job brings the rest along."""
    platform(slots=200)
    first = run_of(ask(cast.alice))
    rows = [
        Run(answer_key=f"k{i}", query="q", platform=TIKTOK, date_range="all", actor=first.actor, turn=i + 1, status=status)
        for i, status in enumerate([Status.QUEUED] * 99 + [Status.COLLECTING] * 100)
    ]
    Run.objects.bulk_create(rows)
    jobs = overdue(live_redis)
    assert len([job for job in jobs if "start_run" in job]) == 2
    assert len([job for job in jobs if "collect_run" in job]) == 2
    assert f"search.start_run {first.pk}" in jobs


def test_other_platforms_are_not_touched(cast: Cast, live_redis: redis.Redis) -> None:
    set_row(run_of(ask(cast.alice)), platform="elsewhere")
    assert overdue(live_redis) == set()


def test_a_bell_is_not_rung_twice_within_two_seconds(cast: Cast, live_redis: redis.Redis) -> None:
    ask(cast.alice)
    row = Platform.objects.get(pk=TIKTOK)
    for _pass in range(3):
        handover.overdue(row)
    assert len(queued_jobs(live_redis)) == 1


def test_without_redis_nothing_raises_and_rows_move_on(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(started(cast.alice))
    ask(cast.bob, "waits")
    with redis_away(monkeypatch):
        assert handover.ended([run.upstream_id]) == 1
        handover.overdue(Platform.objects.get(pk=TIKTOK))
    run.refresh_from_db()
    assert run.status == Status.COLLECTING


# Orphans.


def test_searches_whose_runs_have_all_ended_are_found(cast: Cast, live_redis: redis.Redis) -> None:
    search = ask(cast.alice)
    set_row(run_of(search), status=Status.COMPLETED)
    assert handover.orphans() == []  # it may be ended this very moment
    set_row(search, created_at=ago(20))
    assert handover.orphans() == [run_of(search).pk]
    for status in (Status.QUEUED, Status.STARTING, Status.RUNNING, Status.COLLECTING):
        set_row(run_of(search), status=status)
        assert handover.orphans() == []
    set_row(run_of(search), status=Status.FAILED)
    cancel(search)
    assert handover.orphans() == []


def test_a_search_that_still_waits_for_another_run_is_none(cast: Cast, live_redis: redis.Redis) -> None:
    search, other = ask(cast.alice, "a"), ask(cast.alice, "b")
    search.runs.add(run_of(other))
    set_row(search, created_at=ago(20))
    Run.objects.filter(query="a").update(status=Status.FAILED)
    assert handover.orphans() == []
    Run.objects.filter(query="b").update(status=Status.FAILED)
    assert len(handover.orphans()) == 2
    assert Search.objects.get(pk=search.pk).status == Status.QUEUED
