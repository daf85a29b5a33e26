"""The posts of a question's page: sifted, in order, a page of them, with all there is to choose and where each choice leads."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from searches.item import Item
from searches.query import Query
from searches.search import labels
from searches.search.facets import Choice, Facets, facets, without
from searches.search.measures import DAY, Known, engagement, key, rate
from searches.search.order import order_of
from searches.search.shelf import Shelf
from searches.search.sieve import RANGED, RANKS, UNKNOWABLE, UP, Sieve, pairs, parse
from searches.search.sift import sift
from searches.search.visits import Since, mark
from searches.ui.templatetags.ui import exact

PER_PAGE = 60
VIEWS = ("cards", "table")
VIEW_COOKIE = "view"
_MANY = frozenset({"on", "length", "engagement", "creator", "tag"})
_FIELDS = {"on": "platforms", "length": "lengths", "engagement": "levels", "creator": "creators", "tag": "tags"}
#: The filters as they stand in the panel. Those behind the others are long lists.
PANEL = ("on", *RANGED[:3], "rate", "within", "length", "engagement", "dated", "new", "creator", "tag")


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody wants to see a question's posts. `now`: milliseconds since 1970, the same for all pages of one look."""

    query: Query
    sieve: Sieve
    page: int
    view: str
    now: int

    def url(self, sieve: Sieve | None = None, **more: object) -> str:
        """The address of this look, or of the same with another sieve."""
        asked = [("q", self.query.text), ("platform", self.query.platform), ("range", self.query.date_range)]
        extra = {"view": self.view if self.view == "table" else None} | more
        told = [(name, str(value)) for name, value in extra.items() if value is not None]
        return f"{reverse('question')}?{urlencode([*asked, *pairs(self.sieve if sieve is None else sieve), *told])}"


def look_of(query: Query, params: Mapping[str, Any], cookies: Mapping[str, str]) -> Look:
    """What the address and the reader's cookie ask for; what they say wrongly is as if they hadn't."""
    now = int(time.time() * 1000)
    at, page, view = params.get("at", ""), params.get("page", ""), params.get("view") or cookies.get(VIEW_COOKIE)
    asked_at = int(at) if at.isascii() and at.isdigit() and len(at) < 16 else now
    return Look(
        query=query,
        sieve=parse(params),
        page=max(1, int(page)) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
        view=view if view in VIEWS else VIEWS[0],
        now=asked_at if now - DAY <= asked_at <= now else now,
    )


