"""Xiaohongshu: what the actors are sent, and what becomes of the rows they send back."""

import json
from typing import Any

import pytest

from searches.platforms import xiaohongshu
from searches.platforms.actor import Actor
from searches.platforms.registry import ACTORS, actors_of
from searches.query import DATE_RANGES, Query, parse
from tests.platforms.recorded import Case, cases
from tests.test_item import assert_valid_item

ZEN, EASY = ACTORS["zen-studio/rednote-search-scraper"], ACTORS["easyapi/rednote-xiaohongshu-search-scraper"]
BOTH = pytest.mark.parametrize("actor", [ZEN, EASY], ids=lambda actor: actor.id)
ZEN_INPUT = {"keywords": ["美妆"], "maxResults": 30, "sortType": "general", "noteType": "video", "topUpFromOtherSorts": False}
SCRAPED = "2026-03-05T02:00:00.000Z"
TOPICS = "#a[话题]# #b c #d e[话题]##f[话题]#"


@pytest.mark.parametrize(
    ("actor", "case"),
    [(actor, case) for actor in (ZEN, EASY) for case in cases(actor.id)],
    ids=lambda x: x[0] if isinstance(x, Case) else x.id,
)
def test_it_works(actor: Actor, case: Case) -> None:
    assert actor.to_item(case.row) == case.item
    if case.item:
        assert_valid_item(case.item)


def test_the_preferred_actor_comes_first() -> None:
    assert actors_of("xiaohongshu") == [ZEN, EASY] == list(xiaohongshu.ACTORS)


@pytest.mark.parametrize(
    ("date_range", "told", "window"),
    [("all", "all", None), ("yesterday", "1d", 1), ("7days", "1w", 7), ("1month", "6mo", 182), ("3months", "6mo", 182)],
)
def test_zen_input_and_its_window(date_range: str, told: str, window: int | None) -> None:
    assert ZEN.build_input(Query("美妆", "xiaohongshu", date_range), 30) == ZEN_INPUT | {"timeFilter": told}
    assert ZEN.windows[date_range] == window


@pytest.mark.parametrize("date_range", DATE_RANGES)
@pytest.mark.parametrize(("limit", "asked"), [(1, 100), (99, 100), (100, 100), (101, 101), (1000, 1000)])
def test_easyapi_is_never_asked_for_fewer_than_it_takes(date_range: str, limit: int, asked: int) -> None:
    expected = {"keywords": ["美妆"], "maxItems": asked, "sortType": "general", "noteType": "video"}
    assert EASY.build_input(Query("美妆", "xiaohongshu", date_range), limit) == expected
    assert EASY.windows[date_range] is None
    assert EASY.minimum == 100


@BOTH
@pytest.mark.parametrize("text", ['"; DROP TABLE', "#美妆", "https://a.example/", "a, b"])
def test_input_carries_the_query_as_typed(actor: Actor, text: str) -> None:
    body = actor.build_input(parse(text, "xiaohongshu", "all"), 1)
    assert body["keywords"] == [text]
    assert json.loads(json.dumps(body)) == body


@BOTH
@pytest.mark.parametrize(
    "raw",
    [
        {"id": "1"},
        {"item": {"id": "1"}},
        {"id": "1", "nickname": "x", "url": "https://www.xiaohongshu.com/user/profile/1"},
        {"id": "1", "title": "x", "type": "user"},
        {"id": "1", "title": "x", "type": "Ads"},
        {"id": "1", "title": "x", "model_type": "rec_query"},
        {"id": "1", "title": "x", "model_type": 5},
        {"id": "a#1", "title": "x"},
        {"title": "x"},
        {"item": {"note_card": {"title": "x"}}},
        {"item": {"id": "1", "note_card": {"type": "user"}}},
        {"error": "login needed"},
        {"item": []},
        [{"id": "1", "title": "x"}],
    ],
    ids=repr,
)
def test_a_row_that_is_no_note(actor: Actor, raw: Any) -> None:
    assert actor.to_item(raw) is None


