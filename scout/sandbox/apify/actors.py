"""The actors on offer: one row each. To add one, write its two functions and a row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from scout.sandbox.apify import douyin, rednote, tiktok
from scout.sandbox.apify.catalogue import Ask, Frame, Post
from scout.sandbox.apify.errors import ApiError, not_found

LISTS = (list,)
WHOLE = (int,)


@dataclass(frozen=True, slots=True)
class Actor:
    """`asks` reads an input, `shape` writes an item, `types` is as much of the input schema as gets checked."""

    id: str
    username: str
    name: str
    title: str
    build: str
    asks: Callable[[Mapping[str, Any], float], list[Ask]]
    shape: Callable[[Post, Frame], dict[str, Any]]
    types: Mapping[str, tuple[type, ...]]
    start_usd: float
    item_usd: float


TEXT = (str,)
TEXT_OR_WHOLE = (str, int)
CLOCKWORKS_TYPES = {
    "searchQueries": LISTS,
    "hashtags": LISTS,
    "profiles": LISTS,
    "postURLs": LISTS,
    "resultsPerPage": WHOLE,
    "searchDatePosted": TEXT_OR_WHOLE,
    "searchSorting": TEXT_OR_WHOLE,
    "oldestPostDateUnified": TEXT,
    "newestPostDate": TEXT,
}
APIDOJO_TYPES = {"keywords": LISTS, "startUrls": LISTS, "maxItems": WHOLE, "sortType": TEXT, "dateRange": TEXT}
DOUYIN_TYPES = {
    "searchTermsOrHashtags": LISTS,
    "profileUrls": LISTS,
    "postUrls": LISTS,
    "maxItemsPerUrl": WHOLE,
    "searchSortFilter": TEXT,
    "searchPublishTimeFilter": TEXT,
}
REDNOTE_TYPES = {"keywords": LISTS, "maxItems": WHOLE, "maxResults": WHOLE, "sortType": TEXT, "timeFilter": TEXT}

ACTORS = (
    Actor(
        id="GdWCkxBtKWOsKjdch",
        username="clockworks",
        name="tiktok-scraper",
        title="TikTok Scraper",
        build="0.0.412",
        asks=tiktok.clockworks_asks,
        shape=tiktok.clockworks_item,
        types=CLOCKWORKS_TYPES,
        start_usd=0.001,
        item_usd=0.0037,
    ),
    Actor(
        id="OtzYfK1ndEGdwWFKQ",
        username="clockworks",
        name="free-tiktok-scraper",
        title="TikTok Data Extractor",
        build="0.0.398",
        asks=tiktok.free_clockworks_asks,
        shape=tiktok.free_clockworks_item,
        types=CLOCKWORKS_TYPES,
        start_usd=0.03,
        item_usd=0.004,
    ),
    Actor(
        id="5K30i8aFccKNF5ICs",
        username="apidojo",
        name="tiktok-scraper",
        title="TikTok Scraper (Pay Per Result)",
        build="0.0.131",
        asks=tiktok.apidojo_asks,
        shape=tiktok.apidojo_item,
        types=APIDOJO_TYPES,
        start_usd=0.006,
        item_usd=0.0003,
    ),
    Actor(
        id="dY8xqT2vNw4LkRz0P",
        username="natanielsantos",
        name="douyin-scraper",
        title="Douyin Scraper",
        build="0.5.93",
        asks=douyin.asks,
        shape=douyin.item,
        types=DOUYIN_TYPES,
        start_usd=0.005,
        item_usd=0.002,
    ),
    Actor(
        id="zN3sTu9RdKx1VbQ7m",
        username="zen-studio",
        name="rednote-search-scraper",
        title="RedNote Search Scraper",
        build="0.0.58",
        asks=rednote.zen_asks,
        shape=rednote.zen_item,
        types=REDNOTE_TYPES,
        start_usd=0.05,
        item_usd=0.00599,
    ),
    Actor(
        id="eA5yXh4sSc8WnJp2t",
        username="easyapi",
        name="rednote-xiaohongshu-search-scraper",
        title="RedNote Xiaohongshu Search Scraper",
        build="0.0.77",
        asks=rednote.easy_asks,
        shape=rednote.easy_item,
        types=REDNOTE_TYPES,
        start_usd=0.001,
        item_usd=0.005,
    ),
)

_BY_NAME = {name: actor for actor in ACTORS for name in (actor.id, f"{actor.username}~{actor.name}")}


def find(name: str) -> Actor:
    """By id or `username~name`; raises the error a caller would see."""
    try:
        return _BY_NAME[name.replace("/", "~")]
    except KeyError:
        raise not_found("Actor") from None


def check(actor: Actor, given: Mapping[str, Any]) -> None:
    """Raises `invalid-input` for the first field of a wrong type. Unknown fields are nobody's business."""
    for name, kinds in actor.types.items():
        value = given.get(name)
        if value is None:
            continue
        if not isinstance(value, kinds) or isinstance(value, bool):
            kind = {list: "array", int: "integer", str: "string"}[kinds[0]]
            raise ApiError("invalid-input", f"Input is not valid: Field input.{name} must be {kind}")
        if isinstance(value, int) and kinds is WHOLE and value < 1:
            raise ApiError("invalid-input", f"Input is not valid: Field input.{name} must be >= 1")


def cost(actor: Actor, items: int) -> float:
    return actor.start_usd + items * actor.item_usd


def affordable(actor: Actor, ceiling: float) -> int:
    """How many items a spending ceiling pays for; the platform stops a run there."""
    return max(0, int((ceiling - actor.start_usd) / actor.item_usd + 1e-9))
