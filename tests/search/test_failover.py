"""A run that its actor could not do goes to the platform's fall-back; who waits for it goes on waiting."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from searches.accounts.models import User
from searches.cache.lookup import find
from searches.platforms import health
from searches.platforms.models import ActorHealth, Platform
from searches.platforms.registry import ACTORS
from searches.search import live, results
from searches.search.cancel import cancel
from searches.search.collect import claim as claim_ended
from searches.search.collect import collect_due, write
from searches.search.failover import TAKEN_OVER, take_over
from searches.search.gather import gather
from searches.search.models import ACTIVE, Run, Search, Status
from searches.search.peek import Peeker, read_new
from searches.search.start import claim, start_due, threads
from searches.search.upstream import apify
from tests.cast import Cast
from tests.conftest import Engine
from tests.rows import make_run
from tests.search.steps import THREADS, TIKTOK, ask, at_once, over, platform, redis_away, run_of, set_row, started

FIRST, SECOND = "clockworks/tiktok-scraper", "apidojo/tiktok-scraper"
FIRSTS = "searchQueries"  # stands in the INPUT of the first actor, and not in the fall-back's


def ends(engine: Engine, *rules: dict[str, Any], seconds: float = 0) -> None:
    """From now on runs end at once; those that start go wrong by these rules."""
    engine.sandbox.set(run_seconds=seconds)
    engine.sandbox.faults(*({"on": "start"} | rule for rule in rules))


def until_over(search: Search) -> Run:
    """The search's run has ended upstream and waits to be collected."""
    while not apify().get(run_of(search).upstream_id).ended:
        pass
    return over(search)


def starts(engine: Engine) -> tuple[int, dict[str, int]]:
    """How many runs there are upstream, and which repeat another's actor and INPUT."""
    stats = engine.sandbox.stats()
    return stats["starts"], stats["duplicates"]


def test_it_works(engine: Engine, cast: Cast) -> None:
    ends(engine, {"kind": "failed", "match": FIRSTS})
    search = started(cast.alice)
    until_over(search)
    collect_due(TIKTOK)
    run = run_of(search)
    assert (run.status, run.actor, run.upstream_id, run.attempts, run.fence) == (Status.QUEUED, SECOND, "", 0, 2)
    engine.settle()
    search.refresh_from_db()
    run = run_of(search)
    assert (run.status, search.status, search.item_count) == (Status.COMPLETED, Status.COMPLETED, run.items_found)
    answer = find(run.answer_key)
    assert answer
    assert (answer.actor, answer.item_count) == (SECOND, 20)
    assert starts(engine) == (2, {})


# When.


@pytest.mark.parametrize("type", ["actor-is-not-rented", "insufficient-permissions", "record-or-token-not-found", "invalid-input"])
def test_a_start_that_is_refused_goes_to_the_fall_back(engine: Engine, cast: Cast, type: str) -> None:
    ends(engine, {"kind": "error", "type": type, "match": FIRSTS})
    search = ask(cast.alice)
    start_due(TIKTOK)
    assert (run_of(search).status, run_of(search).actor) == (Status.QUEUED, SECOND)
    engine.settle()
    search.refresh_from_db()
    assert (search.status, starts(engine)) == (Status.COMPLETED, (1, {}))


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"kind": "error", "type": "not-enough-usage-to-run-paid-actor"}, "upstream-credit"),
        ({"kind": "error", "type": "user-or-token-not-found"}, "upstream-auth"),
    ],
)
def test_what_all_actors_share_is_not_tried_with_another(engine: Engine, cast: Cast, rule: dict[str, Any], error: str) -> None:
    ends(engine, rule)
    search = ask(cast.alice)
    start_due(TIKTOK)
    assert (run_of(search).status, run_of(search).error_type, run_of(search).actor) == (Status.FAILED, error, FIRST)


def test_what_timed_out_is_not_paid_twice(engine: Engine, cast: Cast) -> None:
    ends(engine, {"kind": "timed-out"}, seconds=0.01)
    engine.sandbox.set(items=0)
    search = started(cast.alice)
    until_over(search)
    collect_due(TIKTOK)
    assert (run_of(search).status, run_of(search).error_type) == (Status.FAILED, "timed-out")


