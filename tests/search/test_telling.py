"""What a person is told of a search."""

from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from searches.search.models import OPEN, Status
from searches.search.telling import combine, span, waiting

FIELDS = {"status", "progress", "itemCount", "queuePosition", "estimatedWaitSeconds", "partial", "platforms", "message"}


def run(status: str = "running", **values: Any) -> dict[str, Any]:
    source = {"platform": "tiktok", "actor": "a/b", "beside": False, "window": 7, "native": 7, "suspended": None}
    plain = source | {"found": 0, "asked": 100, "rows": None, "position": None, "eta": None, "partial": False, "error": ""}
    return {"status": status, **plain, **values}


def test_it_works() -> None:
    told = combine("running", [run(found=30, eta=60)])
    assert set(told) == FIELDS
    assert (told["status"], told["progress"], told["itemCount"], told["estimatedWaitSeconds"]) == ("running", 30, 30, 60)
    assert told["message"] == "30 results so far."


# The one status out of many.


@pytest.mark.parametrize(
    ("own", "runs", "told"),
    [
        ("queued", ["queued"], "queued"),
        ("queued", ["running"], "running"),
        ("running", ["queued"], "queued"),  # put back while busy
        ("running", ["queued", "queued"], "queued"),
        ("running", ["queued", "running"], "running"),
        ("running", ["completed", "queued"], "running"),
        ("queued", ["failed", "queued"], "running"),
        ("completed", ["completed", "failed"], "completed"),
        ("failed", ["failed"], "failed"),
        ("cancelled", ["running"], "cancelled"),
        ("queued", [], "queued"),
        ("completed", [], "completed"),
    ],
)
def test_status(own: str, runs: list[str], told: str) -> None:
    assert combine(own, [run(status) for status in runs])["status"] == told


def test_waiting_tells_the_later_place_and_the_longer_time() -> None:
    told = combine("queued", [run("queued", position=2, eta=40), run("queued", position=5, eta=30)])
    assert (told["queuePosition"], told["estimatedWaitSeconds"]) == (5, 40)
    assert told["message"] == "Waiting: number 5 in line, about 40 seconds."


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
def test_what_has_ended_waits_for_nothing(status: str) -> None:
    told = combine(status, [run("running", position=3, eta=50)])
    assert (told["queuePosition"], told["estimatedWaitSeconds"]) == (None, None)


def test_count_outlives_the_runs() -> None:
    assert combine("completed", [], 12)["itemCount"] == 12
    assert combine("completed", [run("completed", found=7)])["itemCount"] == 7, "where nobody has counted yet"
    assert combine("running", [run("running", found=7)], 12)["itemCount"] == 7


def test_at_the_end_the_search_knows_better_than_the_sum() -> None:
    """A post that two actors have found counts once."""
    told = combine("completed", [run("completed", found=7), run("completed", found=7, beside=True)], 9)
    assert (told["itemCount"], told["message"]) == (9, "Done: 9 results.")
    assert [row["itemCount"] for row in told["platforms"]] == [7, 7]


def test_a_row_for_each_run() -> None:
    told = combine("running", [run("completed", found=7), run("failed", error="timed-out", platform="douyin")])
    assert [(row["platform"], row["status"], row["itemCount"]) for row in told["platforms"]] == [
        ("tiktok", "completed", 7),
        ("douyin", "failed", 0),
    ]


def test_who_waits_for_a_suspended_scraper_is_told_so() -> None:
    suspended = {"reason": "blocked", "until": "2026-06-01T12:00:00+00:00"}
    told = combine("queued", [run("queued", position=3, eta=90, suspended=suspended), run("queued", platform="douyin")])
    assert "TikTok is paused until" in told["message"]
    assert told["message"].endswith("Your search goes on by itself after that.")
    assert "paused" not in combine("running", [run(suspended=suspended)])["message"], "what runs is not paused"


def test_partial_is_said() -> None:
    told = combine("completed", [run("completed", found=3, partial=True), run("completed", found=2)])
    assert told["partial"] is True
    assert "cut short" in told["message"]


def test_failed_says_why() -> None:
    told = combine("failed", [run("failed", error="upstream-credit")])
    assert told["error"] == {"type": "upstream-credit", "message": told["message"]}
    assert "credit" in told["message"]


def test_failed_without_a_reason() -> None:
    assert combine("failed", [])["error"]["type"] == "search-failed"


@pytest.mark.parametrize("status", ["queued", "running", "completed", "cancelled"])
def test_only_failed_has_an_error(status: str) -> None:
    assert "error" not in combine(status, [run("failed", error="timed-out"), run(status)])


runs = st.builds(
    run,
    st.sampled_from([str(status) for status in Status if status not in ("starting", "collecting")]),
    found=st.integers(0, 5_000),
    asked=st.integers(0, 1_000),
    position=st.none() | st.integers(1, 500),
    eta=st.none() | st.integers(0, 100_000),
    partial=st.booleans(),
    error=st.sampled_from(["", "timed-out", "never heard of"]),
)


@given(st.sampled_from(["queued", "running", "completed", "failed", "cancelled"]), st.lists(runs, max_size=3), st.integers(0, 100))
def test_always_whole(own: str, states: list[dict[str, Any]], count: int) -> None:
    told = combine(own, states, count)
    assert set(told) - {"error"} == FIELDS
    assert (told["progress"] == 100) is (own == "completed")
    assert 0 <= told["progress"] <= 100
    assert told["message"]
    assert len(told["platforms"]) == len(states)
    assert (told["status"] == own) or (own in OPEN and told["status"] in OPEN)
    assert ("error" in told) is (own == "failed")


# Sentences.


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(1, "1 second"), (0, "0 seconds"), (89, "89 seconds"), (90, "2 minutes"), (60 * 7, "7 minutes"), (100, "2 minutes")],
)
def test_span(seconds: int, told: str) -> None:
    assert span(seconds) == told


@pytest.mark.parametrize(
    ("count", "told"), [(0, "Nothing was found. Try other words or a longer date range."), (1, "Done: 1 result."), (2, "Done: 2 results.")]
)
def test_done(count: int, told: str) -> None:
    assert combine("completed", [run("completed", found=count)])["message"] == told


def test_cut_short_with_one_result() -> None:
    told = combine("completed", [run("completed", found=1, partial=True)])["message"]
    assert "1 results" not in told


@pytest.mark.parametrize(("place", "eta"), [(None, None), (3, None), (None, 60), (0, 0)])
def test_waiting_without_a_number(place: int | None, eta: int | None) -> None:
    assert waiting(place, eta) == "Waiting to be started."


def test_in_korean() -> None:
    with translation.override("ko"):
        told = combine("queued", [run("queued", position=2, eta=40)])
    assert "2" in told["message"]
    assert not told["message"].isascii()
