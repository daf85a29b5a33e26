"""The world of posts behind every answer: pure functions of query and time.

A query owns an endless row of slots. Each slot holds one post at a time and renews it with a period of its own,
between one day and about 110; so at any moment the posts' ages spread over the past months, a fifth of them is
new each day, a narrower date window simply skips the slots whose post is too old, and the same question asked a
day later meets mostly the same posts, grown.
"""

import math
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scout.sandbox.apify.words import HANDLE_TAILS, HANDLES, Vocabulary, vocabulary
from scout.sandbox.pictures import picture_path
from scout.sandbox.seeds import Dice, seed

DAY = 86400.0
SHORTEST, STRETCH = 1.0, 110.0
CREATORS_PER_QUERY = 40
#: Slots tried per wanted post before a window is taken to be too narrow to wait for luck.
PATIENCE = 40


@dataclass(frozen=True, slots=True)
class Ask:
    """One question put to an actor: a query with its window, or the links of posts to look up. Each platform is a `world`
    with posts of its own."""

    query: str
    wanted: int
    since: float | None = None
    until: float | None = None
    order: str = "relevance"
    links: tuple[str, ...] = ()
    world: str = ""


@dataclass(frozen=True, slots=True)
class Creator:
    id: str
    handle: str
    name: str
    bio: str
    verified: bool
    followers: int
    following: int
    hearts: int
    posts: int


@dataclass(frozen=True, slots=True)
class Post:
    """A post as it stands at one moment. `gap` names what the platform leaves out of a few of them; `link` is
    what it was looked up by, empty for one found by a query."""

    id: str
    query: str
    link: str
    title: str
    language: str
    created: int
    tags: tuple[str, ...]
    creator: Creator
    views: int
    likes: int
    comments: int
    shares: int
    saves: int
    reposts: int
    seconds: int
    music: str
    gap: str

    @property
    def text(self) -> str:
        return " ".join([self.title, *(f"#{tag}" for tag in self.tags)])


@dataclass(frozen=True, slots=True)
class Frame:
    """What an item depends on besides its post: where pictures are, what was asked for, when it was scraped."""

    base_url: str
    given: Mapping[str, Any]
    moment: float

    def picture(self, post: Post) -> str:
        return self.base_url + picture_path(post.id)

    def avatar(self, creator: Creator) -> str:
        return self.base_url + picture_path(creator.id)


def normal(query: str) -> str:
    return " ".join(unicodedata.normalize("NFC", query).casefold().split())


def posts(ask: Ask, moment: float) -> list[Post]:
    """What a search answers at a moment: always as many as wanted, in the order asked for."""
    if ask.links:
        return [looked_up(link, moment) for link in ask.links]
    query = ask.world + normal(ask.query)
    found = [_post(query, ask.query, key, created, moment) for key, created in _picks(query, ask, moment)]
    if ask.order == "recent":
        found.sort(key=lambda post: -post.created)
    if ask.order == "likes":
        found.sort(key=lambda post: -post.likes)
    return found


def _picks(query: str, ask: Ask, moment: float) -> Iterator[tuple[str, int]]:
    newest = min(ask.until or moment, moment)
    window = max(newest - ask.since, 60.0) if ask.since is not None else math.inf
    taken = slot = 0
    while taken < ask.wanted:
        start = seed(query, "slot", slot)
        period = SHORTEST * STRETCH ** ((start & 0xFFFFFFFF) / 2**32) * DAY
        if slot > PATIENCE * ask.wanted:
            period = min(period, window)
        created, number = _latest(newest, period, (start >> 32) / 2**32)
        if newest - created <= window:
            taken += 1
            yield f"{slot}@{number}", int(created)
        slot += 1


def _latest(moment: float, period: float, phase: float) -> tuple[float, int]:
    """The last beat of a period up to a moment, and its number."""
    number = math.floor(moment / period + phase)
    return (number - phase) * period, number


def looked_up(link: str, moment: float) -> Post:
    """The post behind a link (or a bare id). Real ids carry their creation time in the upper half."""
    id = link.split("?", 1)[0].rstrip("/").rsplit("/", 1)[-1]
    created = int(id) >> 32 if id.isdigit() else 0
    if not moment - 4000 * DAY < created <= moment:
        created = int(moment - DAY * (1 + seed(id) % 300))
    return _post("post", "", id, created, moment, id, link)


def _post(query: str, asked: str, key: str, created: int, moment: float, id: str = "", link: str = "") -> Post:
    dice = Dice(query, key)
    words = vocabulary(asked)
    title = _title(dice, words, asked or dice.pick(words.tags))
    creator = _creator(query, dice.whole(0, CREATORS_PER_QUERY - 1), words)
    views = _views(dice, creator, moment - created)
    likes = int(views * dice.between(0.03, 0.15))
    return Post(
        id=id or str(created << 32 | seed(query, key, "id") & 0xFFFFFFFF),
        query=asked,
        link=link,
        title=title,
        language=words.language,
        created=created,
        tags=tuple(dict.fromkeys([*_query_tag(asked), *dice.some(words.tags, dice.whole(1, 5))])),
        creator=creator,
        views=views,
        likes=likes,
        comments=int(likes * dice.between(0.005, 0.06)),
        shares=int(likes * dice.between(0.01, 0.12)),
        saves=int(likes * dice.between(0.03, 0.25)),
        reposts=int(likes * dice.between(0.0, 0.03)),
        seconds=dice.whole(7, 95),
        music=dice.pick(words.music),
        gap=_gap(dice.roll(), bool(link)),
    )


def _title(dice: Dice, words: Vocabulary, query: str) -> str:
    number = str(dice.whole(2, 10))
    return (dice.pick(words.titles) + dice.pick(words.tails)).replace("{n}", number).replace("{q}", query)


def _query_tag(query: str) -> list[str]:
    tag = "".join(c for c in query if c.isalnum() or c == "_").lower()
    return [tag] if tag else []


def _views(dice: Dice, creator: Creator, age: float) -> int:
    """Views at an age: a log-normal final figure, most of it reached within the first days."""
    final = min(80_000_000.0, dice.log_normal(18_000 + creator.followers * 0.15, 1.6))
    days = max(age, 0.0) / DAY
    return 40 + int(final * (1 - math.exp(-((days / dice.between(0.6, 6.0)) ** 0.7))))


def _creator(query: str, number: int, words: Vocabulary) -> Creator:
    dice = Dice(query, "creator", number)
    followers = int(min(30_000_000.0, dice.log_normal(22_000, 1.7)))
    return Creator(
        id=str(6_500_000_000_000_000_000 + dice.whole(0, 10**17)),
        handle=dice.pick(HANDLES) + dice.pick(HANDLE_TAILS) + str(dice.whole(1, 99)),
        name=dice.pick(words.names) + dice.pick(words.roles),
        bio=dice.pick(words.bios),
        verified=dice.chance(0.05 if followers < 500_000 else 0.5),
        followers=followers,
        following=dice.whole(3, 900),
        hearts=int(followers * dice.between(4, 40)),
        posts=dice.whole(12, 900),
    )


def _gap(roll: float, by_link: bool) -> str:
    """A few per cent of real items lack something; which, so that mappers meet every case."""
    gaps = ((0.03, "views"), (0.06, "tags"), (0.10, "slideshow"), (0.115, "followers"), (0.13, "title"), (0.14, "date"))
    for share, gap in (*gaps, (0.17, "gone" if by_link else "")):
        if roll < share:
            return gap
    return ""
