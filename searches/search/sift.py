"""Lets the posts through that a sieve asks for, in its order: the same for the page, exports and programs. Pure."""

from collections.abc import Callable, Sequence

from searches.item import Item
from searches.search.measures import DAY, NOTHING, Known, engagement, key, length, length_class, level, rate, words
from searches.search.order import arrange
from searches.search.sieve import ANY, RANGED, UNKNOWABLE, Sieve

#: Whether a post passes a filter; None: what it asks for is not known of this post.
Rule = Callable[[Item], bool | None]


def sift(items: Sequence[Item], sieve: Sieve, now: int, known: Known = NOTHING) -> list[Item]:
    """The posts that the sieve lets through, in its order, as the page shows them. `now`: milliseconds since 1970."""
    rules = list(rules_of(sieve, now, known).values())
    passed = [item for item in items if all(rule(item) for rule in rules)]
    return arrange(passed, sieve, now, known, items)


def failed(items: Sequence[Item], sieve: Sieve, now: int, known: Known = NOTHING) -> list[tuple[str, ...]]:
    """For each post the filters that leave it out; one that does so since the value is unknown has a `?` behind its name."""
    rules = list(rules_of(sieve, now, known).items())
    found = []
    for item in items:
        verdicts = [(name, rule(item)) for name, rule in rules]
        found.append(tuple(f"{name}?" if passed is None else name for name, passed in verdicts if not passed))
    return found


def rules_of(sieve: Sieve, now: int, known: Known = NOTHING) -> dict[str, Rule]:
    """The rules of a sieve that ask for something, by the filter's name."""
    rules: dict[str, Rule] = {}
    if sieve.platforms:
        rules["on"] = lambda item: item["platform"] in sieve.platforms
    for name in RANGED:
        if sieve.range_of(name) != ANY:
            rules[name] = _ranged(name, sieve, now, known)
    if sieve.within:
        rules["within"] = _within(sieve.within, now)
    if sieve.lengths:
        rules["length"] = lambda item: None if (n := length(item)) is None else length_class(n) in sieve.lengths
    if sieve.levels:
        rules["engagement"] = lambda item: None if (n := engagement(item)) is None else level(n) in sieve.levels
    if sieve.dated is not None:
        rules["dated"] = lambda item: (item["createTime"] is not None) == sieve.dated
    if sieve.new:
        rules["new"] = lambda item: key(item) in known.new
    if sieve.kept:
        rules["kept"] = lambda item: key(item) in known.kept
    rules |= _worded(sieve)
    return {name: _lenient(rule) if name in sieve.unknown and name in UNKNOWABLE else rule for name, rule in rules.items()}


def _worded(sieve: Sieve) -> dict[str, Rule]:
    """The rules of words. All words of the title's; any of the creators and of the tags."""
    wanted = words(sieve.text).split()
    creators = {words(name) for name in sieve.creators}
    tags = {words(tag) for tag in sieve.tags}
    rules: dict[str, Rule] = {}
    if wanted:
        rules["text"] = lambda item: all(word in title for word in wanted) if (title := words(item["title"])) else False
    if creators:
        rules["creator"] = lambda item: words(item["creator"]) in creators
    if tags:
        rules["tag"] = lambda item: any(words(tag) in tags for tag in item["hashtags"])
    return rules


def _ranged(name: str, sieve: Sieve, now: int, known: Known) -> Rule:
    ends = sieve.range_of(name)
    if name == "rate":
        return lambda item: None if (n := rate(item, now, known)) is None else ends.holds(n)
    field = {"views": "playCount", "likes": "likeCount", "comments": "commentCount"}[name]
    return lambda item: None if (n := item[field]) is None else ends.holds(n)  # type: ignore[literal-required]


def _within(days: int, now: int) -> Rule:
    """Not older than that. A date ahead of now is a clock that is wrong, and new enough."""
    return lambda item: None if (made := item["createTime"]) is None else made >= now - days * DAY


def _lenient(rule: Rule) -> Rule:
    return lambda item: rule(item) is not False
