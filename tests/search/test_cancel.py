"""Leaving: at once for the person, and for the run when nobody else wants it. Whatever state it is in."""

import pytest
import redis

from searches.accounts.models import User
from searches.cache.memory import memory
from searches.cache.models import CachedAnswer
from searches.query import parse
from searches.search.abort import abort_run
from searches.search.cancel import cancel
from searches.search.collect import collect_due
from searches.search.models import ACTIVE, Run, Search, Status
from searches.search.start import claim, start_due
from searches.search.submit import submit
from tests.cast import Cast, make_cast
from tests.conftest import Engine
from tests.sandbox_control import Sandbox
from tests.search.steps import THREADS, TIKTOK, ask, at_once, collected, known, over, queued_jobs, redis_away, run_of, set_row, started


def groups_rung(said: "redis.client.PubSub") -> list[str]:
    """The groups that were told something, by name."""
    names = []
    while message := said.get_message(timeout=0.1):
        if message["type"] == "pmessage":
            names.append(message["channel"].decode().rsplit("__", 1)[1])
    return names


def test_it_works(engine: Engine, cast: Cast) -> None:
    search = started(cast.alice)
    engine.redis.flushall()
    left = cancel(search)
    assert (left.status, bool(left.finished_at)) == (Status.CANCELLED, True)
    run = run_of(search)
    assert (run.status, run.cancelling) == (Status.RUNNING, True)
    assert queued_jobs(engine.redis) == [f"search.abort_run {run.pk}"]
    engine.work()
    run.refresh_from_db()
    assert run.abort_sent_at
    assert engine.sandbox.stats()["aborts"] == 1


# In each state.


def test_queued(engine: Engine, cast: Cast) -> None:
    search = cancel(ask(cast.alice))
    run = run_of(search)
    assert (search.status, run.status, bool(run.finished_at)) == (Status.CANCELLED, Status.CANCELLED, True)
    assert start_due(TIKTOK) == 0
    assert engine.sandbox.stats()["startCalls"] == 0


def test_starting(engine: Engine, cast: Cast) -> None:
    search = ask(cast.alice)
    claim(TIKTOK)
    cancel(search)
    run = run_of(search)
    assert (search.status, run.status, run.cancelling) == (Status.CANCELLED, Status.STARTING, True)
    assert not abort_run(run.pk)


def test_collecting_is_read_to_its_end_because_it_is_paid_for(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    search = started(cast.alice)
    over(search)
    cancel(search)
    run = run_of(search)
    assert (search.status, run.status, run.cancelling) == (Status.CANCELLED, Status.COLLECTING, False)
    collect_due(TIKTOK)
    run.refresh_from_db()
    search.refresh_from_db()
    assert (run.status, search.status, search.item_count) == (Status.COMPLETED, Status.CANCELLED, 0)


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.FAILED, Status.CANCELLED])
def test_what_has_ended_stays_as_it_is_and_nobody_is_told_otherwise(engine: Engine, cast: Cast, status: Status) -> None:
    search = ask(cast.alice)
    set_row(run_of(search), status=status)
    set_row(search, status=status)
    with engine.redis.pubsub() as said:
        said.psubscribe("scout__group__*")
        said.get_message(timeout=1)
        assert cancel(search).status == status
        told = groups_rung(said)
    assert told == ([f"search.{search.pk}"] if status == Status.CANCELLED else [])
    assert run_of(search).status == status


def test_twice_is_once(engine: Engine, cast: Cast) -> None:
    search = started(cast.alice)
    first = cancel(search).finished_at
    engine.redis.flushall()
    assert cancel(search).finished_at == first
    assert queued_jobs(engine.redis) == []
    abort_run(run_of(search).pk)
    abort_run(run_of(search).pk)
    assert engine.sandbox.stats()["aborts"] == 1


def test_other_pages_of_the_same_person_are_told(engine: Engine, cast: Cast) -> None:
    search = started(cast.alice)
    with engine.redis.pubsub() as said:
        said.psubscribe("scout__group__*")
        said.get_message(timeout=1)
        cancel(search)
        assert set(groups_rung(said)) == {f"search.{search.pk}", f"run.{run_of(search).pk}"}


# Others.


@pytest.mark.parametrize("state", ["queued", "running"])
def test_others_keep_the_run_and_the_last_to_leave_stops_it(engine: Engine, cast: Cast, state: str) -> None:
    searches = [ask(person) for person in (cast.alice, cast.bob, cast.charlie)]
    if state == "running":
        start_due(TIKTOK)
    for search in searches[:2]:
        cancel(search)
        run = run_of(search)
        assert (run.status, run.cancelling) == (state, False)
    searches[2].refresh_from_db()
    assert searches[2].status == state
    cancel(searches[2])
    run.refresh_from_db()
    assert (run.status == Status.CANCELLED) if state == "queued" else run.cancelling


