"""GET /api/search/{jobId}: how it stands; the first items once it is completed."""

from typing import Any

import pytest
import redis
from django.test import Client
from django.utils import timezone

from searches.query import Query
from searches.search import live
from searches.search.models import Search, Status
from tests.api.conftest import assert_refused, finish, post
from tests.cast import Cast, api_client, page_client
from tests.conftest import Engine
from tests.rows import ASKED, item, make_answer, make_run, make_search

FIELDS = {
    "status",
    "jobId",
    "answerKey",
    "progress",
    "itemCount",
    "message",
    "queuePosition",
    "estimatedWaitSeconds",
    "partial",
    "platforms",
    "timestamp",
}


@pytest.fixture(autouse=True)
def _with_redis(live_redis: redis.Redis) -> None:
    """Live lists and watch marks are real."""


def test_it_works(engine: Engine, cast: Cast) -> None:
    alice = api_client(cast.alice)
    engine.sandbox.set(run_seconds=0.2)
    job = post(alice, "/api/search", {"query": "메이크업"}).json()["jobId"]
    queued = alice.get(f"/api/search/{job}").json()
    assert set(queued) == FIELDS
    assert (queued["status"], queued["queuePosition"], queued["progress"]) == ("queued", 1, 0)
    engine.work()
    running = alice.get(f"/api/search/{job}").json()
    assert (running["status"], running["queuePosition"]) == ("running", None)
    finish(engine)
    done = alice.get(f"/api/search/{job}").json()
    assert set(done) == FIELDS | {"data", "next"}
    assert (done["status"], done["progress"], done["jobId"], done["answerKey"]) == ("completed", 100, job, ASKED.key)
    assert done["itemCount"] == len(done["data"]) > 0
    assert (done["estimatedWaitSeconds"], done["queuePosition"]) == (None, None)


# Whose it is.


def test_only_ones_own(alice: Client, cast: Cast) -> None:
    search = make_search(cast.alice, make_run())
    assert alice.get(f"/api/search/{search.pk}").status_code == 200
    for other in (cast.bob, cast.charlie, cast.sam, cast.root):
        client = api_client(other)
        assert_refused(lambda headers, c=client: c.get(f"/api/search/{search.pk}", headers=headers), 404, "search-not-found")


def test_pages_may_ask_too(cast: Cast) -> None:
    search = make_search(cast.alice, make_run())
    assert page_client(cast.alice).get(f"/api/search/{search.pk}").json()["status"] == "queued"


@pytest.mark.parametrize(
    "job_id",
    [
        "1",
        "null",
        "00000000-0000-0000-0000-000000000000",
        "x" * 2_000,
        "%00",
        "메이크업",
        "' OR 1=1",
        "12345678-1234-1234-1234-12345678901g",
    ],
)
def test_no_such_search(alice: Client, job_id: str) -> None:
    assert_refused(lambda headers: alice.get(f"/api/search/{job_id}", headers=headers), 404, "search-not-found")


# How it stands.


def test_running_says_how_far_it_is(alice: Client, cast: Cast) -> None:
    run = make_run(status=Status.RUNNING, items_found=40, item_limit=100)
    told = alice.get(f"/api/search/{make_search(cast.alice, run, status=Status.RUNNING).pk}").json()
    assert (told["status"], told["progress"], told["itemCount"]) == ("running", 40, 40)
    assert told["estimatedWaitSeconds"] > 0
    assert "data" not in told


@pytest.mark.parametrize(("inner", "seen"), [(Status.STARTING, "queued"), (Status.COLLECTING, "running")])
def test_inner_states_are_not_shown(alice: Client, cast: Cast, inner: Status, seen: str) -> None:
    search = make_search(cast.alice, make_run(status=inner), status=Status.QUEUED if seen == "queued" else Status.RUNNING)
    assert alice.get(f"/api/search/{search.pk}").json()["status"] == seen


def test_progress_stays_below_100_until_it_is_done(alice: Client, cast: Cast) -> None:
    run = make_run(status=Status.COLLECTING, items_found=250, item_limit=100)
    assert alice.get(f"/api/search/{make_search(cast.alice, run, status=Status.RUNNING).pk}").json()["progress"] == 99


def test_failed_says_why_in_the_askers_language(cast: Cast) -> None:
    search = make_search(cast.alice, make_run(status=Status.FAILED, error_type="upstream-credit"), status=Status.FAILED)
    told = {lang: api_client(cast.alice, lang).get(f"/api/search/{search.pk}").json() for lang in ("en", "ko")}
    assert told["en"]["error"]["type"] == told["ko"]["error"]["type"] == "upstream-credit"
    assert "administrator" in told["en"]["error"]["message"]
    assert told["en"]["error"]["message"] != told["ko"]["error"]["message"]
    assert told["en"]["message"] == told["en"]["error"]["message"]
    assert "data" not in told["en"]


def test_cancelled_search_says_so_though_its_run_goes_on(alice: Client, cast: Cast) -> None:
    search = make_search(cast.alice, make_run(status=Status.RUNNING, items_found=5), status=Status.CANCELLED)
    told = alice.get(f"/api/search/{search.pk}").json()
    assert (told["status"], told["queuePosition"], told["estimatedWaitSeconds"]) == ("cancelled", None, None)


