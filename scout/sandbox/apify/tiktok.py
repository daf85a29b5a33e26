"""TikTok actors: what their input means, and the shape of their items."""

from collections.abc import Mapping
from typing import Any

from scout.sandbox.apify import times
from scout.sandbox.apify.catalogue import DAY, Ask, Frame, Post
from scout.sandbox.apify.inputs import count, date, texts

#: `searchDatePosted` and `dateRange` values to days back.
CLOCKWORKS_DAYS = {"1": 1, "2": 7, "3": 30, "4": 90, "5": 365}
PAID_INPUTS = ("searchDatePosted", "searchSorting")
CLOCKWORKS_ORDER = {"1": "likes", "3": "recent"}
APIDOJO_DAYS = {"YESTERDAY": 1, "THIS_WEEK": 7, "THIS_MONTH": 30, "LAST_THREE_MONTHS": 90, "LAST_SIX_MONTHS": 180}
APIDOJO_ORDER = {"MOST_LIKED": "likes", "DATE_POSTED": "recent"}


def clockworks_asks(given: Mapping[str, Any], moment: float) -> list[Ask]:
    days = CLOCKWORKS_DAYS.get(str(given.get("searchDatePosted", "0")))
    since = moment - days * DAY if days else None
    since = _later(since, date(given.get("oldestPostDateUnified"), moment))
    until = date(given.get("newestPostDate"), moment)
    order = CLOCKWORKS_ORDER.get(str(given.get("searchSorting", "")), "relevance")
    wanted = count(given.get("resultsPerPage"), 1)
    words = [*texts(given.get("searchQueries")), *texts(given.get("hashtags")), *texts(given.get("profiles"))]
    asks = [Ask(word, wanted, since, until, order) for word in words]
    links = texts(given.get("postURLs"))
    return [*asks, Ask("", len(links), links=tuple(links))] if links else asks


def free_clockworks_asks(given: Mapping[str, Any], moment: float) -> list[Ask]:
    """The free actor knows neither search filters nor sorting."""
    return clockworks_asks({name: value for name, value in given.items() if name not in PAID_INPUTS}, moment)


