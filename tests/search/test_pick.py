"""Which due runs may start, and where they go, while actors are suspended."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone

from searches.accounts.models import User
from searches.platforms import health
from searches.platforms.models import ActorHealth, Platform
from searches.query import parse
from searches.search.cancel import cancel
from searches.search.models import Run, Search, Status
from searches.search.start import claim, start_due
from searches.search.submit import Placed, submit
from tests.cast import Cast
from tests.conftest import Engine
from tests.search.steps import THREADS, TIKTOK, ask, at_once, platform, run_of, set_row

FIRST, SECOND = "clockworks/tiktok-scraper", "apidojo/tiktok-scraper"
DOUYIN, DOUYINS = "douyin", "natanielsantos/douyin-scraper"


def suspend(actor: str, seconds: float = 60, **values: Any) -> None:
    """Suspended for that long still; below 0 its time is over, and no canary has gone yet."""
    until = timezone.now() + timedelta(seconds=seconds)
    ActorHealth.objects.update_or_create(actor=actor, defaults={"suspended_until": until, "reason": "blocked"} | values)


def order(person: User, *texts: str, on: str = TIKTOK) -> list[Run]:
    runs = []
    for text in texts:
        placed = submit(person, parse(text, on, "all"))
        assert isinstance(placed, Placed)
        runs += placed.runs
    return runs


def claimed(name: str = TIKTOK) -> list[tuple[str, str]]:
    """What may start now: query and actor, as it is in the database."""
    runs, _platform = claim(name)
    stored = Run.objects.in_bulk([run.pk for run in runs])
    assert all(stored[run.pk].actor == run.actor for run in runs)
    assert {stored[run.pk].status for run in runs} <= {Status.STARTING}
    return [(run.query, run.actor) for run in runs]


def canary(actor: str) -> int | None:
    return ActorHealth.objects.get(pk=actor).canary


def test_it_works(cast: Cast, live_redis: redis.Redis) -> None:
    order(cast.alice, "a", "b", "c", on=DOUYIN)
    suspend(DOUYINS)
    assert claimed(DOUYIN) == []
    suspend(DOUYINS, -1)
    assert claimed(DOUYIN) == [("a", DOUYINS)]
    assert claimed(DOUYIN) == [], "the others wait until it has come back"
    health.release(DOUYINS)
    assert claimed(DOUYIN) == [("b", DOUYINS), ("c", DOUYINS)]


def test_while_nobody_is_suspended_nothing_changes(cast: Cast, live_redis: redis.Redis) -> None:
    order(cast.alice, "a", "b")
    assert claimed() == [("a", FIRST), ("b", FIRST)]


def test_a_suspended_actors_runs_go_to_the_fall_back(cast: Cast, live_redis: redis.Redis) -> None:
    order(cast.alice, "a", "b")
    suspend(FIRST)
    assert claimed() == [("a", SECOND), ("b", SECOND)]


def test_one_goes_ahead_and_the_others_to_the_fall_back(cast: Cast, live_redis: redis.Redis) -> None:
    order(cast.alice, "a", "b", "c")
    suspend(FIRST, -1)
    assert claimed() == [("a", FIRST), ("b", SECOND), ("c", SECOND)]
    order(cast.alice, "d")
    assert claimed() == [("d", SECOND)]


def test_with_the_fall_back_suspended_too_everything_waits(cast: Cast, live_redis: redis.Redis) -> None:
    order(cast.alice, "a", "b")
    suspend(FIRST)
    suspend(SECOND)
    assert claimed() == []
    suspend(FIRST, -1)
    assert claimed() == [("a", FIRST)]


def test_runs_that_have_gone_to_a_suspended_fall_back_wait_and_others_do_not(cast: Cast, live_redis: redis.Redis) -> None:
    moved, _other = order(cast.alice, "a", "b")
    set_row(moved, actor=SECOND)
    suspend(SECOND)
    assert claimed() == [("b", FIRST)]
    suspend(SECOND, -1)
    assert claimed() == [("a", SECOND)]


def test_other_platforms_are_untouched(cast: Cast, live_redis: redis.Redis) -> None:
    for name in (TIKTOK, DOUYIN, "xiaohongshu"):
        order(cast.alice, "a", on=name)
    suspend(DOUYINS)
    assert [len(claimed(name)) for name in (TIKTOK, DOUYIN, "xiaohongshu")] == [1, 0, 1]


def test_a_try_out_passes(cast: Cast, live_redis: redis.Redis) -> None:
    """Staff want to see how the actor does, and its end says nothing about the suspension."""
    run, _other = order(cast.alice, "try", "b")
    set_row(run, reason=Run.Reason.TRY, answer_key="try:x")
    platform(fallback="")
    suspend(FIRST)
    assert claimed() == [("try", FIRST)]


def test_a_try_out_is_not_sent_to_the_fall_back_and_is_no_canary(cast: Cast, live_redis: redis.Redis) -> None:
    run, other = order(cast.alice, "try", "b")
    set_row(run, reason=Run.Reason.TRY, answer_key="try:x")
    suspend(FIRST, -1)
    assert sorted(claimed()) == [("b", FIRST), ("try", FIRST)]
    assert canary(FIRST) == other.pk


# The canary.


def test_the_canary_is_whose_turn_it_is(cast: Cast, live_redis: redis.Redis) -> None:
    runs = order(cast.alice, "a", "b", on=DOUYIN)
    set_row(runs[0], priority=1)
    suspend(DOUYINS, -1)
    assert claimed(DOUYIN) == [("b", DOUYINS)]


def test_a_canary_that_was_put_back_goes_ahead_again_when_it_is_due(cast: Cast, live_redis: redis.Redis) -> None:
    first, _second = order(cast.alice, "a", "b", on=DOUYIN)
    suspend(DOUYINS, -1)
    claimed(DOUYIN)
    set_row(first, status=Status.QUEUED, not_before=timezone.now() + timedelta(seconds=60), pushbacks=1)
    assert claimed(DOUYIN) == [], "nobody overtakes it"
    set_row(first, not_before=timezone.now())
    assert claimed(DOUYIN) == [("a", DOUYINS)]


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.FAILED, Status.COMPLETED])
def test_where_a_canary_came_to_nothing_the_next_goes(cast: Cast, live_redis: redis.Redis, status: Status) -> None:
    """It was cancelled, or failed for want of credit: nothing was learnt of the actor."""
    first, second = order(cast.alice, "a", "b", on=DOUYIN)
    suspend(DOUYINS, -1)
    claimed(DOUYIN)
    set_row(first, status=status)
    assert claimed(DOUYIN) == [("b", DOUYINS)]
    assert canary(DOUYINS) == second.pk


def test_a_canary_that_is_being_cancelled_is_not_waited_for(cast: Cast, live_redis: redis.Redis) -> None:
    first, _second = order(cast.alice, "a", "b", on=DOUYIN)
    suspend(DOUYINS, -1)
    claimed(DOUYIN)
    set_row(first, status=Status.RUNNING, upstream_id="x")
    cancel(Search.objects.get(query="a"))
    assert claimed(DOUYIN) == [("b", DOUYINS)]


def test_a_canary_that_the_fall_back_has_taken_over_is_none_any_more(cast: Cast, live_redis: redis.Redis) -> None:
    first, _second = order(cast.alice, "a", "b")
    suspend(FIRST, -1)
    platform(slots=1)
    assert claimed() == [("a", FIRST)]
    set_row(first, status=Status.QUEUED, actor=SECOND)
    platform(slots=5)
    assert sorted(claimed()) == [("a", SECOND), ("b", FIRST)]


def test_no_run_due_no_canary(cast: Cast, live_redis: redis.Redis) -> None:
    suspend(DOUYINS, -1)
    assert claimed(DOUYIN) == []
    assert canary(DOUYINS) is None


# Slots and order.


@pytest.mark.parametrize("slots", [1, 2, 3])
def test_slots_are_kept_with_two_canaries(cast: Cast, live_redis: redis.Redis, slots: int) -> None:
    runs = order(cast.alice, *"abcd")
    set_row(runs[3], actor=SECOND)
    suspend(FIRST, -1)
    suspend(SECOND, -1)
    platform(slots=slots)
    assert len(claimed()) == min(slots, 2)
    platform(slots=10)
    claimed()
    started = Run.objects.filter(status=Status.STARTING).values_list("query", "actor")
    assert sorted(started) == [("a", FIRST), ("d", SECOND)], "one of each, whichever began"


def test_the_order_is_fair_on_the_way_round_too(cast: Cast, live_redis: redis.Redis) -> None:
    order(cast.alice, "a0", "a1", "a2")
    order(cast.bob, "b0")
    platform(slots=2)
    suspend(FIRST)
    assert claimed() == [("a0", SECOND), ("b0", SECOND)]


# Two workers at the same moment.


@THREADS
def test_two_workers_at_the_same_moment_send_one_canary(engine: Engine) -> None:
    people = [User.objects.create(username=f"p{i}") for i in range(6)]
    for i, person in enumerate(people):
        order(person, f"q{i}", on=DOUYIN)
    suspend(DOUYINS, -1)
    tried = at_once(*[lambda: start_due(DOUYIN)] * 4)
    assert sorted(tried) == [0, 0, 0, 1]
    assert engine.sandbox.stats()["startCalls"] == 1
    assert Run.objects.filter(status=Status.RUNNING).count() == 1


# With an upstream that answers.


@THREADS
@pytest.mark.parametrize(("kind", "open"), [("", True), ("failed", False)])
def test_what_the_canary_finds_opens_or_closes_the_way(engine: Engine, kind: str, open: bool) -> None:
    """Through the engine: suspended by a refusal, its time over, one goes, and its end decides."""
    person = User.objects.create(username="p")
    engine.sandbox.set(run_seconds=0)
    engine.sandbox.faults({"on": "start", "kind": "error", "type": "actor-is-not-rented", "times": 1})
    order(person, "refused", on=DOUYIN)
    engine.work()
    assert (Search.objects.get().status, set(health.suspended())) == (Status.FAILED, {DOUYINS})
    order(person, "a", "b", on=DOUYIN)
    engine.settle()
    assert engine.sandbox.stats()["starts"] == 0
    engine.sandbox.faults(*([{"on": "start", "kind": kind}] if kind else []))
    ActorHealth.objects.update(suspended_until=timezone.now() - timedelta(seconds=1))
    engine.settle(6)
    ends = dict(Search.objects.values_list("query", "status"))
    if open:
        assert (ends["a"], ends["b"], health.suspended()) == (Status.COMPLETED, Status.COMPLETED, {})
    else:
        assert (ends["a"], ends["b"]) == (Status.FAILED, Status.QUEUED)
        assert (ActorHealth.objects.get().trips, canary(DOUYINS)) == (2, None)
        assert engine.sandbox.stats()["starts"] == 1


def test_who_waits_for_a_suspended_actor_may_leave(cast: Cast, live_redis: redis.Redis) -> None:
    suspend(DOUYINS)
    run = order(cast.alice, "a", on=DOUYIN)[0]
    cancel(Search.objects.get())
    run.refresh_from_db()
    assert run.status == Status.CANCELLED


def test_a_platform_that_is_disabled_sends_no_canary(cast: Cast, live_redis: redis.Redis) -> None:
    order(cast.alice, "a", on=DOUYIN)
    Platform.objects.filter(name=DOUYIN).update(enabled=False)
    suspend(DOUYINS, -1)
    assert claimed(DOUYIN) == []
    assert canary(DOUYINS) is None


def test_what_is_asked_meanwhile_is_one_run_as_ever(cast: Cast, live_redis: redis.Redis) -> None:
    suspend(FIRST)
    assert run_of(ask(cast.alice)) == run_of(ask(cast.bob))


def test_a_platform_that_is_disabled_starts_try_outs_only(cast: Cast, live_redis: redis.Redis) -> None:
    """Staff try an actor before they open its platform."""
    run, _other = order(cast.alice, "try", "b", on=DOUYIN)
    set_row(run, reason=Run.Reason.TRY, answer_key="try:x")
    Platform.objects.filter(name=DOUYIN).update(enabled=False)
    assert claimed(DOUYIN) == [("try", DOUYINS)]
