"""What a person is told of a search: one state out of those of its runs, and a sentence about it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from searches.query import PLATFORM_NAMES
from searches.search import coverage
from searches.search.explain import sentence
from searches.search.models import Status


def combine(status: str, states: Sequence[Mapping[str, Any]], item_count: int = 0) -> dict[str, Any]:
    """The fields that API, page and socket share. `status` is the search's own, which outranks its runs'."""
    # At the end the search knows better: a post that two actors have found counts once.
    found = (item_count if status == Status.COMPLETED else 0) or sum(state["found"] for state in states) or item_count
    errors = [state["error"] for state in states if state["status"] == Status.FAILED and state["error"]]
    live = status in (Status.QUEUED, Status.RUNNING)
    if live and any(state["status"] in (Status.RUNNING, Status.COMPLETED, Status.FAILED) for state in states):
        status = Status.RUNNING
    elif live and states and all(state["status"] == Status.QUEUED for state in states):
        status = Status.QUEUED
    told: dict[str, Any] = {
        "status": str(status),
        "progress": _progress(status, states),
        "itemCount": found,
        "queuePosition": max((s["position"] for s in states if s["position"]), default=None) if live else None,
        "estimatedWaitSeconds": max((s["eta"] for s in states if s["eta"]), default=None) if live else None,
        "partial": any(state["partial"] for state in states),
        "platforms": coverage.of_states(states),
    }
    told["message"] = " ".join([_message(told, errors), *_lacking(status, states)])
    if status == Status.FAILED:
        kind = errors[0] if errors else "search-failed"
        told["error"] = {"type": kind, "message": sentence(kind)}
    return told


def _lacking(status: str, states: Sequence[Mapping[str, Any]]) -> list[str]:
    """That an answer is without some of the platforms it was asked of."""
    without = [
        s for s in states if s["status"] in (Status.FAILED, Status.QUEUED, Status.CANCELLED) and not s.get("beside") and s.get("platform")
    ]
    if status != Status.COMPLETED or not without:
        return []
    return [_("Not from %(platforms)s.") % {"platforms": ", ".join(str(PLATFORM_NAMES[s["platform"]]) for s in without)}]


def _progress(status: str, states: Sequence[Mapping[str, Any]]) -> int:
    """Per cent of the items asked for. Below 100 until it is really done."""
    if status == Status.COMPLETED:
        return 100
    parts = [1.0 if s["status"] == Status.COMPLETED else min(1.0, s["found"] / max(1, s["asked"])) for s in states]
    return min(99, round(100 * sum(parts) / len(parts))) if parts else 0


def _message(told: Mapping[str, Any], errors: Sequence[str]) -> str:
    status, count = told["status"], told["itemCount"]
    if status == Status.QUEUED:
        paused = [row["message"] for row in told["platforms"] if row["suspendedUntil"]]
        if paused:
            return " ".join([*paused, _("Your search goes on by itself after that.")])
        return waiting(told["queuePosition"], told["estimatedWaitSeconds"])
    if status == Status.RUNNING:
        if not count:
            return _("The platform is being searched. First results come in a moment.")
        return ngettext("%(count)d result so far.", "%(count)d results so far.", count) % {"count": count}
    if status == Status.CANCELLED:
        return _("This search was cancelled.")
    if status == Status.FAILED:
        return sentence(errors[0] if errors else "")
    if told["partial"]:
        return ngettext(
            "The search was cut short. What it found until then is here: %(count)d result.",
            "The search was cut short. What it found until then is here: %(count)d results.",
            count,
        ) % {"count": count}
    if not count:
        return _("Nothing was found. Try other words or a longer date range.")
    return ngettext("Done: %(count)d result.", "Done: %(count)d results.", count) % {"count": count}


def waiting(place: int | None, eta: int | None) -> str:
    """The sentence for who waits in line."""
    if place and eta:
        return _("Waiting: number %(place)d in line, about %(time)s.") % {"place": place, "time": span(eta)}
    return _("Waiting to be started.")


def span(seconds: int) -> str:
    """A length of time for people."""
    if seconds < 90:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    minutes = round(seconds / 60)
    return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
