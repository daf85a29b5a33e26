"""What an actor is to Scout: two pure functions, the windows its own date filter knows, and what it usually fills in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from searches.item import Item
from searches.query import Query


@dataclass(frozen=True, slots=True)
class Actor:
    """An Apify actor that searches one platform.

    `build_input(query, limit)` gives the actor's INPUT; `to_item(raw)` an Item, or None for a row that is no post.
    `windows` maps each date range to the days back that the actor itself filters on (None: it does not filter);
    where that is wider than what was asked, the rest is filtered after. `fills` names the fields of Item that most of
    its rows have: one of these that turns empty says that the actor has changed. `minimum` is the fewest items that it
    can be asked for; `build_input` asks for no fewer.
    """

    id: str
    platform: str
    build_input: Callable[[Query, int], dict[str, Any]]
    to_item: Callable[[Any], Item | None]
    windows: Mapping[str, int | None]
    fills: frozenset[str] = frozenset()
    minimum: int = 0
