"""Following: what ended is handed over once, what is overdue is rung again, and whatever is emptied or dies, all ends."""

import logging
import math
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError

from searches.cache.models import CachedAnswer
from searches.platforms.apify import Busy
from searches.platforms.models import Platform
from searches.search import follow, upstream
from searches.search.abort import abort_run
from searches.search.cancel import cancel
from searches.search.collect import collect_due
from searches.search.follow import Follower, Told, drop_leases, take_lease
from searches.search.follow import ask as ask_upstream
from searches.search.models import ACTIVE, OPEN, Lease, Run, Search, Status
from searches.search.seek import seek_lost
from searches.search.start import claim, start_due
from tests.cast import Cast
from tests.conftest import Engine
from tests.search.steps import THREADS, TIKTOK, ago, ask, at_once, over, platform, queued_jobs, redis_away, run_of, set_row, started


def test_it_works(engine: Engine, cast: Cast) -> None:
    ended, going = started(cast.alice, "ended"), started(cast.alice, "going")
    upstream.apify().abort(run_of(ended).upstream_id)
    engine.redis.flushall()
    until_over(ended)
    before = engine.sandbox.stats()["getCalls"]
    engine.follow()
    assert (run_of(ended).status, run_of(going).status) == (Status.COLLECTING, Status.RUNNING)
    assert queued_jobs(engine.redis) == [f"search.collect_run {run_of(ended).pk}"]
    engine.follow()
    assert len(queued_jobs(engine.redis)) == 1
    assert engine.sandbox.stats()["getCalls"] == before  # all of it from the list


def until_over(search: Search) -> None:
    """An abort takes the sandbox a fifth of a second."""
    for _look in range(40):
        if upstream.apify().get(run_of(search).upstream_id).ended:
            return
        time.sleep(0.02)


