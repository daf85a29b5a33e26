"""What could be chosen, and how many posts each choice would show: counted with all the other filters applied. Pure."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Any

from searches.item import Item
from searches.query import PLATFORMS
from searches.search.measures import DAY, LENGTHS, LEVELS, NOTHING, Known, engagement, key, length, length_class, level, rate, words
from searches.search.sieve import ANY, RANGED, UNKNOWABLE, WITHIN, Range, Sieve
from searches.search.sift import failed

#: Where the ready ranges of a number begin.
STEPS = {
    "views": (0, 1_000, 10_000, 100_000, 1_000_000),
    "likes": (0, 100, 1_000, 10_000, 100_000),
    "comments": (0, 10, 100, 1_000),
    "rate": (0, 10, 100, 1_000, 10_000),
}
MOST_TAGS, MOST_CREATORS = 12, 8


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that can be chosen, and how many posts it would show beside the other filters."""

    value: Any
    count: int
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facets:
    """The choices of each filter, by its name in the address. `unknown`: how many posts a filter leaves out only because the
    value is not known of them; `without`: how many would be shown without that filter."""

    choices: dict[str, list[Choice]]
    unknown: dict[str, int]
    without: dict[str, int]


def facets(items: Sequence[Item], sieve: Sieve, now: int, known: Known = NOTHING) -> Facets:
    """Everything there is to choose for these posts."""
    fails = failed(items, sieve, now, known)
    passed = [item for item, failing in zip(items, fails, strict=True) if not failing]
    alone: dict[str, list[Item]] = {}
    unknown: Counter[str] = Counter()
    for item, failing in zip(items, fails, strict=True):
        if len(failing) == 1:
            name = failing[0].removesuffix("?")
            alone.setdefault(name, []).append(item)
            unknown[name] += failing[0] != name
    counting = _Counting(passed, alone, sieve, now, known)
    return Facets(counting.choices(), dict(unknown), {name: len(passed) + len(found) for name, found in alone.items()})


class _Counting:
    """Counts choices over the posts that pass, and those that only the choice's own filter leaves out."""

    def __init__(self, passed: list[Item], alone: dict[str, list[Item]], sieve: Sieve, now: int, known: Known) -> None:
        self.passed, self.alone, self.sieve, self.now, self.known = passed, alone, sieve, now, known

    def choices(self) -> dict[str, list[Choice]]:
        sieve = self.sieve
        found = {
            "on": self._fixed("on", PLATFORMS, sieve.platforms, lambda item: item["platform"]),
            "within": self._within(),
            "length": self._fixed("length", LENGTHS, sieve.lengths, _known_to(length, length_class)),
            "engagement": self._fixed("engagement", LEVELS, sieve.levels, _known_to(engagement, level)),
            "dated": self._fixed("dated", (True, False), (sieve.dated,), lambda item: item["createTime"] is not None),
            "new": self._fixed("new", (True,), (sieve.new,), lambda item: key(item) in self.known.new),
            "kept": self._fixed("kept", (True,), (sieve.kept,), lambda item: key(item) in self.known.kept),
            "creator": self._top("creator", MOST_CREATORS, sieve.creators, lambda item: [item["creator"]] if item["creator"] else []),
            "tag": self._top("tag", MOST_TAGS, sieve.tags, lambda item: item["hashtags"]),
        }
        return found | {name: self._ranges(name) for name in RANGED}

    def _over(self, name: str) -> Iterable[Item]:
        return [*self.passed, *self.alone.get(name, [])]

    def _fixed(self, name: str, values: Iterable[Any], chosen: Iterable[Any], value_of: Callable[[Item], Hashable]) -> list[Choice]:
        counts = Counter(value_of(item) for item in self._over(name))
        return [Choice(value, counts[value], value in chosen) for value in values]

    def _within(self) -> list[Choice]:
        ages = [self.now - made for item in self._over("within") if (made := item["createTime"]) is not None]
        return [Choice(days, sum(age <= days * DAY for age in ages), days == self.sieve.within) for days in WITHIN]

    def _ranges(self, name: str) -> list[Choice]:
        measure = {
            "views": lambda item: item["playCount"],
            "likes": lambda item: item["likeCount"],
            "comments": lambda item: item["commentCount"],
            "rate": lambda item: rate(item, self.now, self.known),
        }[name]
        values = sorted(value for item in self._over(name) if (value := measure(item)) is not None)
        chosen, found = self.sieve.range_of(name), []
        for ends in ready_ranges(name):
            above = len(values) if ends.most is None else bisect_left(values, ends.most + 1)
            found.append(Choice(ends, above - bisect_left(values, ends.least or 0), ends == chosen))
        return found

    def _top(self, name: str, most: int, chosen: Sequence[str], texts_of: Callable[[Item], Iterable[str]]) -> list[Choice]:
        """The values that most posts have, and those that are chosen, each as it is most often written."""
        texts = [list(texts_of(item)) for item in self._over(name)]
        counts = Counter(chain.from_iterable({words(text) for text in given} for given in texts))
        del counts[""]
        wanted = {words(text): text for text in chosen}
        named = sorted(counts, key=lambda folded: (-counts[folded], folded))[:most]
        named += [folded for folded in wanted if folded not in named]
        spelt = Counter(text for given in texts for text in given if words(text) in named)
        spelling = {words(text): text for text, _count in reversed(spelt.most_common())} | wanted
        return [Choice(spelling[folded], counts[folded], folded in wanted) for folded in named]


def ready_ranges(name: str) -> list[Range]:
    """Ranges of a number that leave no gap: 0 to 999, 1,000 to 9,999 and so on, the last without an end."""
    steps = STEPS[name]
    return [Range(least or None, upper - 1) for least, upper in pairwise(steps)] + [Range(steps[-1], None)]


def _known_to(measure: Callable[[Item], float | None], sort: Callable[[float], Hashable]) -> Callable[[Item], Hashable]:
    return lambda item: None if (value := measure(item)) is None else sort(value)


def without(sieve: Sieve, name: str) -> Sieve:
    """The sieve without one of its filters, by its name in the address."""
    fields = {"on": "platforms", "length": "lengths", "engagement": "levels", "creator": "creators", "tag": "tags"}
    empty = {"within": None, "dated": None, "text": "", "new": False, "kept": False} | dict.fromkeys(RANGED, ANY)
    values: dict[str, Any] = {fields.get(name, name): empty.get(name, ())}
    if name in UNKNOWABLE:
        values["unknown"] = tuple(one for one in sieve.unknown if one != name)
    return replace(sieve, **values)
