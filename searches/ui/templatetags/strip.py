"""What a source of a search gave, in words, for the strip of sources: once for the server's pages, and as data for strip.js."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

register = template.Library()

_STATES = {
    "completed": gettext_lazy("Done"),
    "stale": gettext_lazy("Out of date"),
    "partial": gettext_lazy("Cut short"),
    "running": gettext_lazy("Searching"),
    "queued": gettext_lazy("In line"),
    "paused": gettext_lazy("Paused"),
    "failed": gettext_lazy("Failed"),
    "cancelled": gettext_lazy("Cancelled"),
    "missing": gettext_lazy("Missing"),
}
_WINDOWS: dict[int | None, Any] = {
    None: gettext_lazy("any time"),
    1: gettext_lazy("past day"),
    7: gettext_lazy("past 7 days"),
    30: gettext_lazy("past month"),
    90: gettext_lazy("past 3 months"),
    182: gettext_lazy("past half year"),
}


@register.filter
def state(row: Mapping[str, Any]) -> str:
    """What a row of coverage is shown as; strip.js has the same order."""
    if row["suspendedUntil"]:
        return "paused"
    if row["status"] == "completed":
        return "stale" if row["stale"] else "partial" if row["partial"] else "completed"
    return str(row["status"])


@register.filter
def state_word(row: Mapping[str, Any]) -> str:
    return str(_STATES[state(row)])


@register.filter
def note(row: Mapping[str, Any]) -> str:
    """Its message, where that says more than the state's word."""
    return "" if state(row) in ("queued", "cancelled") else str(row["message"])


@register.filter
def wider(row: Mapping[str, Any]) -> str:
    """That the scraper itself filters by a wider window than was asked for: what is older was left out afterwards."""
    asked, gives = row["askedDays"], row["actorDays"]
    if asked is None or row["status"] not in ("running", "completed") or (gives is not None and gives <= asked):
        return ""
    return _wider(_window(asked), _window(gives))


@register.simple_tag
def strip_words() -> SafeString:
    """The attributes that strip.js takes its words from."""
    windows = [(f"window-{'any' if days is None else days}", word) for days, word in _WINDOWS.items()]
    words = [*_STATES.items(), *windows, ("wider", _wider("{asked}", "{gives}"))]
    return format_html_join(" ", 'data-{}="{}"', words)


def _wider(asked: str, gives: str) -> str:
    return _("asked: %(asked)s; scraper gives: %(gives)s") % {"asked": asked, "gives": gives}


def _window(days: int | None) -> str:
    return str(_WINDOWS[days]) if days in _WINDOWS else ngettext("past %(n)d day", "past %(n)d days", days or 0) % {"n": days}
