"""Douyin: input and mapping of the actor that searches it. Pure functions; a row that is no post maps to None."""

import re
from typing import Any

from searches import item as read
from searches.item import Item
from searches.platforms.actor import Actor
from searches.query import Query

PLATFORM = "douyin"

#: The actor knows a day, a week and half a year; what is wider than asked is filtered after.
_PUBLISHED = {"all": "all", "yesterday": "last_day", "7days": "last_week", "1month": "last_half_year", "3months": "last_half_year"}
_WINDOWS: dict[str, int | None] = {"all": None, "yesterday": 1, "7days": 7, "1month": 182, "3months": 182}
#: The only name that a profile's address takes: neither the number nor the nickname of a creator leads anywhere.
_SEC_UID = re.compile(r"MS4wLjABAAAA[\w-]{10,200}", re.ASCII)


def natanielsantos_input(query: Query, limit: int) -> dict[str, Any]:
    """INPUT of natanielsantos/douyin-scraper (as of build 0.5.93). Its add-ons are charged per post, hence all off."""
    return {
        "searchTermsOrHashtags": [query.text],
        "searchSortFilter": "general",
        "searchPublishTimeFilter": _PUBLISHED[query.date_range],
        "maxItemsPerUrl": limit,
        "scrapePlayCount": False,
        "scrapeAdditionalUserInfo": False,
        "shouldDownloadVideos": False,
        "shouldDownloadCovers": False,
    }


def natanielsantos_item(raw: Any) -> Item | None:
    """A row of natanielsantos/douyin-scraper. A row that only tells of an error has no id.

    There is no length: what `musicMeta.duration` says is the song's.
    """
    post_id = read.identifier(read.dig(raw, "id"))
    if post_id is None:
        return None
    author, counts, video = raw.get("authorMeta"), raw.get("statistics"), raw.get("videoMeta")
    caption = raw.get("text")
    return Item(
        id=post_id,
        platform=PLATFORM,
        title=read.title(caption),
        description=read.text(caption),
        creator=read.title(read.dig(author, "name")),
        creatorUrl=read.first(_profile, author, "secUid", "sec_uid"),
        followerCount=read.count(read.dig(author, "followersCount")),
        # Views are an add-on that is not bought; without it they are missing or 0, and that 0 says nothing.
        playCount=read.count(read.dig(counts, "playCount")) or None,
        likeCount=read.count(read.dig(counts, "diggCount")),
        commentCount=read.count(read.dig(counts, "commentCount")),
        shareCount=read.count(read.dig(counts, "shareCount")),
        collectCount=read.count(read.dig(counts, "collectCount")),
        createTime=read.moment(raw.get("createTime")),
        durationSeconds=None,
        hashtags=read.hashtags(raw.get("hashtags")),
        thumbnail=read.first(read.url, video, "cover", "originCover") or read.url(raw.get("thumb")),
        videoUrl=read.url(read.dig(video, "playUrl")),
        webVideoUrl=read.url(raw.get("url")),
    )


def _profile(sec_uid: Any) -> str | None:
    sound = isinstance(sec_uid, str) and _SEC_UID.fullmatch(sec_uid)
    return f"https://www.douyin.com/user/{sec_uid}" if sound else None


#: Without followers and video links: whether they come without the add-ons is not documented.
_FILLS = frozenset(
    {
        "title",
        "description",
        "creator",
        "likeCount",
        "commentCount",
        "shareCount",
        "collectCount",
        "createTime",
        "hashtags",
        "thumbnail",
        "webVideoUrl",
    }
)
ACTORS = (Actor("natanielsantos/douyin-scraper", PLATFORM, natanielsantos_input, natanielsantos_item, _WINDOWS, _FILLS),)
