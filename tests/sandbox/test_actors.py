"""What goes into each actor and what comes out, field by field."""

from collections.abc import Callable
from typing import Any

import pytest

from scout.sandbox.apify import actors, rednote, times
from tests.sandbox.conftest import Sandbox

DAY = 86400
CLOCKWORKS = {
    "id", "text", "textLanguage", "createTime", "createTimeISO", "webVideoUrl", "playCount", "diggCount", "commentCount", "shareCount",
    "collectCount", "repostCount", "isAd", "isPinned", "isSponsored", "isSlideshow", "locationCreated", "searchQuery", "input", "mentions",
    "hashtags", "mediaUrls", "slideshowImageLinks", "authorMeta", "videoMeta", "musicMeta",
}  # fmt: skip
APIDOJO = {
    "id", "title", "views", "likes", "comments", "shares", "bookmarks", "hashtags", "uploadedAt", "postPage", "channel", "video",
}  # fmt: skip


def scrape(sandbox: Sandbox, actor: str, **given: Any) -> list[dict[str, Any]]:
    sandbox.actor = actor
    answer = sandbox.post_start(given)
    assert answer.status_code == 201, answer.text
    run = sandbox.finish(answer.json()["data"])
    assert run["status"] == "SUCCEEDED"
    return sandbox.items(run)


def whole(items: list[dict[str, Any]], *names: str) -> dict[str, Any]:
    """The first item that lacks nothing of what is named."""
    return next(item for item in items if all(item[name] for name in names))


def test_clockworks_fields(sandbox: Sandbox) -> None:
    items = scrape(sandbox, "clockworks/tiktok-scraper", searchQueries=["lipstick"], resultsPerPage=12)
    assert len(items) == 12
    assert all(set(item) == CLOCKWORKS for item in items)
    item = whole(items, "playCount", "hashtags", "createTime")
    assert item["searchQuery"] == item["input"] == "lipstick"
    assert item["webVideoUrl"] == f"https://www.tiktok.com/@{item['authorMeta']['name']}/video/{item['id']}"
    assert item["authorMeta"].keys() >= {"id", "name", "nickName", "profileUrl", "avatar", "verified", "signature", "fans", "heart"}
    assert item["videoMeta"].keys() >= {"duration", "width", "height", "coverUrl", "originalCoverUrl", "subtitleLinks"}
    assert item["musicMeta"].keys() == {"musicId", "musicName", "musicAuthor", "musicOriginal", "playUrl"}
    assert item["hashtags"][0] == {"id": "", "name": "lipstick", "title": "", "cover": ""}
    assert times.parse(item["createTimeISO"]) == item["createTime"]


def test_free_clockworks_has_no_date_filter_and_no_place(sandbox: Sandbox) -> None:
    given = {"searchQueries": ["lipstick"], "resultsPerPage": 12}
    items = scrape(sandbox, "clockworks/free-tiktok-scraper", **given, searchDatePosted="1")
    assert all(set(item) == CLOCKWORKS - {"locationCreated"} for item in items)
    assert any(item["createTime"] < times.now() - DAY for item in items if item["createTime"])


def test_apidojo_fields(sandbox: Sandbox) -> None:
    items = scrape(sandbox, "apidojo/tiktok-scraper", keywords=["lipstick"], maxItems=10)
    assert len(items) == 10
    assert all(set(item) >= APIDOJO for item in items)
    assert all(set(item["channel"]) >= {"name", "username", "url", "followers"} for item in items)
    assert all(set(item["video"]) >= {"url", "thumbnail", "cover", "duration"} for item in items)
    assert whole(items, "hashtags")["hashtags"][0] == "lipstick"


@pytest.mark.parametrize(
    ("actor", "given", "days"),
    [
        ("clockworks/tiktok-scraper", {"searchQueries": ["a"], "resultsPerPage": 9, "searchDatePosted": "1"}, 1),
        ("clockworks/tiktok-scraper", {"searchQueries": ["a"], "resultsPerPage": 9, "searchDatePosted": "2"}, 7),
        ("clockworks/tiktok-scraper", {"searchQueries": ["a"], "resultsPerPage": 9, "oldestPostDateUnified": "3 days"}, 3),
        ("apidojo/tiktok-scraper", {"keywords": ["a"], "maxItems": 9, "dateRange": "YESTERDAY"}, 1),
        ("apidojo/tiktok-scraper", {"keywords": ["a"], "maxItems": 9, "dateRange": "THIS_MONTH"}, 30),
        ("natanielsantos/douyin-scraper", {"searchTermsOrHashtags": ["a"], "searchPublishTimeFilter": "last_week"}, 7),
    ],
)
def test_date_filters(sandbox: Sandbox, actor: str, given: dict[str, Any], days: int) -> None:
    items = scrape(sandbox, actor, **given)
    created = [item.get("createTime") or item.get("uploadedAt") for item in items]
    assert all(moment >= times.now() - days * DAY - 60 for moment in created if moment)


def test_several_queries_each_bring_their_own(sandbox: Sandbox) -> None:
    items = scrape(sandbox, "clockworks/tiktok-scraper", searchQueries=["a", "b"], hashtags=["c"], resultsPerPage=4)
    assert [item["searchQuery"] for item in items] == ["a"] * 4 + ["b"] * 4 + ["c"] * 4