def test_one_list_call_tells_of_all_runs_of_an_actor(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    for i in range(5):
        ask(cast.alice, f"a{i}")
    platform(actor="apidojo/tiktok-scraper")
    ask(cast.alice, "b")
    start_due(TIKTOK)
    engine.follow()
    assert Run.objects.filter(status=Status.COLLECTING).count() == 6
    stats = engine.sandbox.stats()
    assert (stats["listCalls"], stats["getCalls"]) == (2, 0)


def test_with_nothing_to_watch_nobody_is_asked(engine: Engine, cast: Cast) -> None:
    ask(cast.alice)
    engine.follow()
    assert engine.sandbox.stats()["listCalls"] == 0


# A run that the list does not show.


def test_a_run_that_the_list_does_not_show_is_asked_for_by_itself(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    search = started(cast.alice)
    set_row(run_of(search), actor="clockworks/free-tiktok-scraper")  # whose list it is not in
    engine.follow()
    assert (run_of(search).status, engine.sandbox.stats()["getCalls"]) == (Status.RUNNING, 0)
    set_row(run_of(search), started_at=ago(11))
    engine.follow()
    assert (run_of(search).status, engine.sandbox.stats()["getCalls"]) == (Status.COLLECTING, 1)


def test_a_run_that_apify_does_not_know_ends_as_lost(engine: Engine, cast: Cast) -> None:
    search = started(cast.alice)
    set_row(run_of(search), started_at=ago(11), upstream_id="RnosuchrunRnosuch")
    engine.follow()
    set_row(run_of(search), attempts=2)
    collect_due(TIKTOK)
    search.refresh_from_db()
    run = run_of(search)
    assert (run.status, run.error_type, search.status) == (Status.FAILED, "upstream-lost", Status.FAILED)


@pytest.mark.parametrize("rule", [{"kind": "error", "status": 500}, {"kind": "error", "status": 429}, {"kind": "drop"}, {"kind": "html"}])
def test_one_run_that_cannot_be_asked_for_does_not_keep_the_others_from_their_end(engine: Engine, cast: Cast, rule: dict[str, Any]) -> None:
    engine.sandbox.set(run_seconds=0)
    searches = [started(cast.alice, text) for text in ("one", "odd", "two")]
    set_row(run_of(searches[1]), started_at=ago(11), upstream_id="RnosuchrunRnosuch")
    engine.sandbox.faults({"on": "get", **rule})
    engine.follow()
    assert [run_of(search).status for search in searches] == [Status.COLLECTING, Status.RUNNING, Status.COLLECTING]


def test_a_run_that_we_may_not_see_is_handed_over(engine: Engine, cast: Cast) -> None:
    search = started(cast.alice)
    set_row(run_of(search), started_at=ago(11), upstream_id="RnosuchrunRnosuch")
    engine.sandbox.faults({"on": "get", "kind": "error", "type": "insufficient-permissions"})
    engine.follow()
    assert run_of(search).status == Status.COLLECTING


# When the list cannot be had.


@pytest.mark.parametrize("kind", ["drop", "html", "truncated"])
def test_a_list_that_cannot_be_read_concludes_nothing(engine: Engine, cast: Cast, kind: str) -> None:
    engine.sandbox.set(run_seconds=0)
    search = started(cast.alice)
    engine.sandbox.faults({"on": "list", "kind": kind})
    engine.follow()
    assert run_of(search).status == Status.RUNNING
    engine.sandbox.faults()
    engine.follow()
    assert run_of(search).status == Status.COLLECTING


def test_errors_back_off_and_the_first_answer_ends_that(engine: Engine, cast: Cast) -> None:
    follower = Follower()
    failed = Told("an/actor", [], [], Busy("rate-limit-exceeded", "", 429))
    waits = []
    for _error in range(6):
        follower._settle(failed)
        waits.append(math.ceil(follower._not_before["an/actor"] - time.monotonic()))
    assert waits == [1, 2, 4, 8, 10, 10]
    follower._ask([Run(actor="an/actor", upstream_id="x")])
    assert follower._asking == {}
    follower._settle(Told("an/actor", [], []))
    follower._settle(failed)
    assert follower._not_before["an/actor"] - time.monotonic() <= 1
    follower.threads.shutdown()


def test_ask_never_raises_what_apify_says(engine: Engine) -> None:
    engine.sandbox.faults({"on": "list", "kind": "error", "status": 503})
    told = ask_upstream("clockworks/tiktok-scraper", {"x": ago(60)})
    assert told.error
    assert (told.runs, told.missing) == ([], [])


def test_a_list_of_several_pages(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(follow, "_PAGE", 2)
    engine.sandbox.set(run_seconds=0)
    for i in range(5):
        ask(cast.alice, f"a{i}")
    start_due(TIKTOK)
    engine.follow()
    assert Run.objects.filter(status=Status.COLLECTING).count() == 5


# The loop.


def test_the_loop_outlives_a_database_that_is_away(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.sandbox.set(run_seconds=0)
    search = started(cast.alice)
    monkeypatch.setattr(follow, "PASS_SECONDS", 0.05)
    monkeypatch.setattr(follow, "close_old_connections", lambda: None)  # it would end the test's transaction
    follower = Follower()
    ended, one_pass, calls = follow.handover.ended, follower.one_pass, []

    def fail_once(name: str, then: Any) -> Any:
        def call(*args: Any) -> Any:
            calls.append(name)
            if calls.count(name) == 1:
                raise DatabaseError("gone away")
            if name == "ended":
                follower.stopping = True
            return then(*args)

        return call

    monkeypatch.setattr(follow.handover, "ended", fail_once("ended", ended))
    monkeypatch.setattr(follower, "one_pass", fail_once("pass", one_pass))
    follower.run()
    assert run_of(search).status == Status.COLLECTING


def test_the_loop_leaves_when_told(engine: Engine) -> None:
    follower = Follower()
    follower.stopping = True
    follower.run()


# Leases.


def test_a_lease_is_held_by_one_until_it_runs_out(db: None) -> None:
    assert take_lease("follow:tiktok", "me")
    assert not take_lease("follow:tiktok", "you")
    assert take_lease("follow:tiktok", "me")
    assert take_lease("follow:douyin", "you")
    Lease.objects.update(until=ago(1))
    assert take_lease("follow:tiktok", "you")
    assert not take_lease("follow:tiktok", "me")
    drop_leases("you")
    assert take_lease("follow:tiktok", "me")


@THREADS
def test_a_free_lease_goes_to_one() -> None:
    assert at_once(*[lambda i=i: take_lease("follow:x", f"f{i}") for i in range(4)]).count(True) == 1
    Lease.objects.update(until=ago(1))
    assert at_once(*[lambda i=i: take_lease("follow:x", f"g{i}") for i in range(4)]).count(True) == 1


def test_who_does_not_hold_the_lease_does_nothing(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    search = started(cast.alice)
    take_lease("follow:tiktok", "another")
    engine.follow()
    assert run_of(search).status == Status.RUNNING
    Lease.objects.update(until=ago(1))
    engine.follow()
    assert run_of(search).status == Status.COLLECTING


def test_two_followers_at_once_hand_over_once(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    search = started(cast.alice)
    engine.redis.flushall()
    told = ask_upstream(run_of(search).actor, {run_of(search).upstream_id: run_of(search).started_at or ago(0)})
    one, two = Follower(), Follower()
    one._settle(told)
    two._settle(told)
    assert len(queued_jobs(engine.redis)) == 1
    for follower in (one, two):
        follower.threads.shutdown()


# The nets below.


def test_orphans_are_ended_and_told(engine: Engine, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    search = ask(cast.alice)
    set_row(run_of(search), status=Status.COMPLETED, items_found=3)
    set_row(search, created_at=ago(20))
    with caplog.at_level(logging.ERROR):
        engine.follow()
    search.refresh_from_db()
    assert (search.status, search.item_count) == (Status.COMPLETED, 3)
    assert "waited for runs that had ended" in caplog.text


def test_a_search_whose_run_was_deleted_ends_and_can_be_asked_again(engine: Engine, cast: Cast) -> None:
    search = ask(cast.alice)
    run_of(search).delete()
    engine.follow()
    search.refresh_from_db()
    assert search.status == Status.QUEUED  # it may be being written this very moment
    set_row(search, created_at=ago(20))
    engine.follow()
    search.refresh_from_db()
    assert (search.status, bool(search.finished_at)) == (Status.FAILED, True)
    assert ask(cast.alice) != search


def test_a_disabled_platforms_runs_are_followed_to_their_end(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    search = started(cast.alice)
    platform(enabled=False)
    engine.follow()
    collect_due(TIKTOK)
    search.refresh_from_db()
    assert search.status == Status.COMPLETED


# Whatever happens, all end.


def at_every_stage(engine: Engine, cast: Cast) -> list[Search]:
    """Searches in every state a search can be in, some of them cut off by a kill -9."""
    queued, waiting = ask(cast.bob, "queued"), ask(cast.bob, "waiting")
    set_row(run_of(waiting), not_before=ago(-60))
    running = started(cast.alice, "running")  # with it all that were queued
    Run.objects.filter(query="queued").update(status=Status.QUEUED, upstream_id="", intent_at=None)
    lost = ask(cast.alice, "lost")
    engine.sandbox.faults({"on": "start", "kind": "created-then-drop", "match": "lost"})
    start_due(TIKTOK)
    unsent = ask(cast.alice, "unsent")
    claim(TIKTOK)
    left = started(cast.charlie, "left")
    cancel(left)
    ended = started(cast.charlie, "ended")
    over(ended)
    held = started(cast.charlie, "held")
    set_row(over(held), lease_until=ago(-40), fence=9)  # a collector that died with it
    return [queued, waiting, running, lost, unsent, ended, held]


def time_passes() -> None:
    """As if every lease and every waiting time had run out, and every start were beyond doubt."""
    Run.objects.filter(status__in=ACTIVE).update(lease_until=ago(1), not_before=ago(1))
    Run.objects.filter(status=Status.STARTING).update(intent_at=ago(30))


@pytest.mark.parametrize("emptied", [False, True])
def test_everything_ends_whatever_was_cut_off_and_whatever_was_emptied(engine: Engine, cast: Cast, emptied: bool) -> None:
    engine.sandbox.set(run_seconds=0)
    platform(slots=50)
    searches = at_every_stage(engine, cast)
    for _round in range(4):
        if emptied:
            engine.redis.flushall()
        time_passes()
        engine.settle(1)
    for search in searches:
        search.refresh_from_db()
        assert (search.query, search.status) == (search.query, Status.COMPLETED)
    assert not Run.objects.filter(status__in=ACTIVE).exists()
    stats = engine.sandbox.stats()
    assert {query: n for query, n in stats["startsPerQuery"].items() if n > 1} in ({}, {"queued": 2})  # the one the test took back


TROUBLE = [
    {"on": "start", "kind": "created-then-drop", "pattern": "..x.x"},
    {"on": "start", "kind": "error", "status": 429, "pattern": ".x..x.."},
    {"on": "start", "kind": "error", "status": 500, "pattern": "...x"},
    {"on": "list", "kind": "error", "status": 500, "pattern": ".x"},
    {"on": "record", "kind": "truncated", "pattern": "..x"},
    {"on": "items", "kind": "broken-off", "pattern": "x.."},
    {"on": "get", "kind": "drop", "pattern": ".x."},
    {"on": "abort", "kind": "error", "status": 500, "pattern": ".x"},
]


@pytest.mark.parametrize("seed", range(6))
def test_trouble_everywhere_in_any_order_and_nothing_is_lost_or_paid_twice(engine: Engine, cast: Cast, seed: int) -> None:
    dice = random.Random(seed)
    engine.sandbox.set(run_seconds=0 if seed % 2 else 0.05, abort_seconds=0)
    engine.sandbox.faults(*dice.sample(TROUBLE, len(TROUBLE)))
    platform(slots=4, actor=dice.choice(["clockworks/tiktok-scraper", "clockworks/free-tiktok-scraper"]))
    people = [cast.alice, cast.bob, cast.charlie]
    steps: list[Callable[[], object]] = [
        lambda: ask(dice.choice(people), f"q{dice.randrange(5)}", dice.choice(["7days", "all"])) if more_to_ask() else None,
        lambda: start_due(TIKTOK),
        lambda: seek_lost(TIKTOK),
        lambda: collect_due(TIKTOK),
        lambda: claim(TIKTOK),  # and the worker dies
        follow_now,
        engine.redis.flushall,
        time_passes,
        lambda: cancel(dice.choice(Search.objects.order_by("created_at"))) if Search.objects.exists() else None,
        lambda: [abort_run(run.pk) for run in Run.objects.filter(cancelling=True)],
    ]
    for _step in range(80):
        dice.choices(steps, [4, 4, 2, 3, 1, 3, 1, 2, 1, 2])[0]()
    engine.sandbox.faults()
    for _round in range(40):
        time_passes()
        for step in (steps[1], steps[2], steps[3], steps[-1], follow_now):
            step()
        if not Run.objects.filter(status__in=ACTIVE).exists():
            break
        time.sleep(0.02)
    assert not Run.objects.filter(status__in=ACTIVE).exists()
    assert not Search.objects.filter(status__in=OPEN).exists()
    rows = list(Run.objects.exclude(upstream_id="").values_list("upstream_id", flat=True))
    assert len(rows) == len(set(rows))
    assert engine.sandbox.stats()["starts"] == len(rows)
    assert set(CachedAnswer.objects.values_list("key", flat=True)) >= set(
        Run.objects.filter(status=Status.COMPLETED).values_list("answer_key", flat=True)
    )


def follow_now() -> None:
    """One pass of a follower that has just come up, without its pauses."""
    follower = Follower()
    follower.one_pass()
    while follower._asking:
        follower._take_in(1)
    follower.threads.shutdown()


def more_to_ask() -> bool:
    """What is known is not asked again: it would be no order."""
    return not CachedAnswer.objects.exists()


def test_without_redis_runs_are_followed_all_the_same(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    engine.sandbox.set(run_seconds=0)
    search = started(cast.alice)
    with redis_away(monkeypatch):
        engine.follow()
    assert run_of(search).status == Status.COLLECTING
    engine.settle(2)
    search.refresh_from_db()
    assert search.status == Status.COMPLETED


def test_every_platform_is_followed(engine: Engine) -> None:
    engine.follow()
    assert set(Lease.objects.values_list("name", flat=True)) == {f"follow:{p.name}" for p in Platform.objects.all()}
