"""From an actor's rows to Items: the same rows always give the same ordinals, whoever reads them and when."""

import logging
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from searches.item import Item
from searches.platforms.actor import Actor
from searches.query import DATE_RANGE_DAYS

log = logging.getLogger("scout.search")


class Mapped(NamedTuple):
    """One entry per row: the Item, or None for a row that is no post or lies `outside` the asked window."""

    entries: list[Item | None]
    outside: int


def map_rows(actor: Actor, rows: list[Any], date_range: str, run_started: datetime) -> Mapped:
    """The rows as Items, without those outside the asked window where the actor's own window is wider than that.

    The window counts from the start of the run, not from now: a row must not change its mind between two readings.
    Undated posts stay.
    """
    days, own = DATE_RANGE_DAYS[date_range], actor.windows.get(date_range)
    wider = days is not None and (own is None or own > days)
    oldest = (run_started - timedelta(days=days)).timestamp() * 1000 if days is not None and wider else None
    items = [_mapped(actor, row) for row in rows]
    entries = [_within(item, oldest) for item in items]
    return Mapped(entries, sum(item is not None and entry is None for item, entry in zip(items, entries, strict=True)))


def _mapped(actor: Actor, row: Any) -> Item | None:
    try:
        return actor.to_item(row)
    except Exception:
        # A mapper that trips over a row loses that row, not the answer; the row is outside data and is not logged.
        log.exception("%s: a row could not be mapped", actor.id)
        return None


def _within(item: Item | None, oldest: float | None) -> Item | None:
    if item is None or oldest is None or item["createTime"] is None or item["createTime"] >= oldest:
        return item
    return None
