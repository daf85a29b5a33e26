"""TikTok: inputs and mappings of the actors that search it. Pure functions; a row that is no post maps to None."""

import re
from typing import Any

from searches import item as read
from searches.item import Item
from searches.platforms.actor import Actor
from searches.query import DATE_RANGE_DAYS, Query

PLATFORM = "tiktok"

# Apify's input schema only allows strings in an enum, hence "2" and not 2.
_DATE_POSTED = {"all": "0", "yesterday": "1", "7days": "2", "1month": "3", "3months": "4"}
_APIDOJO_RANGE = {
    "all": "DEFAULT",
    "yesterday": "YESTERDAY",
    "7days": "THIS_WEEK",
    "1month": "THIS_MONTH",
    "3months": "LAST_THREE_MONTHS",
}
_HANDLE = re.compile(r"@?([\w.-]{1,64})", re.ASCII)
_NO_FILTER: dict[str, int | None] = dict.fromkeys(DATE_RANGE_DAYS)


def clockworks_input(query: Query, limit: int) -> dict[str, Any]:
    """INPUT of clockworks/tiktok-scraper. Its date filter is a charged add-on: left out where nothing is asked."""
    body = clockworks_free_input(query, limit)
    if DATE_RANGE_DAYS[query.date_range] is not None:
        body["searchDatePosted"] = _DATE_POSTED[query.date_range]
    return body


def clockworks_free_input(query: Query, limit: int) -> dict[str, Any]:
    """INPUT of clockworks/free-tiktok-scraper, which has no date filter."""
    return {
        "searchQueries": [query.text],
        "resultsPerPage": limit,
        "searchSection": "/video",
        "shouldDownloadVideos": False,
        "shouldDownloadCovers": False,
        "shouldDownloadSubtitles": False,
        "shouldDownloadSlideshowImages": False,
    }


def clockworks_item(raw: Any) -> Item | None:
    """A row of clockworks/tiktok-scraper or its free sister."""
    post_id = read.identifier(read.dig(raw, "id"))
    if post_id is None:
        return None
    handle = read.title(read.dig(raw, "authorMeta", "name"))
    caption = raw.get("text")
    return Item(
        id=post_id,
        platform=PLATFORM,
        title=read.title(caption),
        description=read.text(caption),
        creator=read.title(read.dig(raw, "authorMeta", "nickName")) or handle,
        creatorUrl=read.url(read.dig(raw, "authorMeta", "profileUrl")) or _profile(handle),
        followerCount=read.count(read.dig(raw, "authorMeta", "fans")),
        playCount=read.count(raw.get("playCount")),
        likeCount=read.count(raw.get("diggCount")),
        commentCount=read.count(raw.get("commentCount")),
        shareCount=read.count(raw.get("shareCount")),
        collectCount=read.count(raw.get("collectCount")),
        createTime=read.millis(raw.get("createTime")) or read.millis(raw.get("createTimeISO")),
        durationSeconds=read.seconds(read.dig(raw, "videoMeta", "duration")),
        hashtags=read.hashtags(raw.get("hashtags")),
        thumbnail=read.url(read.dig(raw, "videoMeta", "coverUrl")) or read.url(read.dig(raw, "videoMeta", "originalCoverUrl")),
        videoUrl=_first_url(raw.get("mediaUrls")),
        webVideoUrl=read.url(raw.get("webVideoUrl")),
    )


def apidojo_input(query: Query, limit: int) -> dict[str, Any]:
    """INPUT of apidojo/tiktok-scraper."""
    return {"keywords": [query.text], "maxItems": limit, "dateRange": _APIDOJO_RANGE[query.date_range]}


def apidojo_item(raw: Any) -> Item | None:
    """A row of apidojo/tiktok-scraper."""
    post_id = read.identifier(read.dig(raw, "id"))
    if post_id is None:
        return None
    handle = read.title(read.dig(raw, "channel", "username"))
    caption = raw.get("title")
    return Item(
        id=post_id,
        platform=PLATFORM,
        title=read.title(caption),
        description=read.text(caption),
        creator=read.title(read.dig(raw, "channel", "name")) or handle,
        creatorUrl=read.url(read.dig(raw, "channel", "url")) or _profile(handle),
        followerCount=read.count(read.dig(raw, "channel", "followers")),
        playCount=read.count(raw.get("views")),
        likeCount=read.count(raw.get("likes")),
        commentCount=read.count(raw.get("comments")),
        shareCount=read.count(raw.get("shares")),
        collectCount=read.count(raw.get("bookmarks")),
        createTime=read.millis(raw.get("uploadedAt")),
        durationSeconds=read.seconds(read.dig(raw, "video", "duration")),
        hashtags=read.hashtags(raw.get("hashtags")),
        thumbnail=read.url(read.dig(raw, "video", "cover")) or read.url(read.dig(raw, "video", "thumbnail")),
        videoUrl=read.url(read.dig(raw, "video", "url")),
        webVideoUrl=read.url(raw.get("postPage")),
    )


def _profile(handle: str | None) -> str | None:
    named = _HANDLE.fullmatch(handle or "")
    return f"https://www.tiktok.com/@{named[1]}" if named else None


def _first_url(values: Any) -> str | None:
    return next(filter(None, map(read.url, values[:5])), None) if isinstance(values, list) else None


#: Everything but the video's own address, which clockworks' actors give only where the download is paid for.
_FILLS = frozenset(Item.__annotations__) - {"id", "platform", "videoUrl"}
ACTORS = (
    Actor("clockworks/tiktok-scraper", PLATFORM, clockworks_input, clockworks_item, DATE_RANGE_DAYS, _FILLS),
    Actor("clockworks/free-tiktok-scraper", PLATFORM, clockworks_free_input, clockworks_item, _NO_FILTER, _FILLS),
    Actor("apidojo/tiktok-scraper", PLATFORM, apidojo_input, apidojo_item, DATE_RANGE_DAYS, _FILLS | {"videoUrl"}),
)
