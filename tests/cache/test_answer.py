"""An answer as readers hold it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searches.cache.answer import Answer, etag_of
from searches.cache.freshness import Freshness

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def answer(rows: list[bool], **values: object) -> Answer:
    """One of these upstream rows, of which some became an item."""
    items = [{"id": str(ordinal)} for ordinal, is_item in enumerate(rows) if is_item]
    body = json.dumps(items).encode()
    fields = {
        "key": "tiktok:a:all",
        "body": body,
        "gaps": tuple(ordinal for ordinal, is_item in enumerate(rows) if not is_item),
        "item_count": len(items),
        "undated_count": 0,
        "partial": False,
        "created_at": NOW,
        "expires_at": NOW + timedelta(days=90),
    }
    return Answer(**(fields | values))  # type: ignore[arg-type]


def ids(items: list[dict[str, str]]) -> list[int]:
    return [int(item["id"]) for item in items]


def test_it_works() -> None:
    found = answer([True, False, True, True])
    assert found.rows == 4
    assert (ids(found.items()), ids(found.since(1, 2)[0]), found.since(1, 2)[1]) == ([0, 2, 3], [2], 3)


rows = st.lists(st.booleans(), max_size=30)


@given(rows, st.integers(-5, 40), st.integers(1, 40))
def test_since_naively(given_rows: list[bool], ordinal: int, limit: int) -> None:
    begin = min(max(ordinal, 0), len(given_rows))
    end = min(begin + limit, len(given_rows))
    expected = [o for o in range(begin, end) if given_rows[o]]
    items, following = answer(given_rows).since(ordinal, limit)
    assert (ids(items), following) == (expected, end)


@given(rows, st.lists(st.integers(1, 7), min_size=1, max_size=5))
def test_pages_bring_each_item_once(given_rows: list[bool], limits: list[int]) -> None:
    found, cursor, kept = [], 0, answer(given_rows)
    while cursor < kept.rows:
        for limit in limits:
            items, cursor = kept.since(cursor, limit)
            found += ids(items)
    assert found == [o for o, is_item in enumerate(given_rows) if is_item]


def test_cursor_beyond_everything() -> None:
    assert answer([True]).since(2**60, 500) == ([], 1)


@pytest.mark.parametrize(
    ("values", "age", "told"),
    [
        ({}, timedelta(hours=23), Freshness.FRESH),
        ({}, timedelta(hours=24), Freshness.STALE),
        ({"partial": True}, timedelta(hours=2), Freshness.STALE),
        ({"item_count": 0}, timedelta(hours=2), Freshness.STALE),
        ({}, timedelta(days=91), Freshness.GONE),
    ],
)
def test_freshness(values: dict[str, object], age: timedelta, told: Freshness) -> None:
    assert answer([True], **values).freshness(NOW + age) is told


def test_freshness_is_of_now_unless_said() -> None:
    assert answer([True]).freshness() in set(Freshness)


@given(st.binary(), st.binary())
def test_etags_tell_bodies_apart(one: bytes, other: bytes) -> None:
    assert (etag_of(one) == etag_of(other)) is (one == other)
    assert etag_of(one).startswith('"')
    assert etag_of(one).endswith('"')
