"""Filters and order of posts as they stand in an address: `views-min=10000&tag=ootd&sort=likes`. Pure.

`parse` reads them, `to_query` writes them in the one canonical way. `sift` in the module beside applies them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import urlencode

from searches.item import shown_count, title
from searches.query import MAX_LENGTH, PLATFORMS
from searches.search.measures import LENGTHS, LEVELS, words

#: What has a least and a most, in whole numbers.
RANGED = ("views", "likes", "comments", "rate")
#: What may be unknown of a post, and then fails its filter unless asked to pass.
UNKNOWABLE = (*RANGED, "within", "length", "engagement")
#: Days.
WITHIN = (1, 3, 7, 30, 90, 365)
RANKS = ("fair", "relevance")  # the best first; they have no other direction
ORDERS = (*RANKS, "date", "views", "likes", "comments", "shares", "engagement", "rate", "length")
UP = "-up"
MOST_VALUES = 20
#: Parts of a question's address that are no filters.
ELSEWHERE = frozenset({"q", "platform", "range", "page", "view", "of", "at", "part", "refresh", "csrfmiddlewaretoken"})
_KOREAN = str.maketrans("천만억", "千万億")


class Range(NamedTuple):
    """Both ends belong to it; None is open."""

    least: int | None = None
    most: int | None = None

    def holds(self, value: float) -> bool:
        """Of a number with a fraction its whole part counts, so that ranges of whole numbers leave no gaps."""
        return (self.least is None or value >= self.least) and (self.most is None or int(value) <= self.most)


ANY = Range()


@dataclass(frozen=True, slots=True)
class Sieve:
    """What is to be seen, and in which order. Empty lets everything through, in the default order.

    Several values of one filter mean any of them; `text` means all of its words. `unknown` names filters that posts pass of
    which the value is not known. `sort` is empty for the default: fair for several platforms, else relevance. `passed_over`
    names the parameters that could not be read.
    """

    platforms: tuple[str, ...] = ()
    views: Range = ANY
    likes: Range = ANY
    comments: Range = ANY
    rate: Range = ANY
    within: int | None = None
    lengths: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    text: str = ""
    creators: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    new: bool = False
    kept: bool = False
    dated: bool | None = None
    unknown: tuple[str, ...] = ()
    sort: str = ""
    ascending: bool = False
    passed_over: tuple[str, ...] = field(default=(), compare=False)

    @property
    def is_open(self) -> bool:
        """Whether it lets everything through."""
        return replace(self, sort="", ascending=False, unknown=()) == OPEN

    def range_of(self, name: str) -> Range:
        found: Range = getattr(self, name)
        return found


OPEN = Sieve()


def parse(params: Mapping[str, Any]) -> Sieve:
    """The sieve in these parameters: a QueryDict, or a mapping to text or lists of text. Never raises: what cannot be read is
    passed over, and named in `passed_over`."""
    reader = _Reader(params)
    order = reader.one("sort")
    sort, up = order.removesuffix(UP), order.endswith(UP)
    if order and (sort not in ORDERS or (up and sort in RANKS)):
        reader.pass_over("sort")
        sort, up = "", False
    sieve = Sieve(
        platforms=reader.some("on", _among(PLATFORMS)),
        views=reader.range("views"),
        likes=reader.range("likes"),
        comments=reader.range("comments"),
        rate=reader.range("rate"),
        within=reader.number("within", WITHIN),
        lengths=reader.some("length", _among(LENGTHS)),
        levels=tuple(sorted(reader.some("engagement", lambda text: {str(n): n for n in LEVELS}.get(text)))),
        text=reader.text("text"),
        creators=reader.some("creator", _clean, words),
        tags=reader.some("tag", lambda text: _clean(text.lstrip("#")), words),
        new=reader.switch("new"),
        kept=reader.switch("kept"),
        dated={"1": True, "0": False}.get(reader.one("dated", ("1", "0"))),
        unknown=reader.some("unknown", _among(UNKNOWABLE)),
        sort=sort,
        ascending=up,
    )
    return replace(sieve, passed_over=tuple(sorted(reader.passed_over)))


def pairs(sieve: Sieve) -> list[tuple[str, str]]:
    """The sieve's parameters, in the canonical order; without those that say nothing."""
    found = [("on", name) for name in sieve.platforms]
    for name in RANGED:
        ends = sieve.range_of(name)
        found += [(f"{name}-{end}", str(n)) for end, n in (("min", ends.least), ("max", ends.most)) if n is not None]
    found += [("within", str(sieve.within))] if sieve.within else []
    found += [("length", name) for name in sieve.lengths]
    found += [("engagement", str(level)) for level in sieve.levels]
    found += [("text", sieve.text)] if sieve.text else []
    found += [("creator", name) for name in sieve.creators] + [("tag", name) for name in sieve.tags]
    found += [(name, "1") for name in ("new", "kept") if getattr(sieve, name)]
    found += [("dated", "1" if sieve.dated else "0")] if sieve.dated is not None else []
    found += [("unknown", name) for name in sieve.unknown]
    found += [("sort", sieve.sort + (UP if sieve.ascending else ""))] if sieve.sort else []
    return found


