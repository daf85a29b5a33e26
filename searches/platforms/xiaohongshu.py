"""Xiaohongshu (RedNote): inputs and mapping of the actors that search it. Pure functions; a row that is no note is None.

Both actors tell of notes in the words of Xiaohongshu's own web pages, one flat and one in layers, and their builds move
fields about. So one mapping reads both: from the innermost layer that tells of the note, under every name seen. (Names and
inputs as in the actors' documents and in public programs that use them, 2026.)
"""

import re
from collections.abc import Iterator
from typing import Any

from searches import item as read
from searches.item import Item
from searches.platforms.actor import Actor
from searches.query import DATE_RANGE_DAYS, Query

PLATFORM = "xiaohongshu"
LEAST_ASKED = 100  # easyapi's actor refuses less

#: zen-studio's actor knows a day, a week and half a year; what is wider than asked is filtered after.
_TIME_FILTER = {"all": "all", "yesterday": "1d", "7days": "1w", "1month": "6mo", "3months": "6mo"}
_ZEN_WINDOWS: dict[str, int | None] = {"all": None, "yesterday": 1, "7days": 7, "1month": 182, "3months": 182}
_NO_FILTER: dict[str, int | None] = dict.fromkeys(DATE_RANGE_DAYS)
_LAYERS = ("note_card", "noteCard", "note")
#: One of these, and a row without layers tells of a note; people have an id and a name as well.
_MARKS = frozenset(
    {"display_title", "title", "desc", "interact_info", "engagement", "cover", "image_list", "images", "video", "corner_tag_info"}
)
_NOTE_LINK = re.compile(r"/(?:explore|discovery/item|search_result)/")
_NOT_NOTES = frozenset({"user", "users", "ad", "ads", "live"})
_USER_ID = re.compile(r"[0-9A-Za-z]{1,64}")
_TOPIC = re.compile(r"#([^#\[\]\s]{1,100})\[话题\]")  # how a note's text marks its hashtags


def zen_input(query: Query, limit: int) -> dict[str, Any]:
    """INPUT of zen-studio/rednote-search-scraper.

    Only video notes: many notes are pictures, and a desk for short videos would pay for what it cannot play. No topping up
    with notes in another order: nobody asked for them, and they are charged too.
    """
    return {
        "keywords": [query.text],
        "maxResults": limit,
        "sortType": "general",
        "noteType": "video",
        "timeFilter": _TIME_FILTER[query.date_range],
        "topUpFromOtherSorts": False,
    }


def easyapi_input(query: Query, limit: int) -> dict[str, Any]:
    """INPUT of easyapi/rednote-xiaohongshu-search-scraper, which has no date filter. Only video notes, as above."""
    return {"keywords": [query.text], "maxItems": max(limit, LEAST_ASKED), "sortType": "general", "noteType": "video"}


def note_item(raw: Any) -> Item | None:
    """A row of either actor. People, advertisements and suggestions between the notes are none.

    Xiaohongshu shows views and followers nowhere beside a note. Counts and dates may be as the page shows them.
    """
    post, note = _layers(raw)
    note_id = read.first(read.identifier, post, "id", "note_id", "noteId") or read.first(read.identifier, note, "note_id", "noteId", "id")
    if note_id is None or "#" in note_id or not _is_note(post, note):  # advertisements are "uuid#time"
        return None
    user, video = read.first(_mapping, note, "user", "author"), note.get("video")
    counts = read.first(_mapping, note, "interact_info", "engagement")
    return Item(
        id=note_id,
        platform=PLATFORM,
        title=read.first(read.title, note, "display_title", "title", "desc"),
        description=read.text(note.get("desc")),
        creator=read.first(read.title, user, "nickname", "nick_name", "name"),
        creatorUrl=read.first(_profile, user, "user_id", "userid", "id"),
        followerCount=None,
        playCount=None,
        likeCount=read.first(read.shown_count, counts, "liked_count"),
        commentCount=read.first(read.shown_count, counts, "comment_count", "comments_count"),
        shareCount=read.first(read.shown_count, counts, "shared_count", "share_count"),
        collectCount=read.first(read.shown_count, counts, "collected_count"),
        createTime=_published(raw, note),
        durationSeconds=read.seconds(read.dig(video, "duration_seconds")),
        hashtags=_hashtags(note),
        thumbnail=next(filter(None, map(read.url, _pictures(note))), None),
        videoUrl=read.url(read.dig(video, "url_720p")),
        webVideoUrl=read.first(read.url, raw, "link", "url") or read.first(read.url, post, "link", "url"),
    )


