"""What each platform has given, or why not: a row a source, in words."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import redis
from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import trans_real

from scout.catalogues import compile_catalogues
from searches.platforms import health
from searches.platforms.models import ActorHealth, Platform
from searches.platforms.sources import sources_of
from searches.query import Query, parse
from searches.search import announce, coverage, explain, wire
from searches.search.models import Run, Status
from tests.cast import Cast, api_client
from tests.rows import make_answer, make_run, make_search
from tests.search.steps import platform

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("live_redis")]
ALL = parse("메이크업", "all", "7days")
DOUYINS = "natanielsantos/douyin-scraper"
_HANGUL = re.compile("[\uac00-\ud7a3]")


@pytest.fixture(scope="module", autouse=True)
def _catalogues() -> None:
    compile_catalogues(Path(settings.BASE_DIR) / "locale")
    trans_real._translations.clear()


def suspend(actor: str, reason: str = "blocked") -> ActorHealth:
    health._read = (float("-inf"), {})
    until = timezone.now() + timedelta(minutes=5)
    return ActorHealth.objects.create(actor=actor, suspended_until=until, reason=reason)


def of_all(*answers: Any) -> list[coverage.Row]:
    """Rows of a question to all platforms of which these answers are known."""
    sources = sources_of(Platform.objects.order_by("name"))
    known = {source: answer for source in sources for answer in answers if answer.key == source.key(ALL)}
    return coverage.of_answers(ALL, sources, known)


def test_it_works() -> None:
    answer = make_answer(ALL.on("tiktok"), 3, age=100)
    douyin, tiktok, _xiaohongshu = of_all(replace(answer, actor="a/b", outside_count=2, undated_count=1, window_days=30))
    assert tiktok == {
        "platform": "tiktok",
        "actor": "a/b",
        "name": "TikTok",
        "status": "completed",
        "itemCount": 3,
        "askedDays": 7,
        "actorDays": 30,
        "outsideCount": 2,
        "undatedCount": 1,
        "fetchedAt": answer.created_at.isoformat(timespec="seconds"),
        "ageSeconds": tiktok["ageSeconds"],
        "stale": False,
        "partial": False,
        "suspendedUntil": None,
        "error": None,
        "message": "3 results, 2 older ones left out, 1 without a date",
    }
    assert 100 <= (tiktok["ageSeconds"] or 0) < 130
    assert (douyin["status"], douyin["itemCount"], douyin["message"]) == ("missing", 0, "Not searched yet.")


def test_a_row_is_what_the_api_promises() -> None:
    assert set(get_type_hints(coverage.Row)) == set(wire.Coverage.model_fields)
    for row in [*of_all(make_answer(ALL.on("tiktok"))), *coverage.of_states([announce.state(make_run())])]:
        wire.Coverage.model_validate(row)
        assert set(row) == set(wire.Coverage.model_fields)
        assert json.loads(json.dumps(row)) == row


# Known answers.


@pytest.mark.parametrize(
    ("changes", "english"),
    [
        ({"item_count": 0, "undated_count": 0}, "0 results"),
        ({"item_count": 1, "undated_count": 0}, "1 result"),
        ({"item_count": 2, "undated_count": 2}, "2 results, 2 without a date"),
        ({"item_count": 2, "undated_count": 0, "outside_count": 1}, "2 results, 1 older one left out"),
        ({"item_count": 2, "undated_count": 0, "partial": True}, "2 results, cut short"),
    ],
)
def test_what_was_given_in_words(changes: dict[str, Any], english: str) -> None:
    answer = replace(make_answer(ALL.on("tiktok")), **changes)
    assert of_all(answer)[1]["message"] == english
    with translation.override("ko"):
        korean = of_all(answer)[1]["message"]
    assert _HANGUL.search(korean)
    assert re.findall(r"\d+", korean) == re.findall(r"\d+", english)


def test_for_any_time_nothing_lacks_a_date() -> None:
    query = Query("메이크업", "tiktok", "all")
    answer = make_answer(query, 3)
    [row] = coverage.of_answers(query, [source := sources_of([Platform.objects.get(pk="tiktok")])[0]], {source: answer})
    assert (row["message"], row["undatedCount"], row["askedDays"]) == ("3 results", 3, None)


def test_old_answers_are_said_to_be_old() -> None:
    row = of_all(make_answer(ALL.on("tiktok"), age=settings.FRESH_SECONDS + 5))[1]
    assert (row["stale"], (row["ageSeconds"] or 0) > settings.FRESH_SECONDS) == (True, True)


def test_an_answer_from_before_actors_were_written_down() -> None:
    assert of_all(make_answer(ALL.on("tiktok")))[1]["actor"] == "clockworks/tiktok-scraper"


def test_who_searches_beside_is_named_and_not_missed() -> None:
    query = ALL.on("tiktok")
    first, beside = sources_of([platform(fallback="", beside=["apidojo/tiktok-scraper"])])
    answers = {first: make_answer(query)}
    assert [row["name"] for row in coverage.of_answers(query, [first, beside], answers)] == ["TikTok"]
    answers[beside] = make_answer(query.on(beside.name))
    names = [row["name"] for row in coverage.of_answers(query, [first, beside], answers)]
    assert names == ["TikTok", "TikTok (apidojo/tiktok-scraper)"]


def test_a_suspended_platform_that_has_not_answered_says_why() -> None:
    held = suspend(DOUYINS)
    row = of_all()[0]
    assert row["suspendedUntil"] == held.suspended_until.isoformat()
    assert row["message"] == f"Douyin is paused until {coverage.clock(held.suspended_until)}: the platform blocks the scraper."
    assert of_all(make_answer(ALL.on("douyin")))[0]["suspendedUntil"] is None, "what is known is there all the same"


# States of runs.


@pytest.mark.parametrize(
    ("status", "values", "told", "english"),
    [
        (Status.QUEUED, {}, "queued", "waiting"),
        (Status.STARTING, {}, "queued", "waiting"),
        (Status.RUNNING, {"items_found": 12}, "running", "12 so far"),
        (Status.COLLECTING, {"items_found": 0}, "running", "0 so far"),
        (Status.COMPLETED, {"items_found": 1}, "completed", "1 result"),
        (Status.COMPLETED, {"items_found": 4, "partial": True}, "completed", "4 results, cut short"),
        (Status.CANCELLED, {}, "cancelled", "cancelled"),
    ],
)
def test_each_status_in_both_languages(status: Status, values: dict[str, Any], told: str, english: str) -> None:
    state = announce.state(make_run(status=status, **values))
    [row] = coverage.of_states([state])
    assert (row["status"], row["message"], row["error"], row["itemCount"]) == (told, english, None, values.get("items_found", 0))
    with translation.override("ko"):
        [row] = coverage.of_states([state])
    assert _HANGUL.search(row["message"])
    assert json.loads(json.dumps(row)) == row


@pytest.mark.parametrize("kind", [*explain.known(), "", "never heard of"])
def test_a_failure_is_said_in_words(kind: str) -> None:
    [row] = coverage.of_states([announce.state(make_run(status=Status.FAILED, error_type=kind))])
    assert row["error"] == {"type": kind, "message": explain.sentence(kind)}
    assert row["message"] == explain.sentence(kind)


def test_a_run_that_waits_for_a_suspended_actor_says_until_when() -> None:
    held = suspend(DOUYINS, "rate-limited")
    run = make_run(ALL.on("douyin"))
    [row] = coverage.of_states([json.loads(json.dumps(announce.state(run)))])
    assert row["suspendedUntil"] == held.suspended_until.isoformat()
    assert "too many requests" in row["message"]
    with translation.override("ko"):
        [korean] = coverage.of_states([announce.state(run)])
    assert "일시 중지" in korean["message"]
    Run.objects.update(status=Status.RUNNING)
    [row] = coverage.of_states([announce.state(Run.objects.get())])
    assert (row["suspendedUntil"], row["status"]) == (None, "running"), "this one is on its way"


def test_with_a_fall_back_nobody_is_told_to_wait() -> None:
    suspend("clockworks/tiktok-scraper")
    [row] = coverage.of_states([announce.state(make_run())])
    assert (row["suspendedUntil"], row["message"]) == (None, "waiting")


def test_a_state_of_an_earlier_release_has_no_row() -> None:
    """States live in Redis for a day, and a release may come in between."""
    old = {"status": "running", "found": 3, "asked": 100, "rows": None, "position": None, "eta": None, "partial": False, "error": ""}
    assert coverage.of_states([old]) == []


def test_the_clock_is_the_readers(settings: Any) -> None:
    noon = timezone.datetime.fromisoformat("2026-06-01T12:00:00+00:00")
    with timezone.override("Asia/Seoul"):
        assert coverage.clock(noon) == "21:00"
    with timezone.override("UTC"):
        assert coverage.clock(noon) == "12:00"


# Where it is told.


def test_rows_come_with_a_search_and_with_a_hit(cast: Cast, live_redis: redis.Redis) -> None:
    runs = [make_run(ALL.on("tiktok"), Status.COMPLETED, items_found=3), make_run(ALL.on("douyin"), Status.FAILED, error_type="timed-out")]
    search = make_search(cast.alice, *runs, asked=ALL, status=Status.COMPLETED, item_count=3)
    told = api_client(cast.alice).get(f"/api/search/{search.pk}").json()
    assert [(row["platform"], row["status"]) for row in told["platforms"]] == [("tiktok", "completed"), ("douyin", "failed")]
    assert told["platforms"][1]["error"]["type"] == "timed-out"
    make_answer(ALL.on("tiktok"))
    hit = api_client(cast.alice, "ko").post("/api/search", {"query": "메이크업"}, content_type="application/json").json()
    assert _HANGUL.search(hit["platforms"][0]["message"])