def test_no_more_than_the_sandbox_is_set_to(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(items=7)
    assert len(scrape(sandbox, "clockworks/tiktok-scraper", searchQueries=["a"], resultsPerPage=100)) == 7


def test_posts_looked_up_by_link_all_get_a_row(sandbox: Sandbox) -> None:
    links = [f"https://www.tiktok.com/@a/video/{7_700_000_000_000_000_000 + number}" for number in range(100)]
    items = scrape(sandbox, "clockworks/tiktok-scraper", postURLs=links)
    assert [item["input"] for item in items] == links
    found, gone = [item for item in items if "id" in item], [item for item in items if "error" in item]
    assert len(found) + len(gone) == 100
    assert 1 <= len(gone) <= 10
    assert all(item["id"] == item["input"].rsplit("/", 1)[1] for item in found)


def test_input_without_anything_to_look_for_fails_the_run(sandbox: Sandbox) -> None:
    run = sandbox.finish(sandbox.post_start({"resultsPerPage": 5}).json()["data"])
    assert (run["status"], run["exitCode"]) == ("FAILED", 1)
    assert sandbox.items(run) == []


def test_douyin_views_are_an_add_on(sandbox: Sandbox) -> None:
    given = {"searchTermsOrHashtags": ["美妆"], "maxItemsPerUrl": 5}
    plain = scrape(sandbox, "natanielsantos/douyin-scraper", **given)
    paid = scrape(sandbox, "natanielsantos/douyin-scraper", **given, scrapePlayCount=True)
    assert not any("playCount" in item["statistics"] for item in plain)
    assert all(item["statistics"]["playCount"] > 0 for item in paid)
    assert all(item["url"] == f"https://www.douyin.com/video/{item['id']}" for item in plain)


def test_rednote_zen(sandbox: Sandbox) -> None:
    items = scrape(sandbox, "zen-studio/rednote-search-scraper", keywords=["美妆"], maxResults=8, timeFilter="1w")
    assert len(items) == 8
    assert all(item["author"]["nickname"] and item["engagement"]["liked_count"] >= 0 for item in items)
    assert all(len(item["id"]) == 24 and int(item["id"][:8], 16) > times.now() - 8 * DAY for item in items)


def test_rednote_easy_tells_counts_and_dates_as_text(sandbox: Sandbox) -> None:
    items = scrape(sandbox, "easyapi/rednote-xiaohongshu-search-scraper", keywords=["美妆"], maxItems=5)
    cards = [item["item"]["note_card"] for item in items]
    assert len(items) == 12
    assert all(isinstance(card["interact_info"]["liked_count"], str) for card in cards)
    assert all(card["cover"]["url_default"].startswith(sandbox.url) for card in cards)


@pytest.mark.parametrize(
    ("actor", "given"),
    [
        ("zen-studio/rednote-search-scraper", {"keywords": ["美妆"], "maxResults": 200}),
        ("easyapi/rednote-xiaohongshu-search-scraper", {"keywords": ["美妆"], "maxItems": 200}),
    ],
)
def test_rednote_brings_pictures_unless_videos_are_asked_for(
    sandbox_with: Callable[..., Sandbox], actor: str, given: dict[str, Any]
) -> None:
    sandbox = sandbox_with(items=200)
    everything, videos = scrape(sandbox, actor, **given), scrape(sandbox, actor, **given, noteType="video")
    assert len(everything) == len(videos) == 200
    for items, kinds in ((everything, {"normal", "video"}), (videos, {"video"})):
        cards = [item["item"]["note_card"] if "item" in item else item for item in items]
        assert {card["type"] for card in cards} == kinds


def test_rednote_easy_spells_names_in_two_ways(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(items=200)
    items = scrape(sandbox, "easyapi/rednote-xiaohongshu-search-scraper", keywords=["美妆"], maxItems=200)
    users = [item["item"]["note_card"]["user"] for item in items]
    assert all(("nickname" in user) != ("nick_name" in user) for user in users)
    assert 0 < sum("nick_name" in user for user in users) < 40


@pytest.mark.parametrize(
    ("age", "text"),
    [(120, "2分钟前"), (3 * 3600 + 5, "3小时前"), (2 * DAY + 9, "2天前"), (20 * DAY, "10-31"), (400 * DAY, "2025-10-16")],
)
def test_rednote_dates(age: float, text: str) -> None:
    moment = times.parse("2026-11-20T02:00:00Z")
    assert rednote.shown_date(moment - age, moment) == text


def test_rednote_counts() -> None:
    assert [rednote.shown_count(value) for value in (0, 9999, 12345)] == ["0", "9999", "1.2万"]


def test_spending_ceiling_ends_a_run_early(sandbox: Sandbox) -> None:
    answer = sandbox.post_start({"searchQueries": ["a"], "resultsPerPage": 12}, maxTotalChargeUsd="0.0194")
    run = sandbox.finish(answer.json()["data"])
    assert run["chargedEventCounts"]["result-item"] == 4
    assert run["usageTotalUsd"] <= 0.0194


def test_every_actor_is_found_by_id_and_by_name() -> None:
    for actor in actors.ACTORS:
        assert actors.find(actor.id) is actors.find(f"{actor.username}~{actor.name}") is actor
        assert len(actor.id) == 17
