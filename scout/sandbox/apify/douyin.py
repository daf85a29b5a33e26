"""The Douyin actor: what its input means, and the shape of its items."""

from collections.abc import Mapping
from typing import Any

from scout.sandbox.apify.catalogue import DAY, Ask, Frame, Post
from scout.sandbox.apify.inputs import count, texts

DAYS = {"last_day": 1, "last_week": 7, "last_half_year": 182}
ORDER = {"most_liked": "likes", "latest": "recent"}


def asks(given: Mapping[str, Any], moment: float) -> list[Ask]:
    days = DAYS.get(str(given.get("searchPublishTimeFilter")))
    order = ORDER.get(str(given.get("searchSortFilter")), "relevance")
    words = [*texts(given.get("searchTermsOrHashtags")), *texts(given.get("profileUrls"))]
    wanted = count(given.get("maxItemsPerUrl"), 20)
    links = tuple(texts(given.get("postUrls")))
    found = [Ask(word, wanted, moment - days * DAY if days else None, None, order, world="douyin ") for word in words]
    return [*found, Ask("", len(links), links=links)] if links else found


def item(post: Post, frame: Frame) -> dict[str, Any]:
    if post.gap == "gone":
        return {"url": post.link, "error": "The post was not found or is private"}
    tags = [] if post.gap == "tags" else post.tags
    return {
        "id": post.id,
        "text": "" if post.gap == "title" else post.text,
        "url": f"https://www.douyin.com/video/{post.id}",
        "createTime": None if post.gap == "date" else post.created,
        "thumb": frame.picture(post),
        "hashtags": [{"id": post.id[:10] + str(place), "name": tag} for place, tag in enumerate(tags)],
        "mentions": [],
        "authorMeta": _author(post, frame),
        "videoMeta": {
            "cover": frame.picture(post),
            "originCover": frame.picture(post),
            "width": 720,
            "height": 1280,
            "playUrl": None if post.gap == "slideshow" else f"https://v26.douyinvod.example/{post.id}/video.mp4",
        },
        "statistics": _statistics(post, frame),
        # The song's length, which is not the video's.
        "musicMeta": {"id": post.id[::-1], "title": post.music, "duration": 15 + post.seconds % 45},
    }


def _author(post: Post, frame: Frame) -> dict[str, Any]:
    return {
        "id": post.creator.id,
        "name": post.creator.name,
        "signature": post.creator.bio,
        "avatarThumb": frame.avatar(post.creator),
        "avatarLarge": frame.avatar(post.creator),
        "followersCount": None if post.gap == "followers" else post.creator.followers,
    }


def _statistics(post: Post, frame: Frame) -> dict[str, Any]:
    """Views are a paid add-on: without `scrapePlayCount` they are not there."""
    counts = {
        "diggCount": post.likes,
        "commentCount": post.comments,
        "shareCount": post.shares,
        "collectCount": post.saves,
    }
    return counts | {"playCount": post.views} if frame.given.get("scrapePlayCount") else counts
