"""From rows to items: one entry a row, always the same, and no row can lose the others."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searches.platforms.actor import Actor
from searches.platforms.registry import ACTORS
from searches.query import DATE_RANGE_DAYS
from searches.search.mapping import map_rows
from tests.test_item import JSON_VALUES, assert_valid_item

ACTOR = ACTORS["clockworks/tiktok-scraper"]
FREE = ACTORS["clockworks/free-tiktok-scraper"]  # has no date filter of its own
START = datetime(2026, 6, 1, 12, tzinfo=UTC)


def row(days: float | None, id: str = "1") -> dict[str, Any]:
    """A post from that many days before the run began; None: undated."""
    return {"id": id, "text": "x", "createTime": None if days is None else (START - timedelta(days=days)).timestamp()}


def test_it_works() -> None:
    entries, outside = map_rows(ACTOR, [row(1, "1"), {"error": "gone"}, row(None, "2")], "7days", START)
    assert [entry and entry["id"] for entry in entries] == ["1", None, "2"]
    assert outside == 0


@pytest.mark.parametrize(("name", "days"), [(name, days) for name, days in DATE_RANGE_DAYS.items() if days])
def test_the_window_is_cut_to_the_second(name: str, days: int) -> None:
    second = 1 / 86_400
    rows = [row(days - second), row(days), row(days + second), row(-1)]
    assert [bool(entry) for entry in map_rows(FREE, rows, name, START).entries] == [True, True, False, True]
    assert map_rows(FREE, rows, name, START).outside == 1


@pytest.mark.parametrize(("own", "kept"), [(None, False), (30, False), (8, False), (7, True), (1, True)])
def test_only_what_is_wider_than_asked_is_cut(own: int | None, kept: bool) -> None:
    """An actor whose own window is the asked one has said which posts are in it."""
    actor = Actor("a/b", "tiktok", ACTOR.build_input, ACTOR.to_item, {"7days": own})
    mapped = map_rows(actor, [row(1), row(7.5)], "7days", START)
    assert [bool(entry) for entry in mapped.entries] == [True, kept]
    assert mapped.outside == (not kept)


def test_all_times_means_no_window() -> None:
    assert all(map_rows(ACTOR, [row(1), row(5_000), row(None)], "all", START).entries)


def test_undated_posts_stay() -> None:
    assert all(map_rows(FREE, [row(None)], "yesterday", START).entries)


def test_a_row_that_trips_the_mapper_is_a_gap(caplog: pytest.LogCaptureFixture) -> None:
    def to_item(raw: Any) -> Any:
        return ACTOR.to_item(raw) if raw != "secret" else 1 / 0

    actor = Actor("a/b", "tiktok", ACTOR.build_input, to_item, {})
    entries, outside = map_rows(actor, [row(1, "1"), "secret", row(1, "2")], "all", START)
    assert [entry and entry["id"] for entry in entries] == ["1", None, "2"]
    assert outside == 0, "what could not be read is no post that was left out"
    assert "a row could not be mapped" in caplog.text
    assert "secret" not in caplog.messages[0]


@given(rows=st.lists(JSON_VALUES, max_size=8), name=st.sampled_from(list(DATE_RANGE_DAYS)), actor=st.sampled_from(list(ACTORS.values())))
def test_whatever_comes_there_is_an_entry_for_each_row_and_the_same_again(rows: list[Any], name: str, actor: Actor) -> None:
    mapped = map_rows(actor, rows, name, START)
    entries, outside = mapped
    assert len(entries) == len(rows)
    assert mapped == map_rows(actor, rows, name, START)
    assert 0 <= outside <= entries.count(None)
    for entry in entries:
        if entry:
            assert_valid_item(entry)