def _layers(raw: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What carries the id and the kind of a row, and what tells of the note: often the same."""
    post = read.first(_mapping, raw, "item") or _mapping(raw) or {}
    return post, read.first(_mapping, post, *_LAYERS) or post


def _is_note(post: dict[str, Any], note: dict[str, Any]) -> bool:
    kinds = {kind.lower() for kind in (post.get("model_type"), post.get("type"), note.get("type")) if isinstance(kind, str)}
    if kinds & _NOT_NOTES or post.get("model_type") not in (None, "note"):
        return False
    link = read.first(read.url, post, "link", "url")
    return note is not post or not _MARKS.isdisjoint(note) or bool(link and _NOTE_LINK.search(link))


def _published(raw: Any, note: dict[str, Any]) -> int | None:
    """A moment where the row has one, else what the page shows in the note's corner, as of the row's own `scrapedAt`."""
    exact = read.first(read.moment, note, "publish_time", "timestamp", "time")
    if exact is not None:
        return exact
    corners = (read.dig(tag, "text") for tag in _rows(note.get("corner_tag_info")) if read.dig(tag, "type") == "publish_time")
    return read.shown_date(next(corners, None), read.dig(raw, "scrapedAt"))


def _pictures(note: dict[str, Any]) -> Iterator[Any]:
    """Where a cover may be, best first. `video.thumbnail` is none: that is a sheet of many frames for scrubbing."""
    cover = note.get("cover")
    yield from (read.dig(cover, "url_default"), read.dig(cover, "url"), cover)
    images = _rows(note.get("images"))
    place = note.get("cover_image_index")
    if type(place) is int and 0 < place < len(images):
        yield read.dig(images[place], "url")
    for image in (*_rows(note.get("image_list")), *images):
        yield from (read.dig(image, "url_default"), read.dig(image, "url"), image)
        yield from (read.dig(size, "url") for size in _rows(read.dig(image, "info_list")))
    yield read.dig(note.get("video"), "first_frame")


def _hashtags(note: dict[str, Any]) -> list[str]:
    named = next(filter(None, (read.hashtags(note.get(name)) for name in ("tag_list", "tag_info", "tags"))), None)
    return named or read.hashtags(_TOPIC.findall(read.text(note.get("desc")) or ""))


def _rows(value: Any) -> list[Any]:
    return value[:20] if isinstance(value, list) else []


def _mapping(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _profile(user_id: Any) -> str | None:
    sound = isinstance(user_id, str) and _USER_ID.fullmatch(user_id)
    return f"https://www.xiaohongshu.com/user/profile/{user_id}" if sound else None


#: What both are known to give; a comment count of easyapi's is disputed, a collect count as well.
_BOTH = frozenset({"title", "creator", "likeCount", "createTime", "thumbnail", "webVideoUrl"})
ACTORS = (
    Actor(
        "zen-studio/rednote-search-scraper",
        PLATFORM,
        zen_input,
        note_item,
        _ZEN_WINDOWS,
        _BOTH | {"description", "collectCount", "commentCount"},
    ),
    Actor(
        "easyapi/rednote-xiaohongshu-search-scraper",
        PLATFORM,
        easyapi_input,
        note_item,
        _NO_FILTER,
        _BOTH | {"creatorUrl"},
        minimum=LEAST_ASKED,
    ),
)
