"""Rows beside items: what became of each, what is missing, and that hostile rows stay text of a bearable size."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from searches.platforms.registry import ACTORS
from searches.search.compare import MAX_RAW, ROWS_SHOWN, as_text, compare

ACTOR = ACTORS["apidojo/tiktok-scraper"]
BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def row(number: int = 1, days_old: float = 1, **changes: Any) -> dict[str, Any]:
    """A row that fills everything."""
    made = {
        "id": str(number),
        "title": "A post #tag",
        "views": 10,
        "likes": 0,
        "comments": 3,
        "shares": 2,
        "bookmarks": 1,
        "hashtags": ["tag"],
        "channel": {"name": "Name", "username": "name", "url": "https://www.tiktok.com/@name", "followers": 5},
        "uploadedAt": (BEGAN - timedelta(days=days_old)).timestamp(),
        "video": {"url": "https://v.example/1", "duration": 12.5, "cover": "https://p.example/1.jpg"},
        "postPage": "https://www.tiktok.com/@name/video/1",
    }
    return made | changes


def test_it_works() -> None:
    found = compare(ACTOR, [row()], "7days", BEGAN)
    assert (found.rows, found.items, found.no_post, found.outside, found.repeated, found.missing) == (1, 1, 0, 0, 0, [])
    pair = found.pairs[0]
    assert (pair.number, pair.why, pair.missing) == (1, "", 0)
    assert json.loads(pair.raw) == row()
    shown = {field.name: field.text for field in pair.fields}
    assert shown["likeCount"] == "0"
    assert shown["createTime"].startswith(f"{round(row()['uploadedAt'] * 1000)} (2026-02-28")
    assert "platform" not in shown


def test_what_becomes_of_each() -> None:
    undated = row(4, uploadedAt=None)
    # apidojo filters by the week itself, so nothing is left out there; the free actor filters nothing.
    rows = [row(1), row(1), row(2, days_old=40), "no row", {"error": "none"}, None, undated]
    found = compare(ACTOR, rows, "7days", BEGAN)
    assert (found.rows, found.items, found.no_post, found.outside, found.repeated) == (7, 3, 3, 0, 1)
    free = ACTORS["clockworks/free-tiktok-scraper"]
    old, new = ({"id": str(i), "createTime": (BEGAN - timedelta(days=days)).timestamp()} for i, days in enumerate((40, 1)))
    found = compare(free, [old, new, old], "7days", BEGAN)
    assert (found.items, found.outside, found.repeated) == (1, 2, 0)
    assert "older than" in found.pairs[0].why
    assert found.pairs[0].fields  # what it would have been
    assert compare(free, [old, new, old], "all", BEGAN).repeated == 1


def test_what_is_normally_filled_and_is_not() -> None:
    rows = [row(1, views=None), row(2, views=None, hashtags=[]), row(3)]
    found = compare(ACTOR, rows, "all", BEGAN)
    assert found.missing == [("playCount", 2), ("hashtags", 1)]
    assert [pair.missing for pair in found.pairs] == [1, 2, 0]
    fields = {field.name: field for field in found.pairs[0].fields}
    assert (fields["playCount"].missing, fields["playCount"].text) == (True, "")


def test_a_field_that_an_actor_never_gives_is_not_missing() -> None:
    found = compare(ACTORS["clockworks/tiktok-scraper"], [{"id": "1"}], "all", BEGAN)
    assert "videoUrl" not in dict(found.missing)
    assert not next(field for field in found.pairs[0].fields if field.name == "videoUrl").missing


@pytest.mark.parametrize("rows", [[], [[]], [{}], [0], [[[]]], [True], [float("nan")], [10**400]])
def test_rows_that_are_none(rows: list[Any]) -> None:
    found = compare(ACTOR, rows, "7days", BEGAN)
    assert (found.items, found.rows) == (0, len(rows))


def test_many_rows_are_counted_but_not_all_shown() -> None:
    found = compare(ACTOR, [row(i) for i in range(ROWS_SHOWN + 7)], "7days", BEGAN)
    assert (found.items, len(found.pairs)) == (ROWS_SHOWN + 7, ROWS_SHOWN)


def deep(levels: int) -> Any:
    value: Any = "bottom"
    for _level in range(levels):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize(
    "value",
    [
        "x" * 1_000_000,
        ["x" * 1_000] * 10_000,
        {f"{i}" * 1_000: i for i in range(2_000)},
        deep(400),
        {"a": {f"k{i}": ["x" * 900] * 50 for i in range(300)}},
    ],
)
def test_large_and_deep_rows_are_cut(value: Any) -> None:
    assert len(as_text({"id": "1", "value": value})) <= MAX_RAW + 10


def test_nothing_steers_the_text() -> None:
    """Direction marks, invisible letters, controls and halves of emoji are shown by their numbers."""
    shown = as_text({"a": "x\u202ey\u200bz\ud83d\x00\x1b[31m\u2028"})
    assert shown.encode()
    for sign in "\u202e\u200b\ud83d\x00\x1b\u2028":
        assert sign not in shown
    assert "\\u202e" in shown
    assert "가나 ❤" in as_text(["가나 ❤"])


def test_a_mapper_that_trips_loses_only_its_row(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    class Odd(dict[str, Any]):
        def get(self, *args: Any) -> Any:
            raise RuntimeError("trip")

    found = compare(ACTOR, [Odd(id="1"), row(2)], "all", BEGAN)
    assert (found.items, found.no_post) == (1, 1)