@BOTH
@pytest.mark.parametrize("layer", ["note_card", "noteCard", "note", ""])
@pytest.mark.parametrize("wrapped", [True, False])
def test_every_nesting_reads_the_same(actor: Actor, layer: str, wrapped: bool) -> None:
    note = {"title": "口红", "user": {"nickname": "小鹿"}, "interact_info": {"liked_count": "2万"}}
    post = {"id": "1", layer: note} if layer else {"id": "1", **note}
    item = actor.to_item({"item": post} if wrapped else post)
    assert item is not None
    assert (item["id"], item["title"], item["creator"], item["likeCount"]) == ("1", "口红", "小鹿", 20_000)


def test_the_id_may_be_on_the_card() -> None:
    item = EASY.to_item({"item": {"note_card": {"note_id": "69a8", "title": "x"}}})
    assert item is not None
    assert item["id"] == "69a8"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"display_title": "", "title": "b"}, {"title": "b"}),
        ({"title": " ", "desc": "c\nd"}, {"title": "c d", "description": "c\nd"}),
        ({"user": {"nickname": "", "nick_name": "n"}}, {"creator": "n"}),
        ({"user": [], "author": {"nickname": "n"}}, {"creator": "n"}),
        ({"author": "n"}, {}),
        ({"user": {"user_id": "5ff0"}}, {"creatorUrl": "https://www.xiaohongshu.com/user/profile/5ff0"}),
        ({"user": {"user_id": "a/b"}}, {}),
        ({"user": {"user_id": 12}}, {}),
        ({"interact_info": {"liked_count": 0}}, {"likeCount": 0}),
        ({"interact_info": {"comment_count": "x", "comments_count": "1.2万"}}, {"commentCount": 12_000}),
        ({"interact_info": {"share_count": "7"}}, {"shareCount": 7}),
        ({"interact_info": {"view_count": "9", "play_count": "9"}}, {}),
        ({"engagement": {"collected_count": "10万+"}}, {"collectCount": 100_000}),
        ({"publish_time": 1_772_676_000}, {"createTime": 1_772_676_000_000}),
        ({"publish_time": 1_772_676_000_000}, {"createTime": 1_772_676_000_000}),
        ({"publish_time": "1772676000000"}, {"createTime": 1_772_676_000_000}),
        ({"publish_time": None, "time": "2026-03-05T02:00:00Z"}, {"createTime": 1_772_676_000_000}),
        ({"corner_tag_info": [{"type": "publish_time", "text": "刚刚"}]}, {"createTime": 1_772_676_000_000}),
        ({"corner_tag_info": [None, 5, {"type": "live"}, {"type": "publish_time", "text": "1小时前"}]}, {"createTime": 1_772_670_600_000}),
        ({"corner_tag_info": [{"type": "other", "text": "刚刚"}]}, {}),
        ({"corner_tag_info": {"type": "publish_time", "text": "刚刚"}}, {}),
        ({"cover": {"url_default": "data:x", "url": "https://a.example/c"}}, {"thumbnail": "https://a.example/c"}),
        ({"image_list": [None, {"url": "https://a.example/i"}]}, {"thumbnail": "https://a.example/i"}),
        ({"image_list": ["https://a.example/s"]}, {"thumbnail": "https://a.example/s"}),
        ({"images": [{"url": "https://a.example/0"}], "cover_image_index": 7}, {"thumbnail": "https://a.example/0"}),
        ({"images": [{"url": "https://a.example/0"}], "cover_image_index": True}, {"thumbnail": "https://a.example/0"}),
        ({"video": {"thumbnail": "https://a.example/sheet", "duration": 9000}}, {}),
        ({"video": {"url_720p": "https://a.example/v", "duration_seconds": 9}}, {"videoUrl": "https://a.example/v", "durationSeconds": 9}),
        ({"tag_list": [], "tags": ["#a", {"name": "b"}]}, {"hashtags": ["a", "b"]}),
        ({"title": "t", "desc": TOPICS}, {"title": "t", "description": TOPICS, "hashtags": ["a", "f"]}),
        ({"link": "javascript:x", "url": "https://a.example/n"}, {"webVideoUrl": "https://a.example/n"}),
    ],
    ids=lambda value: repr(value)[:50].encode("ascii", "replace").decode(),
)  # fmt: skip
def test_odd_values(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    item = ZEN.to_item({"id": "1", "scrapedAt": SCRAPED, "title": None} | changes)
    assert item is not None
    assert_valid_item(item)
    known = {field: value for field, value in item.items() if value not in (None, [])}
    assert known == {"id": "1", "platform": "xiaohongshu"} | expected
