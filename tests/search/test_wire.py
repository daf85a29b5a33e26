"""Searches as the API tells them."""

import json
from dataclasses import replace
from datetime import datetime

import pytest

from searches.item import Item
from searches.query import Query
from searches.search import wire
from searches.search.models import Status
from tests.cast import Cast
from tests.rows import ASKED, hit_of, make_answer, make_run, make_search

pytestmark = pytest.mark.django_db


def test_it_works(cast: Cast) -> None:
    search = make_search(cast.alice, make_run())
    told = wire.tell(search, list(search.runs.all()))
    assert (told["jobId"], told["answerKey"], told["status"]) == (str(search.pk), ASKED.key, "queued")
    wire.Told.model_validate(told)


def test_time_is_iso_in_utc_with_milliseconds() -> None:
    assert wire.now_iso().endswith("Z")
    assert len(wire.now_iso()) == len("2026-01-01T00:00:00.000Z")
    assert datetime.fromisoformat(wire.now_iso()).tzinfo is not None


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.FAILED, Status.CANCELLED])
def test_items_only_once_completed(cast: Cast, status: Status) -> None:
    make_answer()
    search = make_search(cast.alice, make_run(status=status), status=status)
    assert not {"data", "next"} & set(wire.with_data(search, list(search.runs.all())))


def test_items_of_a_completed_search(cast: Cast) -> None:
    make_answer(items=3)
    search = make_search(cast.alice, make_run(status=Status.COMPLETED, items_found=3, row_count=3), status=Status.COMPLETED)
    told = wire.with_data(search, list(search.runs.all()))
    assert [set(item) for item in told["data"]] == [set(Item.__annotations__)] * 3
    wire.ToldWithData.model_validate(told)


def test_hit(cast: Cast) -> None:
    told = json.loads(wire.hit_body(ASKED, hit_of(make_answer(items=2, age=61), stale=True)))
    assert (told["stale"], told["itemCount"], told["partial"], told["jobId"]) == (True, 2, False, None)
    assert told["ageSeconds"] >= 61
    wire.Known.model_validate(told)


def test_hit_of_two_platforms_is_as_old_as_its_oldest() -> None:
    answers = [make_answer(Query("a", platform, "all"), items=n, age=age) for platform, n, age in (("tiktok", 2, 10), ("douyin", 1, 500))]
    told = json.loads(wire.hit_body(Query("a", "all", "all"), hit_of(*answers)))
    assert told["ageSeconds"] >= 500
    assert [item["platform"] for item in told["data"]] == ["tiktok", "tiktok", "douyin"]


@pytest.mark.parametrize("counts", [(0,), (0, 2), (2, 0), (0, 0), (1, 1)])
def test_empty_answers_leave_no_commas(counts: tuple[int, ...]) -> None:
    answers = [make_answer(Query("q", platform, "all"), items=count) for platform, count in zip(("tiktok", "douyin"), counts, strict=False)]
    assert len(json.loads(wire.hit_body(Query("q", "all", "all"), hit_of(*answers)))["data"]) == sum(counts)


def test_hit_of_a_clock_that_is_ahead() -> None:
    assert json.loads(wire.hit_body(ASKED, hit_of(make_answer(age=-30))))["ageSeconds"] == 0


def test_key_is_told_as_it_is() -> None:
    told = wire.hit_body(Query('"메이크업" \\ </script>', "tiktok", "7days"), hit_of(make_answer()))
    assert json.loads(told)["answerKey"] == 'tiktok:"메이크업" \\ </script>:7days'
    assert "메이크업".encode() in told


def test_body_is_sent_as_it_is_stored() -> None:
    answer = make_answer(items=1)
    odd = replace(answer, body=answer.body.replace(b":", b": "))
    assert odd.body[1:-1] in wire.hit_body(ASKED, hit_of(odd))
