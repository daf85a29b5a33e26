"""Charts of an overview, as ui's chart tag takes them: plain values and words in the reader's language."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from babel.dates import format_timedelta, get_day_names
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

#: At or above: the level of a cell, from far below the median to far above it.
_LEVELS = (0.5, 0.9, 1.1, 2.0)
_NAME = 60
_MOST_TAGS = 12


def charts(told: Mapping[str, Any]) -> dict[str, dict[str, Any] | None]:
    """`views`, `tags` and `hours`; None where there is nothing to draw."""
    return {"views": views(told), "tags": tags(told), "hours": hours(told)}


def views(told: Mapping[str, Any]) -> dict[str, Any] | None:
    series = [{"name": name_of(post), "points": [(p["at"], p["playCount"]) for p in post["points"]]} for post in told["series"]]
    if not series:
        return None
    gains = [f"{one['name']}: {_first_and_last(one['points'])}" for one in series]
    return {
        "id": "views",
        "kind": "line",
        "title": _("Views of the posts that gained the most"),
        "description": "; ".join(gains),
        "series": series,
    }


def tags(told: Mapping[str, Any]) -> dict[str, Any] | None:
    items = told["tags"]["items"][:_MOST_TAGS]
    if not items:
        return None
    return {
        "id": "tags",
        "kind": "bars",
        "title": _("Posts that bear a hashtag"),
        "description": ", ".join(f"#{item['hashtag']}: {item['postCount']}" for item in items),
        "bars": [(f"#{item['hashtag']}", item["postCount"], "") for item in items],
        "x_name": _("Hashtag"),
        "y_name": _("Posts"),
    }


def hours(told: Mapping[str, Any]) -> dict[str, Any] | None:
    """The heat map of the week; None where no slot is known."""
    found = told["bestHours"]
    if not any(slot["ratio"] is not None for slot in found["slots"]):
        return None
    by_place = {(slot["weekday"], slot["hour"]): slot for slot in found["slots"]}
    columns = range(0, 24, found["hoursPerSlot"])
    return {
        "id": "hours",
        "kind": "heat",
        "title": _("Views per hour of posts by when they were published, against the median of all"),
        "description": ", ".join(slot_name(slot, found["hoursPerSlot"]) for slot in found["best"]),
        "rows": [weekday(day, "abbreviated") for day in range(7)],
        "x_name": _("Day"),
        "columns": [f"{hour:02}" for hour in columns],
        "cells": [[_cell(by_place[day, hour]["ratio"]) for hour in columns] for day in range(7)],
    }


def slot_name(slot: Mapping[str, Any], width: int) -> str:
    """Tuesday 18:00–21:00."""
    return f"{weekday(slot['weekday'], 'wide')} {slot['hour']:02}:00–{(slot['hour'] + width) % 24:02}:00"


def weekday(day: int, length: str) -> str:
    """0 is Monday."""
    names = get_day_names("wide" if length == "wide" else "abbreviated", locale=_language())
    return str(names[day])


def name_of(post: Mapping[str, Any]) -> str:
    """A post in a word or two: its title, or whose it is."""
    name = post["title"] or (f"@{post['creator']}" if post["creator"] else str(post["id"]))
    return name if len(name) <= _NAME else f"{name[: _NAME - 1].rstrip()}…"


def _cell(ratio: float | None) -> tuple[int | None, str]:
    return (None, "") if ratio is None else (sum(ratio >= least for least in _LEVELS), times(ratio))


def times(ratio: float) -> str:
    """1.4× ; from ten on without a fraction."""
    return f"{ratio:.0f}×" if ratio >= 9.95 else f"{ratio:.1f}×"


def span(hours: float) -> str:
    """A length of time in the largest unit of which there are two: 40 minutes, 23 hours, 12 days."""
    unit: Literal["day", "hour", "minute"] = "day" if hours >= 48 else "hour" if hours >= 2 else "minute"
    return format_timedelta(timedelta(hours=hours), unit, 1e9, locale=_language())


def _language() -> str:
    return (get_language() or "en").split("-")[0]


def _first_and_last(points: Sequence[Sequence[Any]]) -> str:
    known = [views for _at, views in points if views is not None]
    count = ngettext("%(count)d point", "%(count)d points", len(known)) % {"count": len(known)}
    return f"{known[0]:,} → {known[-1]:,} ({count})" if known else count


def when(text: str | None) -> datetime | None:
    """A moment of an overview."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
