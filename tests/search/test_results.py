"""What a question has brought: known answers, items from a cursor on, several runs under one cursor."""

import json

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from searches.item import Item
from searches.platforms.models import Platform
from searches.platforms.sources import sources_of
from searches.query import Query, parse
from searches.search import live, results
from searches.search.models import Run, Search, SearchRun, Status
from tests.cast import Cast
from tests.rows import make_answer
from tests.search.steps import TIKTOK, ask, known, platform, redis_away, run_of, set_row


def item(id: int) -> Item:
    return {"id": str(id)}  # type: ignore[typeddict-item]


def a_run(platform: str, text: str = "x") -> Run:
    key = f"{platform}:{text}:all"
    return Run.objects.create(answer_key=key, query=text, platform=platform, date_range="all", actor="a/b", status=Status.RUNNING)


def read(runs: list[Run], cursor: int, limit: int) -> tuple[list[str], int]:
    items, after = results.items_since(runs, cursor, limit)
    return [found["id"] for found in items], after


def test_it_works(cast: Cast, live_redis: redis.Redis) -> None:
    run = run_of(ask(cast.alice))
    assert read([run], 0, 100) == ([], 0)
    live.append(live_redis, run.pk, 0, [item(1), None, item(2), item(3)])
    assert read([run], 0, 3) == (["1", "2"], 3)
    assert read([run], 3, 100) == (["3"], 4)
    assert read([run], 4, 100) == ([], 4)


def test_known_means_every_platform(cast: Cast) -> None:
    known("k", 2)
    tiktok, douyin = sources_of(Platform.objects.filter(name__in=(TIKTOK, "douyin")).order_by("-name"))
    query = parse("k", "all", "7days")
    found = results.known(query, [douyin, tiktok])
    assert [(source, answer.key) for source, answer in found.items()] == [(tiktok, "tiktok:k:7days")]
    assert results.complete([tiktok], found)
    assert not results.complete([tiktok, douyin], found)
    assert results.known(query, []) == {}


def test_who_searches_beside_is_not_waited_for(cast: Cast) -> None:
    known("k", 2)
    sources = sources_of([platform(beside=["apidojo/tiktok-scraper"], fallback="")])
    assert len(sources) == 2
    assert results.complete(sources, results.known(parse("k", TIKTOK, "7days"), sources))


def test_merged_bodies_are_one_array(db: None) -> None:
    answers = [make_answer(Query("a", name, "all"), count) for name, count in (("tiktok", 2), ("douyin", 0), ("xiaohongshu", 1))]
    assert [item["id"] for item in json.loads(results.merged_body(answers))] == ["tiktok-0", "tiktok-1", "xiaohongshu-0"]
    assert json.loads(results.merged_body([])) == []
    assert json.loads(results.merged_body([known("d", 0)])) == []


@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=3))
def test_a_cursor_holds_an_ordinal_for_each_run(ordinals: list[int]) -> None:
    cursor = results.pack(ordinals)
    assert results.unpack(cursor, len(ordinals)) == ordinals
    assert 0 <= cursor <= results.MAX_CURSOR


def test_for_one_run_the_cursor_is_the_ordinal() -> None:
    assert results.pack([70_000]) == 70_000
    assert results.unpack(70_000, 1) == [70_000]


def test_several_runs_under_one_cursor_lose_and_repeat_nothing(cast: Cast, live_redis: redis.Redis) -> None:
    runs = [a_run(name) for name in ("tiktok", "douyin", "xiaohongshu")]
    expected = set()
    for i, run in enumerate(runs):
        live.append(live_redis, run.pk, 0, [item(100 * i + n) if n % 3 else None for n in range(10 + i)])
        expected |= {str(100 * i + n) for n in range(10 + i) if n % 3}
    for step in (1, 4, 500):
        found: list[str] = []
        cursor, before = 0, -1
        while cursor != before:
            before = cursor
            ids, cursor = read(runs, cursor, step)
            found += ids
        assert len(found) == len(set(found))
        assert set(found) == expected


def test_runs_are_read_in_one_order(cast: Cast, live_redis: redis.Redis) -> None:
    search = Search.objects.create(user=cast.alice, answer_key="all:x:all", query="x", platform="all", date_range="all")
    runs = [a_run(name) for name in ("xiaohongshu", "douyin", "tiktok")]
    SearchRun.objects.bulk_create([SearchRun(search=search, run=run) for run in reversed(runs)])
    assert results.runs_of(search) == runs


def test_no_runs_no_items(cast: Cast) -> None:
    assert results.items_since([], 5, 10) == ([], 0)


@pytest.mark.parametrize("cursor", [0, 1, 5, 20, results.MAX_CURSOR])
def test_cursors_beyond_the_end(cast: Cast, live_redis: redis.Redis, cursor: int) -> None:
    run = run_of(ask(cast.alice))
    live.append(live_redis, run.pk, 0, [item(1)])
    ids, after = read([run], cursor, 10)
    assert ids == (["1"] if cursor == 0 else [])
    assert after == max(1, cursor)


def test_after_the_end_the_answer_serves_what_redis_has_lost(cast: Cast, live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(ask(cast.alice))
    known("립스틱", 5)
    set_row(run, status=Status.COMPLETED)
    assert read([run], 2, 2) == (["2", "3"], 4)
    live.append(live_redis, run.pk, 0, [item(0), item(1)])  # and it may have lost only a part
    assert read([run], 0, 100) == (["0", "1"], 2)
    assert read([run], 2, 100) == (["2", "3", "4"], 5)
    assert read([run], results.MAX_CURSOR, 100) == ([], 5)
    with redis_away(monkeypatch):
        assert read([run], 0, 100) == (["0", "1", "2", "3", "4"], 5)


def test_only_completed_runs_have_an_answer(cast: Cast, live_redis: redis.Redis) -> None:
    run = run_of(ask(cast.alice))
    known("립스틱", 5)
    for status in (Status.QUEUED, Status.RUNNING, Status.COLLECTING, Status.FAILED, Status.CANCELLED):
        set_row(run, status=status)
        assert read([run], 0, 10) == ([], 0)
        assert results.ended_run(run.pk) is None
    set_row(run, status=Status.COMPLETED)
    assert results.ended_run(run.pk)
    assert results.ended_run(987_654) is None


def test_an_answer_that_has_expired_is_gone(cast: Cast, live_redis: redis.Redis) -> None:
    run = run_of(ask(cast.alice))
    set_row(run, status=Status.COMPLETED)
    assert read([run], 3, 10) == ([], 3)