def to_query(sieve: Sieve) -> str:
    """The one spelling of this sieve in an address, without a question mark; empty for one that does nothing."""
    return urlencode(pairs(sieve))


class _Reader:
    """Reads parameters, and keeps in mind what it could not read."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self.params = params
        ranged = {f"{name}-{end}" for name in RANGED for end in ("min", "max")}
        mine = ranged | {"on", "within", "length", "engagement", "text", "creator", "tag", "new", "kept", "dated", "unknown", "sort"}
        self.passed_over = {name[:40] for name in list(params)[:100] if name not in mine | ELSEWHERE}

    def pass_over(self, name: str) -> None:
        self.passed_over.add(name)

    def all(self, name: str) -> list[str]:
        """Each text that was given under this name; fields that were left empty say nothing."""
        getlist = getattr(self.params, "getlist", None)
        given = getlist(name) if getlist else self.params.get(name, [])
        values = [given] if isinstance(given, str) else list(given) if isinstance(given, list | tuple) else [None]
        texts = [value.strip() for value in values if isinstance(value, str)]
        if len(texts) < len(values):
            self.pass_over(name)
        return [text for text in texts if text]

    def one(self, name: str, choices: Iterable[str] | None = None) -> str:
        """The last one given, as in a form."""
        text = next(reversed(self.all(name)), "")
        if text and choices is not None and text not in choices:
            self.pass_over(name)
            return ""
        return text

    def some(self, name: str, read: Callable[[str], Any], same: Callable[[Any], Any] = lambda value: value) -> tuple[Any, ...]:
        """The readable ones, each once."""
        given = self.all(name)
        found = [read(text) for text in given[:MOST_VALUES]]
        kept = {same(value): value for value in reversed(found) if value is not None}
        if None in found or len(given) > MOST_VALUES:
            self.pass_over(name)
        return tuple(reversed(kept.values()))

    def switch(self, name: str) -> bool:
        return self.one(name, ("1",)) == "1"

    def number(self, name: str, choices: Iterable[int]) -> int | None:
        text = self.one(name, [str(choice) for choice in choices])
        return int(text) if text else None

    def text(self, name: str) -> str:
        text = self.one(name)
        clean = _clean(text)
        if text and clean is None:
            self.pass_over(name)
        return clean or ""

    def range(self, name: str) -> Range:
        """Ends the wrong way round are turned: nobody asks for nothing."""
        least, most = self._count(f"{name}-min"), self._count(f"{name}-max")
        if least is not None and most is not None and least > most:
            least, most = most, least
        return Range(least or None, most)

    def _count(self, name: str) -> int | None:
        """As people write it: 10000, 10,000, 10k, 1.2만."""
        text = self.one(name)
        found = shown_count(text.translate(_KOREAN)) if text else None
        if text and found is None:
            self.pass_over(name)
        return found


def _among(choices: Iterable[str]) -> Callable[[str], str | None]:
    return lambda text: text if text in choices else None


def _clean(text: str) -> str | None:
    """One line of display text that can be compared; None for nothing to see, and for more than a query may be long."""
    line = title(text)
    return line if line and len(line) <= MAX_LENGTH and words(line) else None
