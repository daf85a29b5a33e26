"""Starts whose fate is unknown: found by their INPUT and adopted; started again only when surely nothing is there."""

from typing import Any

import pytest

from searches.platforms.registry import ACTORS
from searches.query import Query
from searches.search import upstream
from searches.search.cancel import cancel
from searches.search.models import Run, Search, Status
from searches.search.seek import seek_lost
from searches.search.start import Outcome, claim, start_due, write
from tests.cast import Cast
from tests.conftest import Engine
from tests.search.steps import TIKTOK, ago, ask, collected, platform, queued_jobs, run_of, set_row, started

FREE = "clockworks/free-tiktok-scraper"
LOST = ("created-then-502", "created-then-drop", "truncated", "broken-off")


def lost(engine: Engine, search: Search, kind: str = "created-then-drop") -> Run:
    """The start of this search is sent, its answer never comes, and it is time to look for it."""
    engine.sandbox.faults({"on": "start", "kind": kind, "times": 1})
    start_due(TIKTOK)
    run = run_of(search)
    assert run.status == Status.STARTING
    set_row(run, lease_until=ago(1))
    return run


def look(run: Run, seconds_after: float = 0) -> Run:
    """Look for it, as if its intent were that long ago."""
    if seconds_after:
        set_row(run, intent_at=ago(seconds_after))
    set_row(run, lease_until=ago(1))
    assert seek_lost(TIKTOK) == 1
    run.refresh_from_db()
    return run


def begin(text: str, date_range: str = "7days", actor: str = "clockworks/tiktok-scraper") -> str:
    """Somebody else starts a run on the same account; its id."""
    body = ACTORS[actor].build_input(Query(text, TIKTOK, date_range), 100)
    return upstream.apify().start(actor, body, {}).id


@pytest.mark.parametrize("kind", LOST)
def test_it_works(engine: Engine, cast: Cast, kind: str) -> None:
    engine.sandbox.set(run_seconds=0)
    search = ask(cast.alice)
    run = look(lost(engine, search, kind))
    assert (run.status, run.attempts, run.duplicates, run.lease_until) == (Status.RUNNING, 0, 0, None)
    assert upstream.apify().get(run.upstream_id).dataset_id == run.dataset_id
    search.refresh_from_db()
    assert search.status == Status.RUNNING
    assert seek_lost(TIKTOK) == 0
    assert collected(search).status == Status.COMPLETED
    stats = engine.sandbox.stats()
    assert (stats["starts"], stats["startCalls"]) == (1, 1)


