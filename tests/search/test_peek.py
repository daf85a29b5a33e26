"""Reading while it runs: only what somebody looks at, from where it stands, and whatever goes wrong the end brings it all."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from searches.search import live, peek, results
from searches.search.models import Run, Search, Status
from searches.search.peek import Peeker, read_new
from searches.search.start import start_due
from tests.cast import Cast
from tests.conftest import Engine
from tests.search.steps import TIKTOK, ask, collected, redis_away, run_of, set_row, started


def running_with_items(engine: Engine, cast: Cast) -> Search:
    engine.sandbox.set(run_seconds=0)
    return started(cast.alice)


def look(peeker: Peeker, *searches: Search) -> None:
    """One pass of the peeker, with all its readings taken in."""
    peeker.look([], [run_of(search) for search in searches])
    for future in peeker.futures():
        future.result(10)
    peeker.take_in()


@pytest.fixture
def peeker() -> Any:
    with ThreadPoolExecutor(4) as threads:
        yield Peeker(threads)


def test_it_works(engine: Engine, cast: Cast, peeker: Peeker) -> None:
    search = running_with_items(engine, cast)
    run = run_of(search)
    look(peeker, search)
    assert engine.sandbox.stats()["itemReads"] == 0
    live.watch(engine.redis, [run.pk])
    look(peeker, search)
    run.refresh_from_db()
    items, cursor = results.items_since([run], 0, 500)
    assert len(items) == run.items_found > 0
    assert cursor == engine.redis.llen(live.items_key(run.pk))
    state = json.loads(engine.redis.get(live.state_key(run.pk)))
    assert (state["status"], state["found"], state["rows"]) == ("running", run.items_found, None)


def test_through_follow(engine: Engine, cast: Cast) -> None:
    """As open pages see it: the mark of a watcher, a pass of follow, items."""
    engine.sandbox.set(run_seconds=8)
    search = started(cast.alice)
    live.watch(engine.redis, [run_of(search).pk])
    for _pass in range(60):
        engine.follow()
        if run_of(search).items_found:
            break
        time.sleep(0.03)
    assert run_of(search).status == Status.RUNNING
    assert 0 < run_of(search).items_found < 20


def test_reads_on_from_where_it_stands_and_writes_nothing_twice(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(running_with_items(engine, cast))
    monkeypatch.setattr(peek, "READ_ROWS", 6)
    assert read_new(run, 0) == (6, 6)
    assert read_new(run, 0) == (6, 6)  # another follower, which begins anew
    assert read_new(run, 6) is not None
    assert engine.redis.llen(live.items_key(run.pk)) == 12
    assert len(set(engine.redis.lrange(live.items_key(run.pk), 0, -1))) == 12


def test_a_list_that_was_lost_is_read_again_from_its_beginning(engine: Engine, cast: Cast, peeker: Peeker) -> None:
    search = running_with_items(engine, cast)
    run = run_of(search)
    live.watch(engine.redis, [run.pk])
    look(peeker, search)
    before = engine.redis.lrange(live.items_key(run.pk), 0, -1)
    engine.redis.flushall()
    for _pass in range(2):
        live.watch(engine.redis, [run.pk])
        peeker._places[run.pk].next_at = 0
        look(peeker, search)
    assert engine.redis.lrange(live.items_key(run.pk), 0, -1) == before


def test_a_run_that_brings_nothing_new_is_read_less_often(engine: Engine, cast: Cast, peeker: Peeker) -> None:
    search = started(cast.alice)
    live.watch(engine.redis, [run_of(search).pk])
    pauses = []
    for _pass in range(6):
        look(peeker, search)
        place = peeker._places[run_of(search).pk]
        pauses.append(place.pause)
        place.next_at = 0
    assert pauses == sorted(pauses)
    assert pauses[0] == 1.5
    assert pauses[-1] == 5.0
    look(peeker, search)
    reads = engine.sandbox.stats()["itemReads"]
    look(peeker, search)
    assert engine.sandbox.stats()["itemReads"] == reads


def test_reads_are_capped_per_pass_and_the_longest_unread_go_first(
    engine: Engine, cast: Cast, peeker: Peeker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peek, "READS_PER_PASS", 2)
    searches = [ask(cast.alice, f"q{i}") for i in range(3)]
    start_due(TIKTOK)
    live.watch(engine.redis, [run_of(search).pk for search in searches])
    look(peeker, *searches)
    assert engine.sandbox.stats()["itemReads"] == 2
    look(peeker, *searches)
    assert engine.sandbox.stats()["itemReads"] == 3


def test_what_nobody_looks_at_any_more_is_forgotten(engine: Engine, cast: Cast, peeker: Peeker) -> None:
    search = running_with_items(engine, cast)
    live.watch(engine.redis, [run_of(search).pk])
    look(peeker, search)
    engine.redis.delete(live.watch_key(run_of(search).pk))
    look(peeker, search)
    assert peeker._places == {}


def test_watchers_of_a_queued_run_are_told_where_it_stands(engine: Engine, cast: Cast, peeker: Peeker) -> None:
    ask(cast.bob, "before")
    run = run_of(ask(cast.alice, "after"))
    engine.redis.flushall()
    live.watch(engine.redis, [run.pk])
    peeker.look([run.pk], [])
    assert json.loads(engine.redis.get(live.state_key(run.pk)))["position"] == 2


@pytest.mark.parametrize(
    "rule",
    [{"kind": "error", "status": 404}, {"kind": "error", "status": 429}, {"kind": "truncated"}, {"kind": "broken-off"}, {"kind": "html"}],
)
def test_items_that_cannot_be_read_are_left_for_later(engine: Engine, cast: Cast, peeker: Peeker, rule: dict[str, Any]) -> None:
    search = running_with_items(engine, cast)
    live.watch(engine.redis, [run_of(search).pk])
    engine.sandbox.faults({"on": "items", **rule})
    look(peeker, search)
    assert run_of(search).items_found == 0
    engine.sandbox.faults()
    peeker._places[run_of(search).pk].next_at = 0
    look(peeker, search)
    assert run_of(search).items_found > 0


def test_a_run_whose_actor_is_gone_does_not_stop_the_loop(engine: Engine, cast: Cast, peeker: Peeker) -> None:
    search = running_with_items(engine, cast)
    set_row(run_of(search), actor="nobody/retired-scraper")
    live.watch(engine.redis, [run_of(search).pk])
    look(peeker, search)
    assert run_of(search).items_found == 0


def test_without_redis_nobody_is_known_to_look(engine: Engine, cast: Cast, peeker: Peeker, monkeypatch: pytest.MonkeyPatch) -> None:
    search = running_with_items(engine, cast)
    with redis_away(monkeypatch):
        look(peeker, search)
        assert read_new(run_of(search), 0) is None
    assert run_of(search).items_found == 0


def test_a_reading_that_comes_in_after_the_end_changes_no_count(engine: Engine, cast: Cast, peeker: Peeker) -> None:
    search = running_with_items(engine, cast)
    live.watch(engine.redis, [run_of(search).pk])
    peeker.look([], [run_of(search)])
    for future in peeker.futures():
        future.result(10)
    run = collected(search)
    set_row(run, items_found=1)
    peeker.take_in()
    run.refresh_from_db()
    assert (run.status, run.items_found) == (Status.COMPLETED, 1)
    assert Run.objects.count() == 1


def test_hostile_rows_keep_their_places(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    engine.sandbox.faults({"on": "start", "kind": "hostile"})
    run = run_of(started(cast.alice))
    length, found = read_new(run, 0) or (0, 0)
    entries = engine.redis.lrange(live.items_key(run.pk), 0, -1)
    assert len(entries) == length == 20
    assert sum(map(bool, entries)) == found < 20