def test_failed_with_items_is_failed_as_it_is(engine: Engine, cast: Cast) -> None:
    ends(engine, {"kind": "failed", "items": 5, "match": FIRSTS})
    search = started(cast.alice)
    until_over(search)
    collect_due(TIKTOK)
    run = run_of(search)
    search.refresh_from_db()
    assert (run.status, run.actor, run.items_found, search.status) == (Status.FAILED, FIRST, 5, Status.FAILED)
    assert starts(engine) == (1, {})


def test_what_people_have_read_already_is_not_begun_anew(engine: Engine, cast: Cast) -> None:
    """Items were seen while it ran, and are not to be read any more: another actor's would come in their places."""
    ends(engine, {"kind": "failed", "match": FIRSTS})
    search = started(cast.alice)
    set_row(run_of(search), items_found=3)
    until_over(search)
    collect_due(TIKTOK)
    assert (run_of(search).status, run_of(search).actor) == (Status.FAILED, FIRST)


def test_failing_both_is_failing(engine: Engine, cast: Cast) -> None:
    ends(engine, {"kind": "failed"})
    search = ask(cast.alice)
    engine.settle(5)
    run = run_of(search)
    search.refresh_from_db()
    assert (run.status, run.actor, run.error_type, search.status) == (Status.FAILED, SECOND, "platform-blocked", Status.FAILED)
    assert starts(engine) == (2, {}), "there and not back again"


def test_without_a_fall_back(engine: Engine, cast: Cast) -> None:
    platform(fallback="")
    ends(engine, {"kind": "failed"})
    search = started(cast.alice)
    until_over(search)
    collect_due(TIKTOK)
    assert run_of(search).status == Status.FAILED


def test_a_suspended_fall_back_is_not_used(engine: Engine, cast: Cast) -> None:
    for until in (timezone.now() + timedelta(minutes=1), timezone.now() - timedelta(minutes=1)):
        ActorHealth.objects.update_or_create(actor=SECOND, defaults={"suspended_until": until})
        ends(engine, {"kind": "failed"})
        search = started(cast.alice)
        until_over(search)
        collect_due(TIKTOK)
        assert (run_of(search).status, run_of(search).actor) == (Status.FAILED, FIRST)


def test_what_is_being_cancelled_is_not_taken_over(engine: Engine, cast: Cast) -> None:
    ends(engine, {"kind": "failed"})
    search = started(cast.alice)
    run = run_of(search)
    cancel(search)
    while not apify().get(run.upstream_id).ended:
        pass
    set_row(run, status=Status.COLLECTING)
    collect_due(TIKTOK)
    run.refresh_from_db()
    assert (run.status, run.actor) == (Status.CANCELLED, FIRST)


def test_who_leaves_while_it_is_taken_over_leaves_nothing_running(engine: Engine, cast: Cast) -> None:
    ends(engine, {"kind": "failed", "match": FIRSTS})
    search = started(cast.alice)
    until_over(search)
    collect_due(TIKTOK)
    cancel(search)
    engine.settle()
    assert run_of(search).status == Status.CANCELLED
    assert starts(engine) == (1, {})


def test_a_try_out_is_not_taken_over(engine: Engine, cast: Cast) -> None:
    ends(engine, {"kind": "failed"})
    search = started(cast.alice)
    set_row(run_of(search), reason=Run.Reason.TRY)
    until_over(search)
    collect_due(TIKTOK)
    assert run_of(search).status == Status.FAILED
    assert not ActorHealth.objects.exists()


def test_a_run_of_another_actor_than_the_platforms_is_not_taken_over(engine: Engine, cast: Cast) -> None:
    """It went to what was the actor when it was asked: what that one's fall-back would have been nobody knows."""
    ends(engine, {"kind": "failed"})
    search = started(cast.alice)
    platform(actor="clockworks/free-tiktok-scraper")
    until_over(search)
    collect_due(TIKTOK)
    assert run_of(search).status == Status.FAILED


