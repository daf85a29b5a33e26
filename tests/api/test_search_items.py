"""GET /api/search/{jobId}/items: what was found so far, from a cursor on."""

import pytest
import redis
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from searches.query import Query
from searches.search import live
from searches.search.models import Search, Status
from tests.api.conftest import assert_refused
from tests.cast import Cast, api_client
from tests.rows import item, make_answer, make_run, make_search


@pytest.fixture
def running(cast: Cast, live_redis: redis.Redis) -> Search:
    """A search that runs and has found 5 posts in 6 rows: the third became no item."""
    run = make_run(status=Status.RUNNING, items_found=5)
    live.append(live_redis, run.pk, 0, [item(0), item(1), None, item(2), item(3), item(4)])
    return make_search(cast.alice, run, status=Status.RUNNING)


def numbers(told: dict[str, list[dict[str, str]]]) -> list[int]:
    return [int(row["id"].split("-")[1]) for row in told["items"]]


def test_it_works(alice: Client, running: Search) -> None:
    url = f"/api/search/{running.pk}/items"
    told = alice.get(url).json()
    assert set(told) == {"items", "next"}
    assert (numbers(told), told["next"]) == ([0, 1, 2, 3, 4], 6)
    part = alice.get(url, {"since": 1, "limit": 3}).json()
    assert (numbers(part), part["next"]) == ([1, 2], 4)
    assert alice.get(url, {"since": 6}).json() == {"items": [], "next": 6}


def test_only_ones_own(running: Search, cast: Cast) -> None:
    url = f"/api/search/{running.pk}/items"
    for other in (cast.bob, cast.root):
        client = api_client(other)
        assert_refused(lambda headers, c=client: c.get(url, headers=headers), 404, "search-not-found")


@pytest.mark.parametrize("job_id", ["1", "x", "00000000-0000-0000-0000-000000000000"])
def test_no_such_search(alice: Client, job_id: str) -> None:
    assert_refused(lambda headers: alice.get(f"/api/search/{job_id}/items", headers=headers), 404, "search-not-found")


@pytest.mark.parametrize("name", ["since", "limit"])
@pytest.mark.parametrize("value", ["-1", "NaN", "Infinity", "1e3", "1.5", "", "x", "null", str(2**53), "9" * 5_000, "0x10", "1;2"])
def test_bad_cursor(alice: Client, running: Search, name: str, value: str) -> None:
    def ask(headers: dict[str, str]) -> object:
        return alice.get(f"/api/search/{running.pk}/items", {name: value}, headers=headers)

    assert_refused(ask, 400, "invalid-parameter")  # type: ignore[arg-type]
    assert name in alice.get(f"/api/search/{running.pk}/items", {name: value}).json()["error"]["message"]


@pytest.mark.parametrize(("name", "value"), [("limit", "0"), ("limit", "501"), ("since", str(2**64))])
def test_out_of_bounds(alice: Client, running: Search, name: str, value: str) -> None:
    url = f"/api/search/{running.pk}/items"
    assert_refused(lambda headers: alice.get(url, {name: value}, headers=headers), 400, "invalid-parameter")


def test_beyond_the_end(alice: Client, running: Search) -> None:
    assert alice.get(f"/api/search/{running.pk}/items", {"since": 2**53 - 1}).json()["items"] == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limits=st.lists(st.integers(1, 4), min_size=1, max_size=6))
def test_any_pages_bring_each_item_once(alice: Client, running: Search, limits: list[int]) -> None:
    found, cursor = [], 0
    for limit in [*limits, 500]:
        told = alice.get(f"/api/search/{running.pk}/items", {"since": cursor, "limit": limit}).json()
        found += numbers(told)
        cursor = told["next"]
    assert (found, cursor) == ([0, 1, 2, 3, 4], 6)


def test_the_same_cursor_goes_on_in_the_answer(alice: Client, cast: Cast, live_redis: redis.Redis) -> None:
    """What Redis has lost is read from the answer, at the same ordinals."""
    run = make_run(status=Status.COMPLETED, items_found=5, row_count=6)
    make_answer(items=5, gaps=(2,))
    search = make_search(cast.alice, run, status=Status.COMPLETED)
    told = alice.get(f"/api/search/{search.pk}/items", {"since": 3}).json()
    assert (numbers(told), told["next"]) == ([2, 3, 4], 6)


def test_two_platforms_share_one_cursor(alice: Client, cast: Cast, live_redis: redis.Redis) -> None:
    runs = [make_run(Query("메이크업", name, "7days"), Status.RUNNING) for name in ("tiktok", "douyin")]
    live.append(live_redis, runs[0].pk, 0, [item(i) for i in range(3)])
    live.append(live_redis, runs[1].pk, 0, [item(i, "douyin") for i in range(10, 14)])
    search = make_search(cast.alice, *runs, asked=Query("메이크업", "all", "7days"), status=Status.RUNNING)
    url, found, cursor = f"/api/search/{search.pk}/items", [], 0
    for _page in range(5):
        told = alice.get(url, {"since": cursor, "limit": 2}).json()
        found += numbers(told)
        cursor = told["next"]
    assert found == [0, 1, 2, 10, 11, 12, 13]
    live.append(live_redis, runs[0].pk, 3, [item(3)])
    told = alice.get(url, {"since": cursor}).json()
    assert numbers(told) == [3]


@pytest.mark.usefixtures("without_redis")
def test_without_redis_there_is_nothing_yet(alice: Client, cast: Cast) -> None:
    search = make_search(cast.alice, make_run(status=Status.RUNNING), status=Status.RUNNING)
    assert alice.get(f"/api/search/{search.pk}/items", {"since": 4}).json() == {"items": [], "next": 4}


def test_looking_makes_follow_read(alice: Client, running: Search, live_redis: redis.Redis) -> None:
    run = running.runs.get()
    alice.get(f"/api/search/{running.pk}/items")
    assert live.watched(live_redis, [run.pk]) == {run.pk}