def apidojo_asks(given: Mapping[str, Any], moment: float) -> list[Ask]:
    words = texts(given.get("keywords"))
    days = APIDOJO_DAYS.get(str(given.get("dateRange", "DEFAULT")))
    order = APIDOJO_ORDER.get(str(given.get("sortType", "")), "relevance")
    wanted = count(given.get("maxItems"), 1000)
    links = texts(given.get("startUrls"))
    asks = [Ask(word, -(-wanted // len(words)), moment - days * DAY if days else None, None, order) for word in words]
    return [*asks, Ask("", len(links), links=tuple(links))] if links else asks


def clockworks_item(post: Post, frame: Frame) -> dict[str, Any]:
    if post.gap == "gone":
        return _gone(post)
    slideshow = post.gap == "slideshow"
    tags = [] if post.gap == "tags" else post.tags
    asked = {"searchQuery": post.query, "input": post.query}
    looked_up = {"input": post.link, "submittedVideoUrl": post.link}
    return {
        "id": post.id,
        "text": "" if post.gap == "title" else post.text,
        "textLanguage": post.language,
        "createTime": None if post.gap == "date" else post.created,
        "createTimeISO": None if post.gap == "date" else times.iso(post.created),
        "locationCreated": {"ko": "KR", "zh": "TW", "en": "US"}[post.language],
        "isAd": False,
        "authorMeta": _author(post, frame),
        "musicMeta": _music(post),
        "webVideoUrl": f"https://www.tiktok.com/@{post.creator.handle}/video/{post.id}",
        "mediaUrls": [],
        "videoMeta": _video(frame.picture(post), 0 if slideshow else post.seconds),
        "diggCount": post.likes,
        "shareCount": post.shares,
        "playCount": None if post.gap == "views" else post.views,
        "collectCount": post.saves,
        "commentCount": post.comments,
        "repostCount": post.reposts,
        "mentions": [],
        "hashtags": [{"id": "", "name": tag, "title": "", "cover": ""} for tag in tags],
        "isSlideshow": slideshow,
        "slideshowImageLinks": [{"tiktokLink": frame.picture(post)}] if slideshow else [],
        "isPinned": False,
        "isSponsored": False,
        **(asked if post.query else looked_up),
    }


def free_clockworks_item(post: Post, frame: Frame) -> dict[str, Any]:
    """The free actor's items have the same core, without where the post was made."""
    return {key: value for key, value in clockworks_item(post, frame).items() if key != "locationCreated"}


def apidojo_item(post: Post, frame: Frame) -> dict[str, Any]:
    if post.gap == "gone":
        return _gone(post)
    return {
        "id": post.id,
        "title": "" if post.gap == "title" else post.text,
        "views": None if post.gap == "views" else post.views,
        "likes": post.likes,
        "comments": post.comments,
        "shares": post.shares,
        "bookmarks": post.saves,
        "hashtags": [] if post.gap == "tags" else list(post.tags),
        "uploadedAt": None if post.gap == "date" else post.created,
        "uploadedAtFormatted": None if post.gap == "date" else times.iso(post.created),
        "postPage": f"https://www.tiktok.com/@{post.creator.handle}/video/{post.id}",
        "channel": _channel(post, frame),
        "video": _clip(post, frame.picture(post)),
        "song": {"id": post.id[::-1], "title": post.music, "artist": post.creator.name, "duration": post.seconds},
    }


def _gone(post: Post) -> dict[str, Any]:
    """What a run says of a post that was taken down or made private."""
    return {
        "url": post.link,
        "input": post.link,
        "error": "Post not found or private",
        "errorCode": "POST_NOT_FOUND_OR_PRIVATE",
    }


def _author(post: Post, frame: Frame) -> dict[str, Any]:
    creator = post.creator
    return {
        "id": creator.id,
        "name": creator.handle,
        "profileUrl": f"https://www.tiktok.com/@{creator.handle}",
        "nickName": creator.name,
        "verified": creator.verified,
        "signature": creator.bio,
        "avatar": frame.avatar(creator),
        "following": creator.following,
        "fans": None if post.gap == "followers" else creator.followers,
        "heart": creator.hearts,
        "video": creator.posts,
    }


def _music(post: Post) -> dict[str, Any]:
    return {
        "musicName": post.music,
        "musicAuthor": post.creator.name,
        "musicOriginal": True,
        "musicId": post.id[::-1],
        "playUrl": f"https://sf16.tiktokcdn.example/obj/{post.id}.mp3",
    }


def _video(cover: str, seconds: int) -> dict[str, Any]:
    """A slideshow has no length, no size and no format."""
    meta = {"height": 0, "width": 0, "duration": seconds, "coverUrl": cover, "originalCoverUrl": cover}
    known = {"height": 1024, "width": 576, "definition": "540p", "format": "mp4"} if seconds else {}
    return {**meta, **known, "subtitleLinks": []}


def _channel(post: Post, frame: Frame) -> dict[str, Any]:
    creator = post.creator
    return {
        "id": creator.id,
        "name": creator.name,
        "username": creator.handle,
        "bio": creator.bio,
        "url": f"https://www.tiktok.com/@{creator.handle}",
        "avatar": frame.avatar(creator),
        "verified": creator.verified,
        "followers": None if post.gap == "followers" else creator.followers,
        "following": creator.following,
        "videos": creator.posts,
    }


def _clip(post: Post, cover: str) -> dict[str, Any]:
    slideshow = post.gap == "slideshow"
    return {
        "width": 576,
        "height": 1024,
        "ratio": "540p",
        "duration": None if slideshow else post.seconds,
        "url": None if slideshow else f"https://v16.tiktokcdn.example/video/{post.id}.mp4",
        "cover": cover,
        "thumbnail": cover,
    }


def _later(one: float | None, other: float | None) -> float | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)
