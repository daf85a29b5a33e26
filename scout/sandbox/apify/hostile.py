"""Items as a bad day brings them: attacks, absurd numbers, wrong types, gaps."""

from collections.abc import Callable
from typing import Any

HUGE = "A" * 100_000
SCRIPT = "\"><script>alert(1)</script><img src=x onerror=alert(2)>' OR 1=1 --"
TWISTED = "\u202eevil\u202c \u0000\u0007\u200b\ufeff\x1b[31m مرحبا =1+1"
TITLES = ("text", "title", "desc", "display_title")
LINKS = ("webVideoUrl", "postPage", "url", "link")
COUNTS = ("playCount", "views", "diggCount", "likes", "commentCount", "comments", "shareCount", "shares", "liked_count")
DATES = ("createTime", "uploadedAt")


def flavoured(items: list[Any], flavour: str) -> list[Any]:
    """As many items as came in, spoilt in the way asked for; unspoilt for no flavour."""
    if flavour == "hostile":
        return [SPOILERS[number % len(SPOILERS)](item) for number, item in enumerate(items)]
    if flavour == "sparse":
        return [_sparse(item, number) for number, item in enumerate(items)]
    return items


def _put(item: dict[str, Any], names: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The item with those of the named fields that it has, replaced, one level down as well."""
    changed: dict[str, Any] = {}
    for name, old in item.items():
        changed[name] = value if name in names else _put(old, names, value) if isinstance(old, dict) else old
    return changed


def _without(item: dict[str, Any], unwanted: str) -> dict[str, Any]:
    kept = {name: value for name, value in item.items() if name != unwanted}
    return {name: _without(value, unwanted) if isinstance(value, dict) else value for name, value in kept.items()}


def _sparse(item: dict[str, Any], number: int) -> Any:
    if number % 10 == 9:
        return {}
    kept = {name: value for name, value in item.items() if name in ("id", *LINKS)}
    return kept | {"#debug": {"number": number}, "text": None, "hashtags": None, "authorMeta": {}, "videoMeta": None}


#: Taken in turn, so that twenty items show every one. The first is sound: a run is rarely all bad.
SPOILERS: tuple[Callable[[dict[str, Any]], Any], ...] = (
    lambda item: item,
    lambda item: _put(item, TITLES, SCRIPT) | {"hashtags": [{"name": SCRIPT}, SCRIPT, None, 7]},
    lambda item: _put(item, LINKS, "javascript:alert(document.cookie)"),
    lambda item: _put(item, TITLES, HUGE),
    lambda item: _put(item, COUNTS, -5),
    lambda item: _put(item, COUNTS, "NaN"),
    lambda item: _put(item, COUNTS, "1.2万"),
    lambda item: _put(item, COUNTS, 2**70),
    lambda item: _put(item, COUNTS, True),
    lambda item: _put(item, TITLES, TWISTED),
    lambda item: _without(item, "id"),
    lambda _: ["not", "an", "object", 1],
    lambda _: "just a text",
    lambda item: _put(item, ("id",), "7000000000000000001"),
    lambda item: _put(item, ("id",), "7000000000000000001"),
    lambda _: {"error": "Could not scrape this post", "url": "https://www.tiktok.com/@nobody/video/1"},
    lambda item: _put(item, DATES, 2**70) | {"authorMeta": "somebody", "channel": None},
    lambda item: _put(item, DATES, "yesterday") | {"videoMeta": [], "video": "none"},
    lambda item: _put(item, ("coverUrl", "thumbnail", "cover", "avatar"), "data:text/html,<script>alert(3)</script>"),
    lambda item: _put(item, COUNTS, {"count": 3}) | {"id": 12345},
)
