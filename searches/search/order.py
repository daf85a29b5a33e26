"""Puts posts in order. Pure and stable: posts that are equal stay as they were, and what is unknown comes last either way."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence

from searches.item import Item
from searches.search.measures import MEASURES, NOTHING, Known, key
from searches.search.sieve import Sieve


def arrange(chosen: Sequence[Item], sieve: Sieve, now: int, known: Known = NOTHING, among: Sequence[Item] | None = None) -> list[Item]:
    """The chosen posts in the sieve's order; `among` is the whole answer, against which a fair order measures them."""
    whole = chosen if among is None else among
    order = order_of(sieve, whole)
    if order == "relevance":
        return list(chosen)
    if order == "fair":
        ranks = fair_ranks(whole)
        return _sorted(((ranks[key(item)], item) for item in chosen), ascending=False)
    measure = MEASURES[order]
    return _sorted(((measure(item, now, known), item) for item in chosen), sieve.ascending)


def order_of(sieve: Sieve, items: Iterable[Item]) -> str:
    """The order's name: the sieve's own, else fair where the answer is of several platforms, else the platform's own."""
    return sieve.sort or ("fair" if len({item["platform"] for item in items}) > 1 else "relevance")


def fair_ranks(items: Sequence[Item]) -> dict[str, float | None]:
    """By key, where each post stands among those of its own platform, from 0 to 1:

        percentile(x) = (posts with less + half of those with as much) / posts where it is known

    of its views; where these are unknown, of its likes; None where both are. So the platforms' own scales don't matter: the
    most viewed tenth of each comes before the rest of any, and a platform that gives no views is ranked by its likes.
    """
    counts: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for item in items:
        seen, liked = counts[item["platform"]]
        if item["playCount"] is not None:
            seen.append(item["playCount"])
        if item["likeCount"] is not None:
            liked.append(item["likeCount"])
    for pair in counts.values():
        for values in pair:
            values.sort()
    return {key(item): _rank(item, *counts[item["platform"]]) for item in items}


def _rank(item: Item, seen: list[int], liked: list[int]) -> float | None:
    if item["playCount"] is not None:
        return _percentile(item["playCount"], seen)
    return None if item["likeCount"] is None else _percentile(item["likeCount"], liked)


def _percentile(value: int, ordered: list[int]) -> float:
    return (bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 / len(ordered)


def _sorted(measured: Iterable[tuple[float | None, Item]], ascending: bool) -> list[Item]:
    pairs = list(measured)
    found = [(value, item) for value, item in pairs if value is not None]
    # `reverse` keeps the order of equals, too.
    found.sort(key=lambda pair: pair[0], reverse=not ascending)
    return [item for _value, item in found] + [item for value, item in pairs if value is None]
