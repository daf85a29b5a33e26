"""Collecting: every way a run can end upstream, every way reading it can fail, and nothing lost or counted twice."""

import json
from dataclasses import replace
from typing import Any

import pytest
import redis
from django.db import DatabaseError

from searches.cache import store
from searches.cache.lookup import find
from searches.cache.memory import memory
from searches.cache.models import CachedAnswer
from searches.platforms.models import ActorHealth
from searches.query import parse
from searches.search import collect, live, results
from searches.search.cancel import cancel
from searches.search.collect import claim, collect_due, write
from searches.search.gather import gather
from searches.search.handover import ended
from searches.search.models import Run, Search, Status
from searches.search.peek import read_new
from searches.search.start import start_due
from searches.search.submit import Hit, submit
from searches.search.upstream import apify
from tests.cast import Cast, make_cast
from tests.conftest import Engine
from tests.sandbox_control import Sandbox
from tests.search.steps import THREADS, TIKTOK, ago, ask, at_once, collected, over, platform, redis_away, run_of, set_row, started

PARTLY = 11  # items that a run of twenty has found when it ends half way


def ends(engine: Engine, kind: str = "", **rule: Any) -> None:
    """From now on, runs end at once, in this way."""
    engine.sandbox.set(run_seconds=0.01 if kind in {"timed-out", "aborted"} else 0)
    engine.sandbox.faults(*([{"on": "start", "kind": kind, **rule}] if kind else []))


def until_over(search: Search) -> Search:
    while not apify().get(run_of(search).upstream_id).ended:
        pass
    return search


def done(engine: Engine, cast: Cast, kind: str = "", **rule: Any) -> tuple[Run, Search]:
    ends(engine, kind, **rule)
    search = until_over(started(cast.alice))
    run = collected(search)
    search.refresh_from_db()
    return run, search


def test_it_works(engine: Engine, cast: Cast) -> None:
    run, search = done(engine, cast)
    assert (run.status, run.partial, run.error_type, run.upstream_status) == (Status.COMPLETED, False, "", "SUCCEEDED")
    assert (run.row_count, run.lease_until, bool(run.finished_at)) == (20, None, True)
    assert run.usage_usd
    assert run.usage_usd > 0
    answer = find(run.answer_key)
    assert answer
    assert (answer.item_count, answer.rows, answer.partial) == (run.items_found, 20, False)
    assert (search.status, search.item_count, bool(search.finished_at)) == (Status.COMPLETED, run.items_found, True)
    state = json.loads(engine.redis.get(live.state_key(run.pk)))
    assert (state["status"], state["found"], state["rows"]) == ("completed", run.items_found, 20)
    assert collect_due(TIKTOK) == 0


# Every end.


def test_succeeded_with_nothing_is_an_answer(engine: Engine, cast: Cast) -> None:
    run, search = done(engine, cast, "empty")
    assert (run.status, run.items_found, run.row_count, search.status) == (Status.COMPLETED, 0, 0, Status.COMPLETED)
    assert (search.item_count, results.items_since([run], 0, 100)) == (0, ([], 0))
    assert isinstance(submit(cast.bob, parse("립스틱", TIKTOK, "7days")), Hit)


@pytest.mark.parametrize(("kind", "status"), [("timed-out", "TIMED-OUT"), ("aborted", "ABORTED")])
def test_cut_short_with_items_is_a_partial_answer(engine: Engine, cast: Cast, kind: str, status: str) -> None:
    run, search = done(engine, cast, kind)
    assert (run.status, run.partial, run.upstream_status) == (Status.COMPLETED, True, status)
    assert 0 < run.items_found <= PARTLY
    assert search.status == Status.COMPLETED
    answer = find(run.answer_key)
    assert answer
    assert (answer.partial, answer.item_count) == (True, run.items_found)


@pytest.mark.parametrize(("kind", "error"), [("timed-out", "timed-out"), ("aborted", "aborted")])
def test_cut_short_without_items_is_a_failure(engine: Engine, cast: Cast, kind: str, error: str) -> None:
    engine.sandbox.set(items=0)
    run, search = done(engine, cast, kind)
    assert (run.status, run.error_type, run.partial, search.status) == (Status.FAILED, error, False, Status.FAILED)
    assert run.error_detail
    assert find(run.answer_key) is None