def test_a_platform_that_is_disabled_starts_nothing_more(engine: Engine, cast: Cast) -> None:
    ends(engine, {"kind": "failed"})
    search = started(cast.alice)
    platform(enabled=False)
    until_over(search)
    collect_due(TIKTOK)
    assert run_of(search).status == Status.FAILED


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.COMPLETED, Status.FAILED, Status.CANCELLED])
def test_only_what_somebody_holds_is_taken_over(db: None, status: Status) -> None:
    run = make_run(status=status)
    before = Run.objects.values().get()
    for error in TAKEN_OVER:
        assert not take_over(run, error)
    assert Run.objects.values().get() == before


# What it costs.


def test_what_the_first_actor_has_cost_is_counted(engine: Engine, cast: Cast) -> None:
    ends(engine, {"kind": "failed", "match": FIRSTS})
    search = started(cast.alice)
    first = until_over(search).upstream_id
    collect_due(TIKTOK)
    assert run_of(search).earlier_usd == apify().get(first).usage_usd
    engine.settle()
    run = run_of(search)
    spent = sum((apify().get(id).usage_usd or Decimal(0) for id in (first, run.upstream_id)), Decimal(0))
    assert run.earlier_usd > 0
    assert run.usage_usd == spent


def test_what_both_have_cost_is_counted_where_both_fail(engine: Engine, cast: Cast) -> None:
    ends(engine, {"kind": "failed"})
    search = started(cast.alice)
    first = until_over(search).upstream_id
    engine.settle(5)
    run = run_of(search)
    assert run.usage_usd == (apify().get(first).usage_usd or 0) + (apify().get(run.upstream_id).usage_usd or 0)


def test_a_start_that_was_refused_has_cost_nothing(engine: Engine, cast: Cast) -> None:
    ends(engine, {"kind": "error", "type": "actor-is-not-rented", "match": FIRSTS})
    search = ask(cast.alice)
    start_due(TIKTOK)
    assert run_of(search).earlier_usd == 0


# Who waits goes on waiting.


def test_everybody_who_waits_is_served(engine: Engine, cast: Cast) -> None:
    ends(engine, {"kind": "failed", "match": FIRSTS})
    searches = [ask(person) for person in (cast.alice, cast.bob, cast.charlie)]
    engine.settle(4)
    assert set(Search.objects.values_list("status", flat=True)) == {Status.COMPLETED}
    assert len({run_of(search).pk for search in searches}) == 1
    late = ask(cast.sam, "another")
    assert late.status == Status.QUEUED


def no_posts(monkeypatch: pytest.MonkeyPatch, actor: str = FIRST) -> None:
    """The rows of this actor tell of errors and not of posts."""
    monkeypatch.setitem(ACTORS, actor, replace(ACTORS[actor], to_item=lambda raw: None))


@pytest.mark.parametrize("watched", [True, False])
def test_rows_that_told_of_errors_take_no_posts_place(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch, watched: bool) -> None:
    """Actors push rows that tell of an error, and fail. Who has read so far reads every post of the fall-back all the same."""
    no_posts(monkeypatch)
    ends(engine, {"kind": "failed", "items": 5, "match": FIRSTS})
    search = started(cast.alice)
    until_over(search)
    cursor = 0
    if watched:
        read_new(run_of(search), 0)
        found, cursor = results.items_since(results.runs_of(search), 0, 100)
        assert found == []
    collect_due(TIKTOK)
    assert run_of(search).actor == SECOND
    _none, cursor = results.items_since(results.runs_of(search), cursor, 100)
    engine.settle()
    run = run_of(search)
    answer = find(run.answer_key)
    assert answer
    found, _end = results.items_since(results.runs_of(search), cursor, 100)
    assert (run.status, [item["id"] for item in found]) == (Status.COMPLETED, [item["id"] for item in answer.items()])
    assert len(found) == 20