def a_page(shelf: Shelf, look: Look, since: Since | None) -> dict[str, Any]:
    """What the list of posts needs: `items` of this page, `pages` around it, and what is `new`."""
    known = known_of(shelf, since)
    chosen = sift(shelf.items, look.sieve, look.now, known)
    last = max(1, -(-len(chosen) // PER_PAGE))
    page = min(look.page, last)
    shown = chosen[(page - 1) * PER_PAGE : page * PER_PAGE]
    of: dict[str, Any] = {"of": shelf.name, "at": look.now}
    order = order_of(look.sieve, shelf.items)
    return {
        "look": look,
        "rows": [_Row(item, look.now, known) for item in shown],
        "items": shown,
        "count": len(chosen),
        "total": len(shelf.items),
        "so_far": (page - 1) * PER_PAGE + len(shown),
        "page": page,
        "next_url": look.url(**of, page=page + 1) if page < last else "",
        "previous_url": look.url(**of, page=page - 1) if page > 1 else "",
        "table": look.view == "table",
        "as_found": look.sieve.is_open and not look.sieve.sort and look.view == VIEWS[0],
        "columns": _columns(look, order) if look.view == "table" else [],
        "since": since,
    }


def controls(shelf: Shelf, look: Look, since: Since | None) -> dict[str, Any]:
    """What can be chosen, what has been, and where that leads."""
    found = facets(shelf.items, look.sieve, look.now, known_of(shelf, since))
    order = order_of(look.sieve, shelf.items)
    several = len(shelf.platforms) > 1
    chips = [{"text": text, "url": look.url(_less(look.sieve, name, value))} for name, value, text in labels.chips(look.sieve)]
    return {
        "groups": [_group(name, found, look) for name in PANEL if _worth_it(name, several, since, look.sieve)],
        "sorts": _sorts(look, order, several),
        "default": "fair" if several else "relevance",
        "chips": chips,
        "new_url": look.url(replace(look.sieve, new=True)),
        "clear_url": look.url(Sieve(sort=look.sieve.sort, ascending=look.sieve.ascending)),
        "hidden": [_hidden(name, count, look) for name, count in found.unknown.items() if count],
        "loosen": _loosen(found, look),
        "views": [(name, look.url(view=name), name == look.view) for name in VIEWS],
        "fields": [("q", look.query.text), ("platform", look.query.platform), ("range", look.query.date_range)],
        "text": look.sieve.text,
        "passed_over": [name for name in look.sieve.passed_over if name.isprintable()],
    }


def shown_marks(shelf: Shelf) -> str:
    """The marks of all posts of the answer, for refresh.js to count what a newer one would bring."""
    return ".".join(f"{mark(name):x}" for name in shelf.keys)


def known_of(shelf: Shelf, since: Since | None) -> Known:
    return Known(counted_at=shelf.counted_at, new=since.new if since else frozenset())


class _Row:
    """A post and what is worked out of it, for templates."""

    def __init__(self, item: Item, now: int, known: Known) -> None:
        self.item = item
        self.is_new = key(item) in known.new
        self.engagement = engagement(item)
        self.rate = rate(item, now, known)


def _worth_it(name: str, several: bool, since: Since | None, sieve: Sieve) -> bool:
    """A filter that can do nothing here is not offered."""
    return {"on": several or bool(sieve.platforms), "new": since is not None or sieve.new}.get(name, True)


def _group(name: str, found: Facets, look: Look) -> dict[str, Any]:
    """A filter: the choices that there are, and for a range its ends."""
    ranged, sieve = name in RANGED, look.sieve
    choices = [_choice(name, choice, look) for choice in found.choices[name] if choice.count or choice.chosen]
    return {
        "name": name,
        "title": labels.TITLES[name],
        "ends": sieve.range_of(name) if ranged else None,
        "typed": name in ("creator", "tag"),
        "many": name in _MANY or name == "new",
        "choices": choices,
        # What is chosen by a link goes along with the form as a hidden field.
        "carried": [value for field, value in pairs(sieve) if field == name] if name in ("within", "dated") else [],
        "unknown": name in UNKNOWABLE and name in sieve.unknown,
    }


def _choice(name: str, choice: Choice, look: Look) -> dict[str, Any]:
    sieve = without(look.sieve, name)
    if name in _MANY:
        url = ""
    elif choice.chosen:
        url = look.url(sieve)
    else:
        url = look.url(replace(sieve, **{name: choice.value}, unknown=look.sieve.unknown))
    value = "1" if choice.value is True else choice.value
    text = labels.choice(name, choice.value)
    return {"text": text, "value": value, "id": f"{mark(str(value)):x}", "count": choice.count, "chosen": choice.chosen, "url": url}


def _less(sieve: Sieve, name: str, value: Any) -> Sieve:
    """The sieve without one of the things that it asks for."""
    if value is None:
        return without(sieve, name)
    left: dict[str, Any] = {_FIELDS[name]: _other(getattr(sieve, _FIELDS[name]), value)}
    return replace(sieve, **left) if left[_FIELDS[name]] else without(sieve, name)


def _other(values: Iterable[Any], value: Any) -> tuple[Any, ...]:
    return tuple(one for one in values if one != value)


def _hidden(name: str, count: int, look: Look) -> dict[str, str]:
    """What is left out since it is not known, and the way to let it in."""
    return {"text": labels.hidden(name, count, exact(count)), "url": look.url(replace(look.sieve, unknown=(*look.sieve.unknown, name)))}


def _loosen(found: Facets, look: Look) -> list[dict[str, Any]]:
    """The filters without which there would be something to see, the most helpful first; where no single one helps, nothing."""
    helpful = sorted(found.without.items(), key=lambda pair: -pair[1])
    return [{"title": labels.TITLES[name], "count": count, "url": look.url(without(look.sieve, name))} for name, count in helpful]


def _sorts(look: Look, order: str, several: bool) -> list[tuple[str, Any, bool]]:
    """Orders for the list: the default first, and that of now even where it is a rare one."""
    now = order + (UP if look.sieve.ascending else "")
    usual = ["fair", "relevance"] if several else ["relevance"]
    usual += ["date", "date-up", "views", "likes", "comments", "shares", "engagement", "rate", "length", "length-up"]
    names = usual if now in usual else [*usual, now]
    return [("" if name == names[0] else name, labels.ORDER_NAMES[name], name == now) for name in names]


def _columns(look: Look, order: str) -> list[dict[str, Any]]:
    """Headers that sort: the largest first, and pressed again the smallest."""
    columns = []
    for name, title in labels.COLUMNS.items():
        mine = name == order and name not in RANKS
        turned = replace(look.sieve, sort=name, ascending=mine and not look.sieve.ascending)
        state = ("ascending" if look.sieve.ascending else "descending") if mine else ""
        columns.append({"name": name, "title": title, "state": state, "url": look.url(turned)})
    return columns
