"""Filters, orders and columns in words, in the reader's language."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from searches.search.measures import LEVEL_BOUNDS
from searches.search.sieve import ANY, RANGED, Range, Sieve
from searches.ui.templatetags.ui import compact, platform_name

TITLES = {
    "on": gettext_lazy("Platform"),
    "views": gettext_lazy("Views"),
    "likes": gettext_lazy("Likes"),
    "comments": gettext_lazy("Comments"),
    "rate": gettext_lazy("Views per hour"),
    "within": gettext_lazy("Posted"),
    "length": gettext_lazy("Length"),
    "engagement": gettext_lazy("Views to followers"),
    "text": gettext_lazy("Words in the title"),
    "creator": gettext_lazy("Creator"),
    "tag": gettext_lazy("Hashtags"),
    "new": gettext_lazy("New"),
    "kept": gettext_lazy("Kept"),
    "dated": gettext_lazy("Date"),
}
#: Orders in a list, by how they stand in the address.
ORDER_NAMES = {
    "fair": gettext_lazy("Fair across platforms"),
    "relevance": gettext_lazy("Most relevant"),
    "date": gettext_lazy("Newest"),
    "date-up": gettext_lazy("Oldest"),
    "views": gettext_lazy("Most views"),
    "views-up": gettext_lazy("Fewest views"),
    "likes": gettext_lazy("Most likes"),
    "likes-up": gettext_lazy("Fewest likes"),
    "comments": gettext_lazy("Most comments"),
    "comments-up": gettext_lazy("Fewest comments"),
    "shares": gettext_lazy("Most shares"),
    "shares-up": gettext_lazy("Fewest shares"),
    "engagement": gettext_lazy("Most views to followers"),
    "engagement-up": gettext_lazy("Fewest views to followers"),
    "rate": gettext_lazy("Most views per hour"),
    "rate-up": gettext_lazy("Fewest views per hour"),
    "length": gettext_lazy("Longest"),
    "length-up": gettext_lazy("Shortest"),
}
COLUMNS = {
    "views": gettext_lazy("Views"),
    "likes": gettext_lazy("Likes"),
    "comments": gettext_lazy("Comments"),
    "shares": gettext_lazy("Shares"),
    "engagement": gettext_lazy("Views / followers"),
    "rate": gettext_lazy("Views / hour"),
    "length": gettext_lazy("Length"),
    "date": gettext_lazy("Published"),
}
_WITHIN = {
    1: gettext_lazy("Past day"),
    3: gettext_lazy("Past 3 days"),
    7: gettext_lazy("Past 7 days"),
    30: gettext_lazy("Past month"),
    90: gettext_lazy("Past 3 months"),
    365: gettext_lazy("Past year"),
}
_LENGTHS = {
    "short": gettext_lazy("Under 15 seconds"),
    "medium": gettext_lazy("15 to 60 seconds"),
    "long": gettext_lazy("1 to 3 minutes"),
    "longer": gettext_lazy("3 minutes and more"),
}
_LEVELS = {
    1: gettext_lazy("Very low"),
    2: gettext_lazy("Low"),
    3: gettext_lazy("Usual"),
    4: gettext_lazy("High"),
    5: gettext_lazy("Very high"),
}


def choice(name: str, value: Any) -> str:
    """A value of a filter."""
    if name in RANGED:
        return ends(value)
    if name == "engagement":
        return f"{_LEVELS[value]} ({_level_ends(value)})"
    if name in ("new", "kept", "dated"):
        return switch(name, value)
    if name == "on":
        return platform_name(value)
    found = _WITHIN.get(value) if name == "within" else _LENGTHS.get(value) if name == "length" else None
    return str(found) if found else f"#{value}" if name == "tag" else str(value)


def switch(name: str, value: bool) -> str:
    if name == "dated":
        return _("With a date") if value else _("Without a date")
    return _("New since my last visit") if name == "new" else _("Kept by me")


def ends(given: Range) -> str:
    """A range of numbers: 10K–100K, under 1K, 1M and more. Ready ranges end one below the next, and are told by that."""
    least, most = given
    upper = compact(most + 1) if most is not None and (most + 1) % 10 == 0 else compact(most)
    if least is None:
        return _("Under %(n)s") % {"n": upper} if most is not None and (most + 1) % 10 == 0 else _("At most %(n)s") % {"n": upper}
    if most is None:
        return _("%(n)s and more") % {"n": compact(least)}
    return f"{compact(least)}–{upper}"


def _level_ends(level: int) -> str:
    least, most = (None, *LEVEL_BOUNDS)[level - 1], (*LEVEL_BOUNDS, None)[level - 1]
    if least is None:
        return f"< {most}"
    return f"≥ {least}" if most is None else f"{least}–{most}"


def chips(sieve: Sieve) -> list[tuple[str, Any, str]]:
    """What the sieve asks for, one by one: the filter's name, its value (None: the whole filter), and how it is called."""
    found: list[tuple[str, Any, str]] = [("on", value, choice("on", value)) for value in sieve.platforms]
    for name in RANGED:
        if (given := sieve.range_of(name)) != ANY:
            found.append((name, None, f"{TITLES[name]}: {ends(given)}"))
    found += [("within", None, choice("within", sieve.within))] if sieve.within else []
    found += [("length", value, choice("length", value)) for value in sieve.lengths]
    found += [("engagement", value, f"{TITLES['engagement']}: {choice('engagement', value)}") for value in sieve.levels]
    found += [("text", None, _("Title: %(words)s") % {"words": sieve.text})] if sieve.text else []
    found += [("creator", value, _("Creator: %(name)s") % {"name": value}) for value in sieve.creators]
    found += [("tag", value, choice("tag", value)) for value in sieve.tags]
    found += [(name, None, switch(name, True)) for name in ("new", "kept") if getattr(sieve, name)]
    found += [("dated", None, switch("dated", sieve.dated))] if sieve.dated is not None else []
    return found


def hidden(name: str, count: int, shown: str) -> str:
    """How many posts a filter leaves out only since nobody knows: "7 without views are not shown"."""
    of = {
        "views": ngettext("%(n)s post without views is not shown.", "%(n)s posts without views are not shown.", count),
        "likes": ngettext("%(n)s post without likes is not shown.", "%(n)s posts without likes are not shown.", count),
        "comments": ngettext("%(n)s post without comments is not shown.", "%(n)s posts without comments are not shown.", count),
        "rate": ngettext("%(n)s post without views per hour is not shown.", "%(n)s posts without views per hour are not shown.", count),
        "within": ngettext("%(n)s post without a date is not shown.", "%(n)s posts without a date are not shown.", count),
        "length": ngettext("%(n)s post without a length is not shown.", "%(n)s posts without a length are not shown.", count),
        "engagement": ngettext(
            "%(n)s post without views or followers is not shown.", "%(n)s posts without views or followers are not shown.", count
        ),
    }
    return of[name] % {"n": shown}
