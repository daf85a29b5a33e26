"""Hashtags: how many posts bear which, and which stand together. Pure."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

MIN_PAIR = 3
#: Tags a post that pairs are made of: 30 would be 435 pairs a post.
MAX_PAIRED = 12


@dataclass(frozen=True, slots=True)
class Tag:
    """`name` as most posts spell it, `key` as it is compared. `views` of its posts, as far as they are known; None for none."""

    name: str
    key: str
    posts: int
    views: int | None


class Pair(NamedTuple):
    """Two tags (spelt as in Tag.name) of so many posts together. `lift`: how many times as often as by chance."""

    names: tuple[str, str]
    posts: int
    lift: float


@dataclass(frozen=True, slots=True)
class Tags:
    """`posts` is what it stands on: those that bear any tag."""

    posts: int
    tags: list[Tag]
    pairs: list[Pair]


def normal(tag: str) -> str:
    """A tag as it is compared: without its '#', NFC, case folded, without blanks. Empty for what is none."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", tag).casefold())
    return "".join(folded.split()).lstrip("#＃")


def keys(tags: Iterable[str]) -> tuple[str, ...]:
    """A post's tags as they are compared, each once, in order."""
    return tuple(dict.fromkeys(key for tag in tags if (key := normal(tag))))


def spellings(all_tags: Iterable[Iterable[str]]) -> dict[str, str]:
    """How most posts spell each tag, by its key."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for tags in all_tags:
        for tag in tags:
            if key := normal(tag):
                counted[key][" ".join(tag.split()).lstrip("#＃ ")] += 1
    return {key: min(counts, key=lambda name: (-counts[name], name)) for key, counts in counted.items()}


def analyse(posts: Sequence[tuple[Sequence[str], int | None]], most: int = 30, most_pairs: int = 15) -> Tags:
    """Of each post its tags and its views. A tag counts once a post, however often and in whatever case it stands there."""
    borne = [(keys(tags), views) for tags, views in posts]
    borne = [(tags, views) for tags, views in borne if tags]
    names = spellings(tags for tags, _views in posts)
    counts = Counter(key for tags, _views in borne for key in tags)
    views: dict[str, int] = {}
    for tags, seen in borne:
        for key in tags if seen is not None else ():
            views[key] = views.get(key, 0) + (seen or 0)
    ranked = sorted(counts, key=lambda key: (-counts[key], key))
    found = [Tag(names[key], key, counts[key], views.get(key)) for key in ranked[:most]]
    return Tags(len(borne), found, _pairs([tags for tags, _views in borne], counts, names, most_pairs))


def _pairs(borne: Sequence[Sequence[str]], counts: Counter[str], names: dict[str, str], most: int) -> list[Pair]:
    """Those of MIN_PAIR posts that stand together more often than by chance: a tag that every post bears is next to all."""
    together: Counter[tuple[str, str]] = Counter()
    for tags in borne:
        # Those that many bear come first, so that a post with hundreds of its own loses only these.
        common = sorted(sorted(tags, key=lambda key: (-counts[key], key))[:MAX_PAIRED])
        together.update(combinations(common, 2))
    found = [
        Pair((names[a], names[b]), posts, posts * len(borne) / (counts[a] * counts[b]))
        for (a, b), posts in together.items()
        if posts >= MIN_PAIR and posts * len(borne) > counts[a] * counts[b]
    ]
    return sorted(found, key=lambda pair: (-pair.posts, -pair.lift, pair.names))[:most]