def test_a_run_that_others_wait_for_ends_for_them_alone(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    left, kept = ask(cast.alice), ask(cast.bob)
    start_due(TIKTOK)
    cancel(left)
    collected(kept)
    for search in (left, kept):
        search.refresh_from_db()
    assert (left.status, kept.status) == (Status.CANCELLED, Status.COMPLETED)


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_refresh_is_not_stopped(engine: Engine, cast: Cast, state: str) -> None:
    """It serves whoever asks next; that somebody joined it changes nothing of that."""
    known("립스틱", age_seconds=2 * 86_400)
    submit(cast.bob, parse("립스틱", TIKTOK, "7days"))
    run = Run.objects.get()
    start_due(TIKTOK)
    CachedAnswer.objects.all().delete()
    memory.clear()
    search = ask(cast.alice)
    assert run_of(search) == run
    if state == "queued":
        set_row(run, status=Status.QUEUED, reason=Run.Reason.REFRESH)
    cancel(search)
    run.refresh_from_db()
    assert (run.status, run.cancelling) == (state, False)


def test_asking_again_after_leaving_is_a_new_run_while_the_old_one_stops(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(abort_seconds=0)
    first = started(cast.alice)
    cancel(first)
    again = ask(cast.alice)
    start_due(TIKTOK)
    assert run_of(again) != run_of(first)
    assert run_of(again).status == Status.RUNNING
    engine.settle()
    assert (run_of(first).status, run_of(again).status) == (Status.CANCELLED, Status.RUNNING)


def test_the_whole_way(engine: Engine, cast: Cast) -> None:
    """Left while running: stopped at Apify, seen by follow, counted."""
    engine.sandbox.set(run_seconds=2, abort_seconds=0)
    search = started(cast.alice)
    cancel(search)
    for _round in range(4):
        engine.settle(1)
    run = run_of(search)
    assert (run.status, run.upstream_status, run.error_type) == (Status.CANCELLED, "ABORTED", "aborted")
    assert run.usage_usd is not None
    assert not Run.objects.filter(status__in=ACTIVE).exists()
    search.refresh_from_db()
    assert search.status == Status.CANCELLED


def test_a_search_on_two_runs_leaves_both(cast: Cast, live_redis: redis.Redis) -> None:
    search, shared = ask(cast.alice, "one"), ask(cast.bob, "two")
    search.runs.add(run_of(shared))
    cancel(search)
    assert sorted(search.runs.values_list("query", "status")) == [("one", Status.CANCELLED), ("two", Status.QUEUED)]


def test_without_redis(cast: Cast, monkeypatch: pytest.MonkeyPatch, live_redis: redis.Redis) -> None:
    search = ask(cast.alice)
    set_row(run_of(search), status=Status.RUNNING, upstream_id="x")
    with redis_away(monkeypatch):
        assert cancel(search).status == Status.CANCELLED
    assert run_of(search).cancelling


# Races.


@THREADS
def test_the_last_two_leave_at_the_same_moment(live_redis: redis.Redis, sandbox: Sandbox) -> None:
    people = [User.objects.create(username=f"p{i}") for i in range(4)]
    searches = [ask(person) for person in people]
    start_due(TIKTOK)
    assert [s.status for s in at_once(*[lambda s=s: cancel(s) for s in searches])] == [Status.CANCELLED] * 4
    assert Run.objects.get().cancelling


@THREADS
def test_leaving_and_joining_at_the_same_moment(live_redis: redis.Redis, sandbox: Sandbox) -> None:
    cast = make_cast()
    for i in range(4):
        search = started(cast.alice, f"q{i}")
        at_once(lambda s=search: cancel(s), lambda i=i: ask(cast.bob, f"q{i}"))
        joined = Search.objects.get(user=cast.bob, query=f"q{i}")
        run = run_of(joined)
        assert not run.cancelling
        assert run.status in (Status.RUNNING, Status.QUEUED)


@THREADS
def test_leaving_and_being_started_at_the_same_moment(live_redis: redis.Redis) -> None:
    person = User.objects.create(username="p")
    for i in range(4):
        search = ask(person, f"q{i}")
        at_once(lambda s=search: cancel(s), lambda: claim(TIKTOK))
        run = run_of(search)
        assert (run.status, run.cancelling) in [(Status.CANCELLED, False), (Status.STARTING, True)]