def test_a_follower_that_was_reading_reads_on(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same process goes on with the new dataset: from its beginning."""
    no_posts(monkeypatch)
    ends(engine, {"kind": "failed", "items": 5, "match": FIRSTS})
    search = started(cast.alice)
    peeker = Peeker(threads())

    def look() -> None:
        live.watch(engine.redis, [run_of(search).pk])
        for place in peeker._places.values():
            place.next_at = 0
        peeker.look([], [run_of(search)])
        for future in peeker.futures():
            future.result(5)
        peeker.take_in()

    while not apify().get(run_of(search).upstream_id).ended:
        pass
    look()
    over(search)
    collect_due(TIKTOK)
    engine.sandbox.set(run_seconds=60)
    ends(engine, seconds=0)
    start_due(TIKTOK)
    for _look in range(3):
        look()
    found, _cursor = results.items_since(results.runs_of(search), 0, 100)
    assert (run_of(search).items_found, len(found)) == (20, 20)


# Twice at the same moment.


def test_two_collectors_take_it_over_once(engine: Engine, cast: Cast) -> None:
    """The first one's lease ran out while it was reading: its word does not count any more."""
    ends(engine, {"kind": "failed", "match": FIRSTS})
    search = started(cast.alice)
    until_over(search)
    [slow] = claim_ended(TIKTOK)
    set_row(run_of(search), lease_until=timezone.now() - timedelta(seconds=1))
    [quick] = claim_ended(TIKTOK)
    write([gather(apify(), quick)])
    taken = Run.objects.values().get()
    assert (taken["status"], taken["actor"]) == (Status.QUEUED, SECOND)
    write([gather(apify(), slow)])
    assert Run.objects.values().get() == taken
    claim(TIKTOK)
    starting = Run.objects.values().get()
    write([gather(apify(), slow)])
    assert Run.objects.values().get() == starting, "the fall-back's start is on its way"
    assert starts(engine) == (1, {})


@THREADS
def test_many_at_once_take_it_over_once(engine: Engine) -> None:
    ends(engine, {"kind": "failed", "match": FIRSTS})
    search = started(User.objects.create(username="p"))
    until_over(search)
    at_once(*[lambda: collect_due(TIKTOK)] * 4, *[lambda: start_due(TIKTOK)] * 2)
    assert run_of(search).actor == SECOND
    engine.settle(4)
    assert run_of(search).status == Status.COMPLETED
    assert starts(engine) == (2, {})


def test_a_start_of_the_first_actor_that_comes_late_is_not_the_runs_any_more(engine: Engine, cast: Cast) -> None:
    """A start whose row has been taken over meanwhile is an extra one: it is stopped and counted."""
    ends(engine)
    ask(cast.alice)
    [run], _platform = claim(TIKTOK)
    assert take_over(run, "upstream-access")
    assert not take_over(run, "upstream-access")
    start_due(TIKTOK)
    row = Run.objects.get()
    assert (row.status, row.actor, row.fence) == (Status.RUNNING, SECOND, 2)


@THREADS
def test_a_refused_actor_is_suspended_and_the_next_question_goes_round_at_once(engine: Engine) -> None:
    ends(engine, {"kind": "error", "type": "actor-is-not-rented", "match": FIRSTS})
    person = User.objects.create(username="p")
    ask(person, "one")
    engine.settle()
    assert set(health.suspended()) == {FIRST}
    ask(person, "two")
    engine.settle()
    assert set(Search.objects.values_list("status", flat=True)) == {Status.COMPLETED}
    stats = engine.sandbox.stats()
    assert (stats["startCalls"], stats["starts"]) == (3, 2)


def test_without_redis_it_is_taken_over_all_the_same(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ends(engine, {"kind": "failed", "match": FIRSTS})
    search = started(cast.alice)
    until_over(search)
    with redis_away(monkeypatch):
        collect_due(TIKTOK)
    assert run_of(search).actor == SECOND
    engine.settle()
    assert not Run.objects.filter(status__in=ACTIVE).exists()
    assert Platform.objects.get(pk=TIKTOK).actor == FIRST
