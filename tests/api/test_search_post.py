"""POST /api/search: a known answer at once, or a job."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from searches.accounts import limits
from searches.cache.models import CachedAnswer
from searches.platforms.models import Platform
from searches.query import Query
from searches.search import estimate, history
from searches.search.models import Run, Search, Status
from tests.api.conftest import assert_refused, post, problem
from tests.cast import Cast, api_client
from tests.rows import ASKED, make_answer, make_run

URL = "/api/search"
BODY = {"query": "메이크업", "platform": "tiktok", "dateRange": "7days"}
WAITING = {
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
    "cached",
    "timestamp",
}
KNOWN = {
    "status",
    "cached",
    "stale",
    "ageSeconds",
    "answerKey",
    "jobId",
    "itemCount",
    "partial",
    "platforms",
    "refreshCostUsd",
    "timestamp",
    "data",
}


@pytest.fixture(autouse=True)
def _with_redis(live_redis: redis.Redis) -> None:
    """The counters of limits and the queues are real."""


def test_it_works(alice: Client, live_redis: redis.Redis) -> None:
    response = post(alice, URL, BODY)
    told = response.json()
    assert response.status_code == 202
    assert set(told) == WAITING
    assert (told["status"], told["cached"], told["answerKey"]) == ("queued", False, "tiktok:메이크업:7days")
    assert (told["queuePosition"], told["progress"], told["itemCount"]) == (1, 0, 0)
    assert told["estimatedWaitSeconds"] > 0
    assert told["message"]
    assert told["timestamp"].endswith("Z")
    search = Search.objects.get(pk=told["jobId"])
    assert (search.user.username, search.query, search.status) == ("alice", "메이크업", Status.QUEUED)
    assert live_redis.llen("rq:queue:search") == 1


def test_defaults_are_tiktok_and_a_week(alice: Client) -> None:
    assert post(alice, URL, {"query": "메이크업"}).json()["answerKey"] == "tiktok:메이크업:7days"


def test_what_is_not_ours_is_not_minded(alice: Client) -> None:
    assert post(alice, URL, BODY | {"limit": 5, "유": None}).status_code == 202


# Bad input: each with its status, its type and a sentence in both languages.


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        pytest.param({"query": ""}, "empty-query", id="empty"),
        pytest.param({"query": " \t\n 　"}, "empty-query", id="blank"),
        pytest.param({"query": "\u200b\u3164\ufeff"}, "empty-query", id="invisible"),
        pytest.param({"query": "가" * 101}, "query-too-long", id="101 characters"),
        pytest.param({"query": "a\u0301" * 6_000}, "query-too-long", id="accents without end"),
        pytest.param({"query": "a\x00b"}, "invalid-query", id="nul"),
        pytest.param({"query": "a\x1bb"}, "invalid-query", id="escape"),
        pytest.param({"query": "\ud800"}, "invalid-query", id="half a surrogate pair"),
        pytest.param({"query": 5}, "invalid-query", id="number"),
        pytest.param({"query": None}, "invalid-query", id="null"),
        pytest.param({"query": ["a"]}, "invalid-query", id="list"),
        pytest.param({"query": {"$ne": ""}}, "invalid-query", id="object"),
        pytest.param({"query": True}, "invalid-query", id="boolean"),
        pytest.param({"platform": "myspace"}, "unknown-platform", id="unknown platform"),
        pytest.param({"platform": "TikTok"}, "unknown-platform", id="platform in capitals"),
        pytest.param({"platform": None}, "unknown-platform", id="platform null"),
        pytest.param({"platform": ["tiktok"]}, "unknown-platform", id="platform list"),
        pytest.param({"platform": "douyin"}, "platform-unavailable", id="platform known, not enabled"),
        pytest.param({"dateRange": "2weeks"}, "unknown-date-range", id="unknown date range"),
        pytest.param({"dateRange": 7}, "unknown-date-range", id="date range number"),
        pytest.param({"dateRange": None}, "unknown-date-range", id="date range null"),
    ],
)
def test_bad_input(alice: Client, change: dict[str, Any], kind: str) -> None:
    Platform.objects.filter(name="douyin").update(enabled=False)
    body = json.dumps(BODY | change)
    assert_refused(lambda headers: post(alice, URL, body, headers), 400, kind)
    assert not Search.objects.exists()


def test_no_query_at_all(alice: Client) -> None:
    assert_refused(lambda headers: post(alice, URL, {}, headers), 400, "invalid-query")


def test_not_a_number(alice: Client) -> None:
    assert_refused(lambda headers: post(alice, URL, '{"query": NaN}', headers), 400, "invalid-query")


def test_switched_off_platform(alice: Client) -> None:
    Platform.objects.update(enabled=False)
    assert_refused(lambda headers: post(alice, URL, BODY, headers), 400, "platform-unavailable")
    assert_refused(lambda headers: post(alice, URL, BODY | {"platform": "all"}, headers), 400, "platform-unavailable")


@pytest.mark.parametrize(
    "query",
    [
        "a",
        "가" * 100,
        "💄💋",
        "👨\u200d👩\u200d👧",
        "مكياج",
        "עברית",
        "#뷰티 & <b>",
        "'; DROP TABLE searches;--",
        "a\tb",
        "a:b:7days",
        "%00",
        "../..",
    ],
)
def test_good_input(alice: Client, query: str) -> None:
    told = post(alice, URL, BODY | {"query": query}).json()
    assert told["status"] == "queued"
    assert Search.objects.get(pk=told["jobId"]).query == " ".join(query.split())


# The same again.


def test_double_submit_is_one_job(alice: Client) -> None:
    first, again = post(alice, URL, BODY).json(), post(alice, URL, BODY | {"query": "  메이크업 "}).json()
    assert first["jobId"] == again["jobId"]
    assert Run.objects.count() == 1


def test_two_people_share_a_run_but_no_job(cast: Cast) -> None:
    ids = {post(api_client(user), URL, BODY).json()["jobId"] for user in (cast.alice, cast.bob, cast.charlie)}
    assert len(ids) == 3
    assert Run.objects.count() == 1


def test_idempotency_key_replays(alice: Client) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = post(alice, URL, BODY, key).json()
    Search.objects.update(status=Status.FAILED)  # or the open question alone would make them one
    Run.objects.update(status=Status.FAILED)
    assert post(alice, URL, BODY, key).json()["jobId"] == first["jobId"]
    assert post(alice, URL, BODY).json()["jobId"] != first["jobId"]


def test_idempotency_key_reused(alice: Client) -> None:
    post(alice, URL, BODY, {"Idempotency-Key": "k-1"})
    other = BODY | {"query": "스킨케어"}
    assert_refused(lambda headers: post(alice, URL, other, {**headers, "Idempotency-Key": "k-1"}), 422, "idempotency-key-reused")


def test_idempotency_key_is_ones_own(cast: Cast) -> None:
    key = {"Idempotency-Key": "k-1"}
    first = post(api_client(cast.alice), URL, BODY, key).json()
    assert post(api_client(cast.bob), URL, BODY | {"query": "스킨케어"}, key).json()["jobId"] != first["jobId"]


def test_long_idempotency_keys_are_told_apart(alice: Client) -> None:
    first = post(alice, URL, BODY, {"Idempotency-Key": "k" * 200 + "1"})
    other = post(alice, URL, BODY | {"query": "스킨케어"}, {"Idempotency-Key": "k" * 200 + "2"})
    assert (first.status_code, other.status_code) == (202, 202)
    again = post(alice, URL, BODY, {"Idempotency-Key": "k" * 200 + "1"})
    assert again.json()["jobId"] == first.json()["jobId"]


def at_once(times: int, ask: Callable[[int], Any]) -> list[Any]:
    """What `ask(i)` answers in as many threads, which begin together."""
    together = threading.Barrier(times)

    def one(i: int) -> Any:
        together.wait()
        try:
            return ask(i)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(one, range(times)))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_many_at_once_are_one_job_each_and_one_run(cast: Cast) -> None:
    shown = [api_client(user).defaults for user in (cast.alice, cast.bob)]
    answers = at_once(8, lambda i: post(Client(**shown[i % 2]), URL, BODY))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["jobId"] for answer in answers}) == 2
    assert (Search.objects.count(), Run.objects.count()) == (2, 1)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_one_idempotency_key_at_once_is_one_job(cast: Cast) -> None:
    shown = api_client(cast.alice).defaults
    answers = at_once(6, lambda i: post(Client(**shown), URL, BODY, {"Idempotency-Key": "k"}))
    assert len({answer.json()["jobId"] for answer in answers}) == 1
    assert Search.objects.get().idempotency_key == "k"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_stale_answer_asked_for_by_many_at_once_is_refreshed_once(cast: Cast) -> None:
    make_answer(age=settings.FRESH_SECONDS + 5)
    shown = api_client(cast.alice).defaults
    answers = at_once(6, lambda i: post(Client(**shown), URL, BODY))
    assert {answer.json()["stale"] for answer in answers} == {True}
    assert Run.objects.count() == 1


# How often.


@pytest.fixture
def _two_a_minute(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.SEARCHES_PER_MINUTE = 2
    monkeypatch.setattr(limits, "time", SimpleNamespace(time=lambda: 1_000_015.0))


@pytest.mark.usefixtures("_two_a_minute")
def test_rate_limit(alice: Client, cast: Cast) -> None:
    assert [post(alice, URL, BODY).status_code for _i in range(3)] == [202, 202, 429]
    response = post(alice, URL, BODY)
    assert response["Retry-After"] == "5"
    assert "5" in problem(response)[2]
    assert_refused(lambda headers: post(alice, URL, BODY, headers), 429, "rate-limited")
    assert post(api_client(cast.bob), URL, BODY).status_code == 202


@pytest.mark.usefixtures("_two_a_minute")
def test_staff_are_not_limited(cast: Cast) -> None:
    sam = api_client(cast.sam)
    assert {post(sam, URL, BODY).status_code for _i in range(5)} == {202}


@pytest.mark.usefixtures("_two_a_minute")
def test_mistakes_are_not_counted(alice: Client) -> None:
    assert {post(alice, URL, BODY | {"query": ""}).status_code for _i in range(5)} == {400}
    assert post(alice, URL, BODY).status_code == 202


# A known answer.


def test_known_answer(alice: Client) -> None:
    answer = make_answer(age=90)
    response = post(alice, URL, BODY)
    told = response.json()
    assert response.status_code == 200
    assert set(told) == KNOWN
    assert (told["status"], told["cached"], told["stale"], told["jobId"]) == ("completed", True, False, None)
    assert (told["answerKey"], told["itemCount"], told["partial"]) == (ASKED.key, 3, False)
    assert 90 <= told["ageSeconds"] < 120
    assert told["data"] == answer.items()
    assert not Run.objects.exists()


def test_what_a_refresh_would_cost_is_said(alice: Client) -> None:
    make_answer(age=90)
    assert post(alice, URL, BODY).json()["refreshCostUsd"] == 1.0, "the most that a run may cost, before there was one"
    estimate._costs.clear()
    make_run(Query("before", ASKED.platform, ASKED.date_range), Status.COMPLETED, usage_usd="0.0812")
    assert post(alice, URL, BODY).json()["refreshCostUsd"] == 0.0812


def test_known_answer_writes_nothing_in_the_request(alice: Client) -> None:
    make_answer()
    post(alice, URL, BODY)  # notes the token's use, which happens once in five minutes
    for ask in ("store", "memory"):
        with CaptureQueriesContext(connection) as queries:
            assert post(alice, URL, BODY).json()["cached"] is True
        written = [q["sql"] for q in queries if q["sql"].split()[0] in {"INSERT", "UPDATE", "DELETE", "SAVEPOINT"}]
        assert written == [], ask
    assert not Search.objects.exists()


def test_known_answer_is_written_behind(alice: Client) -> None:
    history.flush()
    make_answer()
    for _i in range(3):
        post(alice, URL, BODY)
    assert history.flush() == 3
    assert CachedAnswer.objects.get().access_count == 3
    row = Search.objects.first()
    assert row is not None
    assert (row.user.username, row.cached, row.status, row.item_count) == ("alice", True, Status.COMPLETED, 3)
    assert history.flush() == 0


def test_stale_answer_is_refreshed_behind_once(alice: Client, cast: Cast, live_redis: redis.Redis) -> None:
    make_answer(age=settings.FRESH_SECONDS + 5)
    first, again = post(alice, URL, BODY).json(), post(api_client(cast.bob), URL, BODY).json()
    assert (first["cached"], first["stale"], first["jobId"]) == (True, True, None)
    assert first["ageSeconds"] >= settings.FRESH_SECONDS
    assert (again["stale"], len(again["data"])) == (True, 3)
    run = Run.objects.get()
    assert (run.reason, run.status, run.priority) == (Run.Reason.REFRESH, Status.QUEUED, 1)
    assert (live_redis.llen("rq:queue:warm"), live_redis.llen("rq:queue:search")) == (1, 0)
    assert not Search.objects.exists()


@pytest.mark.parametrize(("values", "what"), [({"items": 0}, "empty"), ({"partial": True}, "partial")])
def test_poor_answer_is_stale_after_an_hour(alice: Client, values: dict[str, Any], what: str) -> None:
    make_answer(age=3_000, **values)
    assert post(alice, URL, BODY).json()["stale"] is False
    CachedAnswer.objects.all().delete()
    make_answer(Query("스킨케어", "tiktok", "7days"), age=3_700, **values)
    assert post(alice, URL, BODY | {"query": "스킨케어"}).json()["stale"] is True, what


def test_expired_answer_is_asked_anew(alice: Client) -> None:
    make_answer(age=settings.KEEP_SECONDS + 1)
    response = post(alice, URL, BODY)
    assert (response.status_code, response.json()["cached"]) == (202, False)


def test_all_platforms_known(alice: Client) -> None:
    Platform.objects.filter(name="xiaohongshu").update(enabled=False)
    make_answer(Query("메이크업", "tiktok", "7days"), items=2, age=100)
    assert post(alice, URL, BODY | {"platform": "all"}).status_code == 202
    make_answer(Query("메이크업", "douyin", "7days"), items=1, age=5, partial=True)
    told = post(alice, URL, BODY | {"platform": "all"}).json()
    assert [row["platform"] for row in told["data"]] == ["douyin", "tiktok", "tiktok"]
    assert (told["answerKey"], told["itemCount"], told["partial"]) == ("all:메이크업:7days", 3, True)
    assert told["ageSeconds"] >= 100
    assert [(row["platform"], row["status"], row["itemCount"], row["partial"]) for row in told["platforms"]] == [
        ("douyin", "completed", 1, True),
        ("tiktok", "completed", 2, False),
    ]


def test_known_answers_need_no_redis(alice: Client, live_redis: redis.Redis, without_redis: None) -> None:
    make_answer()
    assert post(alice, URL, BODY).json()["cached"] is True


def test_without_redis_new_orders_are_refused_at_once(alice: Client, without_redis: None) -> None:
    assert_refused(lambda headers: post(alice, URL, BODY, headers), 503, "queue-unavailable")
    assert int(post(alice, URL, BODY)["Retry-After"]) > 0
    assert not Run.objects.exists()
    assert not Search.objects.exists()


# Asked again on purpose.


def test_refresh_asks_again_although_it_is_known(alice: Client) -> None:
    make_answer(age=3_600)
    assert post(alice, URL, BODY | {"refresh": False}).status_code == 200
    response = post(alice, URL, BODY | {"refresh": True})
    assert (response.status_code, response.json()["cached"]) == (202, False)
    assert Run.objects.get().priority == 0, "somebody waits for it"


def test_refresh_of_an_answer_of_this_minute_is_that_answer(alice: Client) -> None:
    make_answer(age=30)
    assert post(alice, URL, BODY | {"refresh": True}).status_code == 200
    assert not Run.objects.exists()


@pytest.mark.parametrize("value", ["perhaps", 5, None, [], {}])
def test_refresh_that_is_no_boolean(alice: Client, value: Any) -> None:
    assert_refused(lambda headers: post(alice, URL, BODY | {"refresh": value}, headers), 400, "invalid-parameter")