def test_one_platform_that_answered_is_enough(alice: Client, cast: Cast) -> None:
    done = make_run(status=Status.COMPLETED, items_found=3, row_count=3)
    broken = make_run(Query("메이크업", "douyin", "7days"), Status.FAILED, error_type="actor-failed")
    make_answer(items=3)
    search = make_search(cast.alice, done, broken, asked=Query("메이크업", "all", "7days"), status=Status.COMPLETED, item_count=3)
    told = alice.get(f"/api/search/{search.pk}").json()
    assert (told["status"], len(told["data"])) == ("completed", 3)
    assert "error" not in told


# Items of a completed search.


def test_data_is_the_first_hundred_items_whatever_lies_between(alice: Client, cast: Cast, live_redis: redis.Redis) -> None:
    """Rows that became no item do not make the first page shorter."""
    run = make_run(status=Status.COMPLETED, items_found=130, row_count=330)
    live.append(live_redis, run.pk, 0, [None] * 200 + [item(i) for i in range(130)], ended=True)
    told = alice.get(f"/api/search/{make_search(cast.alice, run, status=Status.COMPLETED, item_count=130).pk}").json()
    assert [row["id"] for row in told["data"]] == [f"tiktok-{i}" for i in range(100)]
    rest = alice.get(f"/api/search/{told['jobId']}/items", {"since": told["next"]}).json()["items"]
    assert [row["id"] for row in rest] == [f"tiktok-{i}" for i in range(100, 130)]


def test_data_comes_from_the_answer_when_redis_has_lost_it(alice: Client, cast: Cast) -> None:
    make_answer(items=4, gaps=(1,))
    search = make_search(cast.alice, make_run(status=Status.COMPLETED, items_found=4, row_count=5), status=Status.COMPLETED)
    told = alice.get(f"/api/search/{search.pk}").json()
    assert (len(told["data"]), told["next"]) == (4, 5)


@pytest.mark.usefixtures("without_redis")
def test_without_redis(alice: Client, cast: Cast) -> None:
    make_answer(items=4)
    search = make_search(cast.alice, make_run(status=Status.COMPLETED, items_found=4, row_count=4), status=Status.COMPLETED)
    assert len(alice.get(f"/api/search/{search.pk}").json()["data"]) == 4


def test_answer_that_has_expired_leaves_the_state(alice: Client, cast: Cast) -> None:
    search = make_search(
        cast.alice, make_run(status=Status.COMPLETED, items_found=4, row_count=4), status=Status.COMPLETED, finished_at=timezone.now()
    )
    told = alice.get(f"/api/search/{search.pk}").json()
    assert (told["status"], told["itemCount"], told["data"]) == ("completed", 4, [])


def test_search_whose_runs_are_gone(alice: Client, cast: Cast) -> None:
    search = make_search(cast.alice, status=Status.COMPLETED, item_count=7, cached=True)
    told = alice.get(f"/api/search/{search.pk}").json()
    assert (told["status"], told["itemCount"], told["progress"]) == ("completed", 7, 100)


# Looking.


@pytest.mark.parametrize(("status", "looked"), [(Status.RUNNING, True), (Status.COMPLETED, False)])
def test_looking_makes_follow_read(alice: Client, cast: Cast, live_redis: redis.Redis, status: Any, looked: bool) -> None:
    run = make_run(status=status)
    alice.get(f"/api/search/{make_search(cast.alice, run, status=status).pk}")
    assert live.watched(live_redis, [run.pk]) == ({run.pk} if looked else set())


def test_looking_changes_no_row(alice: Client, cast: Cast) -> None:
    search = make_search(cast.alice, make_run(status=Status.RUNNING), status=Status.RUNNING)
    before = Search.objects.values().get()
    alice.get(f"/api/search/{search.pk}")
    assert Search.objects.values().get() == before


# All platforms.


def test_all_platforms_from_the_question_to_the_answer(engine: Engine, cast: Cast) -> None:
    alice = api_client(cast.alice)
    engine.sandbox.set(run_seconds=0.2)
    engine.sandbox.faults({"on": "start", "kind": "failed", "match": "searchTermsOrHashtags"})
    job = post(alice, "/api/search", {"query": "메이크업", "platform": "all"}).json()["jobId"]
    engine.work()
    running = alice.get(f"/api/search/{job}").json()
    assert (running["status"], [row["status"] for row in running["platforms"]]) == ("running", ["running"] * 3)
    finish(engine)
    done = alice.get(f"/api/search/{job}").json()
    assert (done["status"], done["itemCount"], done["partial"]) == ("completed", len(done["data"]), False)
    assert {row["platform"]: row["status"] for row in done["platforms"]} == {
        "douyin": "failed",
        "tiktok": "completed",
        "xiaohongshu": "completed",
    }
    failed = next(row for row in done["platforms"] if row["status"] == "failed")
    assert failed["message"] == failed["error"]["message"] != ""
    found, cursor = [], 0
    for _page in range(100):
        page = alice.get(f"/api/search/{job}/items?since={cursor}&limit=7").json()
        if page["next"] == cursor:
            break
        found, cursor = found + page["items"], page["next"]
    assert [row["id"] for row in found] != []
    assert sorted(row["id"] for row in found) == sorted(row["id"] for row in done["data"])
    assert cursor == done["next"]
    korean = api_client(cast.alice, "ko").get(f"/api/search/{job}").json()
    assert korean["platforms"][0]["message"] != done["platforms"][0]["message"]
