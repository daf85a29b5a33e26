"""Douyin: what the actor is sent, and what becomes of the rows it sends back."""

import json
from typing import Any

import pytest

from searches.platforms import douyin
from searches.platforms.registry import ACTORS, actors_of
from searches.query import DATE_RANGES, Query, parse
from tests.platforms.recorded import Case, cases
from tests.test_item import assert_valid_item

ACTOR = ACTORS["natanielsantos/douyin-scraper"]
INPUT = {
    "searchTermsOrHashtags": ["美妆"],
    "searchSortFilter": "general",
    "maxItemsPerUrl": 30,
    "scrapePlayCount": False,
    "scrapeAdditionalUserInfo": False,
    "shouldDownloadVideos": False,
    "shouldDownloadCovers": False,
}


@pytest.mark.parametrize("case", cases(ACTOR.id), ids=lambda case: case.name)
def test_it_works(case: Case) -> None:
    assert ACTOR.to_item(case.row) == case.item
    if case.item:
        assert_valid_item(case.item)


def test_the_registry_knows_it() -> None:
    assert actors_of("douyin") == [ACTOR] == list(douyin.ACTORS)
    assert ACTOR.platform == "douyin"


@pytest.mark.parametrize(
    ("date_range", "told", "window"),
    [
        ("all", "all", None),
        ("yesterday", "last_day", 1),
        ("7days", "last_week", 7),
        ("1month", "last_half_year", 182),
        ("3months", "last_half_year", 182),
    ],
)
def test_input_and_its_window(date_range: str, told: str, window: int | None) -> None:
    assert ACTOR.build_input(Query("美妆", "douyin", date_range), 30) == INPUT | {"searchPublishTimeFilter": told}
    assert ACTOR.windows[date_range] == window


@pytest.mark.parametrize("date_range", DATE_RANGES)
@pytest.mark.parametrize("text", ['"; DROP TABLE', "#美妆", "https://a.example/", "a, b"])
def test_input_carries_the_query_as_typed(date_range: str, text: str) -> None:
    body = ACTOR.build_input(parse(text, "douyin", date_range), 1)
    assert body["searchTermsOrHashtags"] == [text]
    assert json.loads(json.dumps(body)) == body


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"statistics": {"playCount": 0}}, {"playCount": None}),
        ({"statistics": {"playCount": "0"}}, {"playCount": None}),
        ({"statistics": {"playCount": 1}}, {"playCount": 1}),
        ({"statistics": {"diggCount": 0}}, {"likeCount": 0}),
        ({"hashtags": ["#a", {"name": "b"}, {"name": "a"}, None]}, {"hashtags": ["a", "b"]}),
        ({"hashtags": "a b"}, {}),
        ({"musicMeta": {"duration": 15}}, {}),
        ({"videoMeta": {"duration": 15}}, {}),
        ({"createTime": "1760000000"}, {"createTime": 1_760_000_000_000}),
        ({"createTime": 1_760_000_000_000}, {"createTime": 1_760_000_000_000}),
        ({"createTime": 0}, {}),
        ({"thumb": "https://a.example/t"}, {"thumbnail": "https://a.example/t"}),
        ({"videoMeta": {"cover": "javascript:x", "originCover": "https://a.example/o"}}, {"thumbnail": "https://a.example/o"}),
        ({"authorMeta": {"id": "123", "uid": "123"}}, {}),
        ({"authorMeta": {"sec_uid": "MS4wLjABAAAAabcdefghij"}}, {"creatorUrl": "https://www.douyin.com/user/MS4wLjABAAAAabcdefghij"}),
        ({"authorMeta": {"secUid": "MS4wLjABAAAA/../x?y#zzzzz"}}, {}),
        ({"authorMeta": {"secUid": "1234567890"}}, {}),
        ({"error": "half read"}, {}),
    ],
    ids=lambda value: repr(value)[:40].encode("ascii", "replace").decode(),
)
def test_odd_values(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    item = ACTOR.to_item({"id": "1"} | changes)
    assert item is not None
    assert_valid_item(item)
    known = {field: value for field, value in item.items() if value not in (None, [])}
    assert known == {"id": "1", "platform": "douyin"} | {field: value for field, value in expected.items() if value is not None}
