"""Xiaohongshu (RedNote) actors: what their input means, and the shapes of their items."""

import time
from collections.abc import Mapping
from typing import Any

from scout.sandbox.apify.catalogue import DAY, Ask, Frame, Post
from scout.sandbox.apify.inputs import count, texts

ZEN_DAYS = {"1d": 1, "1w": 7, "6mo": 182}
ORDER = {"latest": "recent", "time_descending": "recent", "hotest": "likes", "popularity_descending": "likes"}
LEAST_ASKED = 100
WORLD = "xiaohongshu "


def zen_asks(given: Mapping[str, Any], moment: float) -> list[Ask]:
    days = ZEN_DAYS.get(str(given.get("timeFilter")))
    words = texts(given.get("keywords")) or texts([given.get("keyword") or ""])
    wanted, order = count(given.get("maxResults"), 20), ORDER.get(str(given.get("sortType")), "relevance")
    return [Ask(word, wanted, moment - days * DAY if days else None, None, order, world=WORLD) for word in words]


def easy_asks(given: Mapping[str, Any], _: float) -> list[Ask]:
    """This actor has no date filter and never fetches fewer than a hundred."""
    wanted, order = (
        max(LEAST_ASKED, count(given.get("maxItems"), LEAST_ASKED)),
        ORDER.get(str(given.get("sortType")), "relevance"),
    )
    return [Ask(word, wanted, None, None, order, world=WORLD) for word in texts(given.get("keywords"))]


def zen_item(post: Post, frame: Frame) -> dict[str, Any]:
    return {
        "id": note_id(post),
        "title": "" if post.gap == "title" else post.title,
        "desc": post.text,
        "type": kind(post, frame),
        "url": f"https://www.xiaohongshu.com/explore/{note_id(post)}",
        "keyword": post.query,
        "author": {"id": post.creator.id, "nickname": post.creator.name, "avatar": frame.avatar(post.creator)},
        "engagement": {
            "liked_count": post.likes,
            "collected_count": post.saves,
            "comment_count": post.comments,
            "shared_count": post.shares,
        },
        "cover": {"url_default": frame.picture(post), "width": 360, "height": 640},
        "publish_time": None if post.gap == "date" else post.created * 1000,
    }


def easy_item(post: Post, frame: Frame) -> dict[str, Any]:
    """Counts are texts, dates are what the page shows beside a note."""
    tags = [] if post.gap == "date" else [{"type": "publish_time", "text": shown_date(post.created, frame.moment)}]
    return {
        "link": f"https://www.xiaohongshu.com/explore/{note_id(post)}",
        "keyword": post.query,
        "scrapedAt": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(frame.moment)),
        "item": {
            "id": note_id(post),
            "model_type": "note",
            "note_card": {
                "display_title": "" if post.gap == "title" else post.title,
                "type": kind(post, frame),
                "user": {
                    # Some rows come in an older spelling.
                    "nick_name" if post.gap == "views" else "nickname": post.creator.name,
                    "user_id": post.creator.id,
                    "avatar": frame.avatar(post.creator),
                },
                "interact_info": {
                    "liked_count": shown_count(post.likes),
                    "collected_count": shown_count(post.saves),
                    "liked": False,
                },
                "cover": {"url_default": frame.picture(post), "width": 360, "height": 640},
                "image_list": [{"info_list": [{"image_scene": "WB_DFT", "url": frame.picture(post)}]}],
                "corner_tag_info": tags,
            },
        },
    }


def kind(post: Post, frame: Frame) -> str:
    """Video or pictures; only videos where these were asked for."""
    return "normal" if post.gap == "slideshow" and frame.given.get("noteType") != "video" else "video"


def note_id(post: Post) -> str:
    """24 hexadecimal digits; the first eight are the time of creation."""
    return f"{post.created & 0xFFFFFFFF:08x}{int(post.id) % 16**16:016x}"


def shown_count(value: int) -> str:
    return str(value) if value < 10_000 else f"{value / 10_000:.1f}万"


def shown_date(created: float, moment: float) -> str:
    """The page's way: hours, days, then the date, with its year if that is not the present one (China time)."""
    age = max(0.0, moment - created)
    if age < 3600:
        return f"{int(age // 60)}分钟前"
    if age < DAY:
        return f"{int(age // 3600)}小时前"
    if age < 7 * DAY:
        return f"{int(age // DAY)}天前"
    there, now_there = time.gmtime(created + 8 * 3600), time.gmtime(moment + 8 * 3600)
    return time.strftime("%m-%d" if there.tm_year == now_there.tm_year else "%Y-%m-%d", there)