def test_the_whole_way_by_workers_and_follow(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    engine.sandbox.faults({"on": "start", "kind": "created-then-502"})
    search = ask(cast.alice)
    engine.work()
    set_row(run_of(search), lease_until=ago(1))
    engine.settle()
    search.refresh_from_db()
    assert search.status == Status.COMPLETED
    assert engine.sandbox.stats()["startCalls"] == 1


def test_a_start_that_is_on_its_way_is_left_alone(engine: Engine, cast: Cast) -> None:
    ask(cast.alice)
    claim(TIKTOK)
    assert seek_lost(TIKTOK) == 0
    assert engine.sandbox.stats()["listCalls"] == 0


def test_a_worker_that_died_before_it_sent_anything(engine: Engine, cast: Cast) -> None:
    search = ask(cast.alice)
    claim(TIKTOK)
    run = look(run_of(search), 21)
    assert (run.status, run.attempts) == (Status.QUEUED, 1)
    start_due(TIKTOK)
    assert run_of(search).status == Status.RUNNING
    assert engine.sandbox.stats()["startCalls"] == 1


# When it may start again.


def test_not_before_a_post_could_have_arrived(engine: Engine, cast: Cast) -> None:
    run = lost(engine, ask(cast.alice), "drop")
    for seconds in (1, 10, 19):
        look(run, seconds)
        assert (run.status, run.attempts) == (Status.STARTING, 0)
        assert run.lease_until
        assert run.lease_until > ago(0)
        assert start_due(TIKTOK) == 0
    look(run, 20.5)
    assert (run.status, run.attempts, run.intent_at) == (Status.QUEUED, 1, None)
    start_due(TIKTOK)
    assert engine.sandbox.stats()["starts"] == 1


def test_a_run_that_shows_late_in_the_list_is_adopted_still(engine: Engine, cast: Cast) -> None:
    run = lost(engine, ask(cast.alice), "drop")
    look(run, 10)
    late = begin("립스틱")
    assert look(run, 10).upstream_id == late


@pytest.mark.parametrize(
    "rule", [{"kind": "error", "status": 500}, {"kind": "error", "status": 429}, {"kind": "html"}, {"kind": "truncated"}, {"kind": "drop"}]
)
def test_a_list_that_cannot_be_read_concludes_nothing(engine: Engine, cast: Cast, rule: dict[str, Any]) -> None:
    run = lost(engine, ask(cast.alice), "drop")
    engine.sandbox.faults({"on": "list", **rule})
    look(run, 60)
    assert (run.status, run.attempts) == (Status.STARTING, 0)
    engine.sandbox.faults()
    assert look(run, 60).status == Status.QUEUED


def test_an_input_that_cannot_be_read_just_now_blocks_a_restart(engine: Engine, cast: Cast) -> None:
    run = lost(engine, ask(cast.alice))
    engine.sandbox.faults({"on": "record", "kind": "error", "status": 500})
    set_row(run, intent_at=ago(60))
    assert look(run).status == Status.STARTING
    engine.sandbox.faults()
    assert look(run).status == Status.RUNNING
    assert engine.sandbox.stats()["starts"] == 1


def test_an_input_that_cannot_be_read_does_not_keep_others_from_theirs(engine: Engine, cast: Cast) -> None:
    foreign = begin("somebody else's")
    run = lost(engine, ask(cast.alice))
    engine.sandbox.faults({"on": "record", "kind": "error", "status": 500, "match": "somebody"})
    assert look(run).status == Status.RUNNING
    assert run.upstream_id != foreign


def test_a_stranger_without_any_input_does_not_block_a_restart_for_ever(engine: Engine, cast: Cast) -> None:
    """A run that somebody started by hand, with an empty input: it has no INPUT record, so it is not ours."""
    run = lost(engine, ask(cast.alice), "drop")
    actor = "clockworks/tiktok-scraper"
    engine.sandbox.faults({"on": "record", "kind": "error", "type": "record-not-found", "match": "by hand"})
    begin("by hand", actor=actor)
    assert look(run, 60).status == Status.QUEUED


def test_an_input_behind_a_redirect_is_read(engine: Engine, cast: Cast) -> None:
    run = lost(engine, ask(cast.alice))
    engine.sandbox.faults({"on": "record", "kind": "redirect"})
    assert look(run).status == Status.RUNNING


def test_never_found_is_given_up_in_the_end(engine: Engine, cast: Cast) -> None:
    search = ask(cast.alice)
    for tries in range(4):
        run = lost(engine, search, "drop")
        assert run.attempts == tries
        look(run, 21)
    search.refresh_from_db()
    assert (run.status, run.error_type, search.status) == (Status.FAILED, "start-unknown", Status.FAILED)
    assert engine.sandbox.stats()["startCalls"] == 4


# Whose run is it?


def test_two_lost_starts_get_their_own(engine: Engine, cast: Cast) -> None:
    engine.sandbox.faults({"on": "start", "kind": "created-then-drop"})
    searches = [ask(cast.alice, text) for text in ("one", "two")]
    start_due(TIKTOK)
    Run.objects.update(lease_until=ago(1))
    assert seek_lost(TIKTOK) == 2
    for search in searches:
        run = run_of(search)
        found = upstream.apify().get(run.upstream_id)
        assert upstream.apify().input_of(found.store_id)["searchQueries"] == [search.query]
    assert engine.sandbox.stats()["startsPerQuery"] == {"one": 1, "two": 1}


def test_two_lost_starts_with_the_same_input_get_one_each(engine: Engine, cast: Cast) -> None:
    """The free actor has no date filter: two questions, one INPUT."""
    platform(actor=FREE)
    engine.sandbox.faults({"on": "start", "kind": "created-then-drop"})
    searches = [ask(cast.alice, "x", date_range) for date_range in ("7days", "1month")]
    start_due(TIKTOK)
    Run.objects.update(lease_until=ago(1))
    assert seek_lost(TIKTOK) == 2
    runs = [run_of(search) for search in searches]
    assert [run.status for run in runs] == [Status.RUNNING] * 2
    assert len({run.upstream_id for run in runs}) == 2
    assert engine.sandbox.stats()["starts"] == 2


def test_a_run_that_another_row_has_is_not_adopted(engine: Engine, cast: Cast) -> None:
    platform(actor=FREE)
    theirs = run_of(started(cast.bob, "x", "1month"))
    run = lost(engine, ask(cast.alice, "x", "7days"), "drop")
    assert look(run, 21).status == Status.QUEUED
    assert theirs.upstream_id


def test_a_run_whose_own_answer_is_still_on_its_way_is_not_adopted_by_another(engine: Engine, cast: Cast) -> None:
    platform(actor=FREE)
    run = lost(engine, ask(cast.alice, "x", "7days"), "drop")
    theirs = ask(cast.bob, "x", "1month")
    [claimed], _platform = claim(TIKTOK)
    body = ACTORS[FREE].build_input(claimed.asked, claimed.item_limit)
    outcome = Outcome(claimed, upstream=upstream.apify().start(FREE, body, {}))
    look(run)
    assert (run.status, run.upstream_id) == (Status.STARTING, "")
    write([outcome])
    assert outcome.upstream
    assert run_of(theirs).upstream_id == outcome.upstream.id
    assert look(run, 21).status == Status.QUEUED
    stats = engine.sandbox.stats()
    assert (stats["starts"], stats["aborts"]) == (1, 0)


def test_two_lost_starts_of_one_input_do_not_wait_for_each_other_for_ever(engine: Engine, cast: Cast) -> None:
    platform(actor=FREE)
    one = lost(engine, ask(cast.alice, "x", "7days"))
    two = lost(engine, ask(cast.bob, "x", "1month"))
    set_row(one, lease_until=ago(-2), intent_at=ago(21))
    look(two)
    assert two.status == Status.RUNNING
    assert look(one).status == Status.RUNNING
    assert one.upstream_id != two.upstream_id


def test_a_run_from_before_the_intent_is_not_ours(engine: Engine, cast: Cast) -> None:
    old = begin("립스틱")
    run = lost(engine, ask(cast.alice), "drop")
    set_row(run, intent_at=ago(-10))
    look(run)
    assert (run.status, run.upstream_id) == (Status.STARTING, "")
    assert upstream.apify().get(old).status in {"READY", "RUNNING"}


def test_other_limits_and_ranges_are_other_inputs(engine: Engine, cast: Cast) -> None:
    run = lost(engine, ask(cast.alice), "drop")
    begin("립스틱", "1month")
    platform(item_limit=7)
    assert look(run, 21).status == Status.QUEUED


def test_each_actor_is_asked_for_its_own(engine: Engine, cast: Cast) -> None:
    engine.sandbox.faults({"on": "start", "kind": "created-then-drop"})
    one = ask(cast.alice, "x")
    platform(actor="apidojo/tiktok-scraper")
    two = ask(cast.alice, "y")
    start_due(TIKTOK)
    Run.objects.update(lease_until=ago(1))
    assert seek_lost(TIKTOK) == 2
    assert {run_of(one).status, run_of(two).status} == {Status.RUNNING}


def test_a_lost_start_whose_actor_is_gone_holds_up_nobody(engine: Engine, cast: Cast) -> None:
    engine.sandbox.faults({"on": "start", "kind": "created-then-drop"})
    odd, even = ask(cast.alice, "odd"), ask(cast.alice, "even")
    start_due(TIKTOK)
    set_row(run_of(odd), actor="nobody/retired-scraper", intent_at=ago(30))
    Run.objects.update(lease_until=ago(1))
    seek_lost(TIKTOK)
    assert run_of(even).status == Status.RUNNING
    assert (run_of(odd).status, run_of(odd).error_type) == (Status.FAILED, "start-unknown")
    assert Search.objects.get(pk=odd.pk).status == Status.FAILED


# Cancelled meanwhile.


def test_left_and_found_is_stopped(engine: Engine, cast: Cast) -> None:
    search = ask(cast.alice)
    run = lost(engine, search)
    cancel(search)
    engine.redis.flushall()
    look(run)
    assert (run.status, run.cancelling) == (Status.RUNNING, True)
    assert f"search.abort_run {run.pk}" in queued_jobs(engine.redis)


def test_left_and_not_there_is_cancelled(engine: Engine, cast: Cast) -> None:
    search = ask(cast.alice)
    run = lost(engine, search, "drop")
    cancel(search)
    assert look(run, 21).status == Status.CANCELLED
    assert run.finished_at


def test_left_asked_again_and_lost_again(engine: Engine, cast: Cast) -> None:
    """A cancelled run and its successor have the same INPUT: the successor's run is not stopped for it."""
    first = ask(cast.alice)
    run = lost(engine, first, "drop")
    cancel(first)
    again = ask(cast.alice)
    [claimed], _platform = claim(TIKTOK)
    body = ACTORS[claimed.actor].build_input(claimed.asked, claimed.item_limit)
    outcome = Outcome(claimed, upstream=upstream.apify().start(claimed.actor, body, {}))
    look(run)
    write([outcome])
    engine.settle()
    assert (run_of(again).status, run_of(again).cancelling) == (Status.RUNNING, False)
    assert engine.sandbox.stats()["aborts"] == 0


# Races.


def test_another_took_over_while_it_was_looked_for(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    run = lost(engine, ask(cast.alice))
    client = upstream.apify()
    list_runs = client.list_runs

    def slow_list(*args: Any, **kwargs: Any) -> Any:
        found = list_runs(*args, **kwargs)
        if not Run.objects.filter(status=Status.RUNNING).exists():
            monkeypatch.undo()
            Run.objects.update(lease_until=ago(1))
            assert seek_lost(TIKTOK) == 1
        return found

    monkeypatch.setattr(client, "list_runs", slow_list)
    assert seek_lost(TIKTOK) == 1
    run.refresh_from_db()
    assert (run.status, run.fence) == (Status.RUNNING, 3)
    assert engine.sandbox.stats()["starts"] == 1
