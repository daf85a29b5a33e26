"""An answer that is too large for a document."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searches.cache.answer import Answer, etag_of
from searches.cache.fit import MOST_BYTES, SHORT_DESCRIPTION, fit

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def answer(rows: list[dict[str, Any] | None], **values: Any) -> Answer:
    """One of these upstream rows, of which None became no item."""
    items = [row for row in rows if row is not None]
    body = json.dumps(items, ensure_ascii=False, separators=(",", ":")).encode()
    gaps = tuple(ordinal for ordinal, row in enumerate(rows) if row is None)
    undated = sum(item.get("createTime") is None for item in items)
    return Answer("tiktok:a:all", body, gaps, len(items), undated, False, NOW, NOW + timedelta(days=90), etag_of(body), **values)


def post(number: int, words: int = 0, title: str = "메이크업") -> dict[str, Any]:
    return {"id": str(number), "platform": "tiktok", "title": title, "description": "가" * words or None, "createTime": number or None}


def test_it_works() -> None:
    large = answer([post(0, 5_000), None, post(2, 5_000)])
    fitted = fit(large, 4_000)
    assert [len(item["description"]) for item in fitted.items()] == [SHORT_DESCRIPTION] * 2
    assert (fitted.gaps, fitted.item_count, fitted.partial, fitted.undated_count) == ((1,), 2, False, 1)
    assert fitted.etag == etag_of(fitted.body) != large.etag


def test_what_fits_stays_as_it_is() -> None:
    small = answer([post(1, 400)])
    assert fit(small) is small
    assert fit(small, len(small.body)) is small
    assert fit(small, len(small.body) - 1) is not small


def test_posts_are_dropped_from_the_end_and_become_gaps() -> None:
    large = answer([post(0), None, post(2), post(3), None, post(5)], actor="owner/actor", window_days=7)
    fitted = fit(large, 200)
    assert [item["id"] for item in fitted.items()] == ["0", "2"]
    assert (fitted.gaps, fitted.item_count, fitted.partial, fitted.undated_count) == ((1, 3, 4, 5), 2, True, 1)
    assert fitted.rows == large.rows
    assert (fitted.actor, fitted.window_days, fitted.key) == ("owner/actor", 7, large.key)


def test_one_post_that_is_too_large_by_itself() -> None:
    fitted = fit(answer([post(0, title="x" * 5_000), post(1)]), 1_000)
    assert (fitted.body, fitted.gaps, fitted.item_count, fitted.partial) == (b"[]", (0, 1), 0, True)


@pytest.mark.parametrize("description", [None, "", "short"])
def test_descriptions_that_are_short_stay(description: str | None) -> None:
    rows = [post(0) | {"description": description}, post(1, 3_000)]
    assert fit(answer(rows), 2_000).items()[0]["description"] == (description or None)


def test_largest_that_upstream_may_give() -> None:
    """5,000 rows, each with as much text as a post may have: 16 MB of it in Korean, and more."""
    fitted = fit(answer([post(number, 5_000, "제" * 500) for number in range(1_000)]))
    assert len(fitted.body) <= MOST_BYTES
    assert (fitted.item_count, fitted.partial) == (1_000, False)


@given(st.lists(st.one_of(st.none(), st.integers(0, 700)), max_size=20), st.integers(2, 5_000))
def test_always_fits_and_ordinals_stay(rows: list[int | None], most: int) -> None:
    large = answer([None if words is None else post(ordinal, words) for ordinal, words in enumerate(rows)])
    fitted = fit(large, most)
    assert len(fitted.body) <= most
    assert (fitted.rows, fitted.item_count) == (large.rows, len(fitted.items()))
    items = iter(fitted.items())
    told = [None if ordinal in fitted.gaps else next(items)["id"] for ordinal in range(fitted.rows)]
    assert all(name in (None, str(ordinal)) for ordinal, name in enumerate(told))
    assert fitted.partial is (fitted.item_count < large.item_count)
    assert fitted.undated_count == sum(item["createTime"] is None for item in fitted.items())