@pytest.mark.parametrize("items", [0, 4])
def test_failed_is_a_failure_with_or_without_items(engine: Engine, cast: Cast, items: int) -> None:
    platform(fallback="")
    run, search = done(engine, cast, "failed", items=items)
    assert (run.status, run.error_type, search.status, search.item_count) == (Status.FAILED, "platform-blocked", Status.FAILED, 0)
    assert find(run.answer_key) is None
    assert "failed" in run.error_detail
    assert (run.usage_usd or 0) > 0


def test_only_rows_that_are_no_posts_are_an_empty_answer(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(items=0)
    run, _search = done(engine, cast)
    assert (run.status, run.items_found) == (Status.COMPLETED, 0)


def test_a_run_that_has_not_ended_goes_back_to_running(engine: Engine, cast: Cast) -> None:
    search = started(cast.alice)
    run = collected(search)
    assert (run.status, run.lease_until, run.attempts) == (Status.RUNNING, None, 0)
    search.refresh_from_db()
    assert search.status == Status.RUNNING


# Reading fails.


def test_items_that_cannot_be_read_a_few_times(engine: Engine, cast: Cast) -> None:
    ends(engine)
    search = started(cast.alice)
    engine.sandbox.faults({"on": "items", "kind": "truncated", "times": 3})
    set_row(over(search), attempts=3)
    for tries in (4, 5, 6):
        collect_due(TIKTOK)
        run = run_of(search)
        assert (run.status, run.attempts) == (Status.COLLECTING, tries)
        assert run.lease_until
        assert run.lease_until > ago(0)
        assert collect_due(TIKTOK) == 0
        set_row(run, lease_until=ago(1))
    collect_due(TIKTOK)
    assert run_of(search).status == Status.COMPLETED


def test_items_that_can_never_be_read(engine: Engine, cast: Cast) -> None:
    ends(engine)
    search = started(cast.alice)
    engine.sandbox.faults({"on": "items", "kind": "error", "status": 500})
    set_row(over(search), attempts=collect.READ_TRIES)
    collect_due(TIKTOK)
    run = run_of(search)
    search.refresh_from_db()
    assert (run.status, run.error_type, search.status) == (Status.FAILED, "upstream-unreadable", Status.FAILED)
    assert (run.usage_usd or 0) > 0


def test_a_busy_apify_uses_up_no_tries(engine: Engine, cast: Cast) -> None:
    ends(engine)
    search = started(cast.alice)
    engine.sandbox.faults({"on": "get", "kind": "error", "status": 429})
    set_row(over(search), attempts=2)
    collect_due(TIKTOK)
    assert (run_of(search).status, run_of(search).attempts) == (Status.COLLECTING, 2)


@pytest.mark.parametrize("on", ["get", "items"])
def test_what_is_gone_upstream_is_a_failure(engine: Engine, cast: Cast, on: str) -> None:
    ends(engine)
    search = started(cast.alice)
    engine.sandbox.faults({"on": on, "kind": "error", "type": "record-not-found"})
    assert collected(search).status == Status.COLLECTING, "it may only not be seen yet"
    set_row(run_of(search), attempts=2, lease_until=None)
    collect_due(TIKTOK)
    run = run_of(search)
    search.refresh_from_db()
    assert (run.status, run.error_type, search.status) == (Status.FAILED, "upstream-lost", Status.FAILED)
    assert find(run.answer_key) is None
    assert ((run.usage_usd or 0) > 0) is (on == "items")


def test_one_that_cannot_be_read_does_not_hold_up_the_others(engine: Engine, cast: Cast) -> None:
    ends(engine)
    searches = [started(cast.alice, text) for text in ("one", "odd", "two")]
    set_row(run_of(searches[1]), actor="nobody/retired-scraper")
    for search in searches:
        over(search)
    collect_due(TIKTOK)
    assert [run_of(search).status for search in searches] == [Status.COMPLETED, Status.COLLECTING, Status.COMPLETED]


def test_a_store_that_is_down_ends_nothing_and_loses_nothing(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ends(engine)
    search = started(cast.alice)
    over(search)

    def down(*args: Any) -> None:
        raise DatabaseError("no primary")

    with monkeypatch.context() as patch:
        patch.setattr(store, "put", down)
        with pytest.raises(DatabaseError):
            collect_due(TIKTOK)
    assert run_of(search).status == Status.COLLECTING
    set_row(run_of(search), lease_until=ago(1))
    collect_due(TIKTOK)
    assert run_of(search).status == Status.COMPLETED


# Two collectors, dead collectors, slow ones.


def test_an_ended_run_is_claimed_once(engine: Engine, cast: Cast) -> None:
    search = started(cast.alice)
    over(search)
    [run] = claim(TIKTOK)
    assert (run.fence, claim(TIKTOK)) == (2, [])
    set_row(run_of(search), lease_until=ago(1))
    assert [again.fence for again in claim(TIKTOK)] == [3]


@THREADS
def test_two_collectors_at_once(live_redis: redis.Redis, sandbox: Sandbox) -> None:
    cast = make_cast()
    sandbox.set(run_seconds=0)
    searches = [started(cast.alice, f"q{i}") for i in range(6)]
    for search in searches:
        over(search)
    assert sum(at_once(*[lambda: collect_due(TIKTOK)] * 3)) == 6
    assert set(Run.objects.values_list("status", "fence")) == {(Status.COMPLETED, 2)}
    assert CachedAnswer.objects.count() == 6


def test_a_crash_between_the_answer_and_the_end(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ends(engine)
    search = started(cast.alice)
    over(search)

    def killed(*args: Any) -> None:
        raise SystemExit("kill -9")

    with monkeypatch.context() as patch:
        patch.setattr(collect, "end_searches", killed)
        with pytest.raises(SystemExit):
            collect_due(TIKTOK)
    run = run_of(search)
    assert (run.status, run.finished_at) == (Status.COLLECTING, None)
    first = CachedAnswer.objects.get()
    set_row(run, lease_until=ago(1))
    collect_due(TIKTOK)
    search.refresh_from_db()
    assert (run_of(search).status, search.status) == (Status.COMPLETED, Status.COMPLETED)
    assert CachedAnswer.objects.get().body == first.body


def test_who_lost_the_row_does_not_end_it(engine: Engine, cast: Cast) -> None:
    ends(engine)
    search = started(cast.alice)
    over(search)
    [slow] = claim(TIKTOK)
    set_row(run_of(search), lease_until=ago(1))
    [quick] = claim(TIKTOK)
    gathered = gather(apify(), slow)
    write([gathered])
    assert run_of(search).status == Status.COLLECTING
    write([gather(apify(), quick)])
    ended_at = run_of(search).finished_at
    assert run_of(search).status == Status.COMPLETED
    write([gathered])
    assert run_of(search).finished_at == ended_at


@THREADS
def test_a_slow_collector_does_not_put_an_old_answer_over_a_newer_one(live_redis: redis.Redis, sandbox: Sandbox) -> None:
    cast = make_cast()
    sandbox.set(run_seconds=0)
    first = started(cast.alice)
    over(first)
    [slow] = claim(TIKTOK)
    held = gather(apify(), slow)  # and then it is stopped for a while
    set_row(run_of(first), lease_until=ago(1))
    collect_due(TIKTOK)
    memory.clear()
    CachedAnswer.objects.update(created_at=ago(90_000))
    submit(cast.bob, parse("립스틱", TIKTOK, "7days"))  # it is stale: a refresh
    sandbox.set(items=5)
    refresh = Run.objects.get(reason=Run.Reason.REFRESH)
    collect_refresh(refresh)
    assert CachedAnswer.objects.get().item_count <= 5
    write([held])
    assert CachedAnswer.objects.get().item_count <= 5


def collect_refresh(run: Run) -> None:
    start_due(TIKTOK)
    run.refresh_from_db()
    ended([run.upstream_id])
    collect_due(TIKTOK)


def test_an_answer_is_as_old_as_the_run_that_brought_it(engine: Engine, cast: Cast) -> None:
    """Collected late, after a night without workers, say."""
    ends(engine)
    search = started(cast.alice)
    upstream = apify().get(run_of(search).upstream_id)
    run = collected(search)
    answer = find(run.answer_key)
    assert answer
    assert answer.created_at == upstream.finished_at


def test_a_clock_ahead_upstream_makes_no_answer_of_the_future(engine: Engine, cast: Cast) -> None:
    ends(engine)
    search = started(cast.alice)
    over(search)
    [run] = claim(TIKTOK)
    gathered = gather(apify(), run)
    assert gathered.upstream
    write([replace(gathered, upstream=replace(gathered.upstream, finished_at=ago(-86_400)))])
    answer = find(run.answer_key)
    assert answer
    assert answer.created_at < ago(-5)


# Cancelled ones.


def test_cancelled_and_stopped_is_cancelled_and_its_cost_is_counted(engine: Engine, cast: Cast) -> None:
    ends(engine, "aborted")
    search = until_over(started(cast.alice))
    cancel(search)
    run = collected(search)
    assert (run.status, run.upstream_status) == (Status.CANCELLED, "ABORTED")
    assert (run.usage_usd or 0) > 0
    assert find(run.answer_key) is None
    search.refresh_from_db()
    assert search.status == Status.CANCELLED


def test_cancelled_but_already_done_upstream_is_an_answer_all_the_same(engine: Engine, cast: Cast) -> None:
    ends(engine)
    search = started(cast.alice)
    cancel(search)
    run = collected(search)
    search.refresh_from_db()
    assert (run.status, search.status) == (Status.COMPLETED, Status.CANCELLED)
    assert isinstance(submit(cast.bob, parse("립스틱", TIKTOK, "7days")), Hit)


# Items: order, gaps, cursors.


def everything(run: Run, step: int, start: int = 0) -> list[str]:
    """All items from a cursor on, in steps, as a page reads them."""
    run.refresh_from_db()
    ids: list[str] = []
    cursor = start
    while True:
        items, after = results.items_since([run], cursor, step)
        ids += [item["id"] for item in items]
        if after == cursor:
            return ids
        cursor = after


@pytest.mark.parametrize("kind", ["", "hostile", "sparse"])
def test_live_ended_and_stored_agree_for_every_cursor(engine: Engine, cast: Cast, kind: str) -> None:
    ends(engine, kind)
    search = started(cast.alice)
    run = run_of(search)
    assert read_new(run, 0)
    while_running = [everything(run, 500, since) for since in range(22)]
    collected(search)
    after_the_end = [everything(run, 500, since) for since in range(22)]
    engine.redis.flushall()
    from_the_store = [everything(run, 500, since) for since in range(22)]
    assert while_running == after_the_end == from_the_store
    assert len(from_the_store[0]) == run.items_found > 0
    assert len(set(from_the_store[0])) == run.items_found
    assert [everything(run, step) for step in (1, 2, 3, 7)] == [from_the_store[0]] * 4


@pytest.mark.parametrize("lost_at", [0, 1, 9, 19, 20])
def test_a_reader_whose_live_list_goes_away_half_way_loses_and_repeats_nothing(engine: Engine, cast: Cast, lost_at: int) -> None:
    ends(engine, "hostile")
    search = started(cast.alice)
    run = run_of(search)
    read_new(run, 0)
    items, cursor = results.items_since([run], 0, lost_at) if lost_at else ([], 0)
    collected(search)
    engine.redis.flushall()
    assert [item["id"] for item in items] + everything(run, 3, cursor) == everything(run, 500)


def test_a_live_list_that_was_lost_before_the_end_is_complete_after_it(engine: Engine, cast: Cast) -> None:
    ends(engine, "hostile")
    search = started(cast.alice)
    run = run_of(search)
    read_new(run, 0)
    engine.redis.flushall()
    collected(search)
    assert engine.redis.llen(live.items_key(run.pk)) == 20
    before = everything(run, 500)
    engine.redis.flushall()
    assert everything(run, 500) == before


def test_without_redis_the_run_ends_and_items_come_from_the_store(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    ends(engine)
    search = started(cast.alice)
    with redis_away(monkeypatch):
        run = collected(search)
        assert run.status == Status.COMPLETED
        assert len(everything(run, 4)) == run.items_found > 0


def test_hostile_items_become_a_sound_answer(engine: Engine, cast: Cast) -> None:
    run, _search = done(engine, cast, "hostile")
    answer = find(run.answer_key)
    assert answer
    assert (answer.rows, answer.item_count) == (20, run.items_found)
    text = answer.body.decode()
    assert "javascript:" not in text
    assert "data:text" not in text
    assert "\\u0000" not in text
    assert len(answer.body) < 60_000


def test_posts_outside_the_window_are_gaps(engine: Engine, cast: Cast) -> None:
    """The free actor has no date filter, so what it brings is filtered here."""
    platform(actor="clockworks/free-tiktok-scraper")
    ends(engine)
    search = started(cast.alice, date_range="7days")
    run = collected(search)
    answer = find(run.answer_key)
    assert answer
    assert run.row_count == 20
    assert 0 < len(answer.gaps) < 20
    oldest = ago(8 * 86_400).timestamp() * 1000
    assert all(item["createTime"] is None or item["createTime"] > oldest for item in answer.items())
    assert answer.undated_count == sum(item["createTime"] is None for item in answer.items())


def test_every_search_on_the_run_ends_with_it_and_those_who_left_stay_left(engine: Engine, cast: Cast) -> None:
    ends(engine)
    searches = [started(cast.alice), ask(cast.bob), ask(cast.charlie)]
    cancel(searches[1])
    collected(searches[0])
    for search in searches:
        search.refresh_from_db()
    assert [search.status for search in searches] == [Status.COMPLETED, Status.CANCELLED, Status.COMPLETED]


def test_web_processes_are_told_to_drop_the_old_answer(engine: Engine, cast: Cast) -> None:
    ends(engine)
    with engine.redis.pubsub(ignore_subscribe_messages=True) as said:
        said.subscribe("scout:answers")
        said.get_message(timeout=1)
        run = collected(started(cast.alice))
        message = said.get_message(timeout=1)
    assert message
    assert message["data"].decode() == run.answer_key


def test_more_than_a_batch(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "BATCH", 2)
    ends(engine)
    for i in range(5):
        ask(cast.alice, f"q{i}")
    start_due(TIKTOK)
    ended(list(Run.objects.values_list("upstream_id", flat=True)))
    assert collect_due(TIKTOK) == 5
    assert set(Run.objects.values_list("status", flat=True)) == {Status.COMPLETED}


# Try-outs.


@THREADS
def test_a_try_out_leaves_no_answer_and_no_word_about_the_actor(engine: Engine) -> None:
    """Staff look at what an actor brings; nobody else is to notice."""
    person = make_cast().root
    for kind, status in (("", Status.COMPLETED), ("failed", Status.FAILED), ("empty", Status.COMPLETED)):
        ends(engine, kind)
        search = started(person, f"try {kind}")
        set_row(run_of(search), reason=Run.Reason.TRY)
        run = collected(until_over(search))
        assert (run.status, find(run.answer_key), bool(run.usage_usd)) == (status, None, True)
    assert not ActorHealth.objects.exists()


# What becomes of actors' health.


@THREADS
def test_ends_are_written_down(engine: Engine) -> None:
    person = make_cast().alice
    platform(fallback="")
    for i in range(4):
        ends(engine, "failed")
        collected(until_over(started(person, f"bad {i}")))
    assert len(ActorHealth.objects.get().failed_keys) == 4
    ends(engine, "timed-out")
    collected(until_over(started(person, "cut short, and that is an answer")))
    assert ActorHealth.objects.get().failed_keys == []
