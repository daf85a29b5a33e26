"""What each platform has given, or why not: a row for every source of a question, as the API, the page and the socket tell it.

Rows come from answers (`of_answers`) or from the states of runs (`of_states`); a row is plain JSON, and its `message` a
sentence in the reader's language.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from searches.cache.answer import Answer
from searches.platforms.health import suspensions
from searches.platforms.models import ActorHealth
from searches.platforms.sources import Source
from searches.query import DATE_RANGE_DAYS, PLATFORM_NAMES, Query
from searches.search.explain import sentence
from searches.search.models import Status


class Row(TypedDict):
    """One source. `status`: that of a run as people see it, or `missing` where nothing was asked or is known.

    `askedDays` and `actorDays`: the window asked for and the one that the actor itself filters on, None for any time.
    `outsideCount` posts were left out because they are older than asked, `undatedCount` came without a date and stayed.
    """

    platform: str
    actor: str
    name: str
    status: str
    itemCount: int
    askedDays: int | None
    actorDays: int | None
    outsideCount: int | None
    undatedCount: int | None
    fetchedAt: str | None
    ageSeconds: int | None
    stale: bool
    partial: bool
    suspendedUntil: str | None
    error: dict[str, str] | None
    message: str


def of_answers(query: Query, sources: Sequence[Source], answers: Mapping[Source, Answer]) -> list[Row]:
    """A row for each source: its answer, or that there is none."""
    return [_of_answer(query, source, answers.get(source)) for source in sources if source in answers or source.needed]


def of_states(states: Sequence[Mapping[str, Any]]) -> list[Row]:
    """A row for each run's state (see announce.state)."""
    return [_of_state(state) for state in states if state.get("platform")]


def suspended_sentence(platform: str, reason: str, until: datetime) -> str:
    """That a platform starts nothing just now, why, and until when."""
    why = dict(ActorHealth.Reason.choices).get(reason, reason)
    told = {"platform": PLATFORM_NAMES.get(platform, platform), "time": clock(until), "reason": why}
    return _("%(platform)s is paused until %(time)s: %(reason)s.") % told


def clock(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "H:i")


def _row(platform: str, actor: str, asked_days: int | None, beside: bool, **values: Any) -> Row:
    name = str(PLATFORM_NAMES.get(platform, platform))
    row: Row = {
        "platform": platform,
        "actor": actor,
        "name": f"{name} ({actor})" if beside else name,
        "status": "missing",
        "itemCount": 0,
        "askedDays": asked_days,
        "actorDays": None,
        "outsideCount": None,
        "undatedCount": None,
        "fetchedAt": None,
        "ageSeconds": None,
        "stale": False,
        "partial": False,
        "suspendedUntil": None,
        "error": None,
        "message": "",
    }
    return row | values  # type: ignore[return-value]


def _of_answer(query: Query, source: Source, answer: Answer | None) -> Row:
    asked, platform = DATE_RANGE_DAYS[query.date_range], source.platform.name
    if answer is None:
        held = suspensions().get(source.actor)
        missing = _row(platform, source.actor, asked, not source.needed, message=_("Not searched yet."))
        if held:
            missing["suspendedUntil"] = held.until.isoformat()
            missing["message"] = suspended_sentence(platform, held.reason, held.until)
        return missing
    row = _row(
        platform,
        answer.actor or source.actor,
        asked,
        not source.needed,
        status=str(Status.COMPLETED),
        itemCount=answer.item_count,
        actorDays=answer.window_days,
        outsideCount=answer.outside_count,
        undatedCount=answer.undated_count,
        fetchedAt=answer.created_at.isoformat(timespec="seconds"),
        ageSeconds=max(0, int((timezone.now() - answer.created_at).total_seconds())),
        stale=answer.freshness() == "stale",
        partial=answer.partial,
    )
    row["message"] = _given(row)
    return row


def _given(row: Row) -> str:
    """How much was given, and what to know about it."""
    count = row["itemCount"]
    parts = [ngettext("%(count)d result", "%(count)d results", count) % {"count": count}]
    if row["outsideCount"]:
        parts.append(
            ngettext("%(count)d older one left out", "%(count)d older ones left out", row["outsideCount"]) % {"count": row["outsideCount"]}
        )
    if row["undatedCount"] and row["askedDays"] is not None:
        parts.append(ngettext("%(count)d without a date", "%(count)d without a date", row["undatedCount"]) % {"count": row["undatedCount"]})
    if row["partial"]:
        parts.append(_("cut short"))
    return ", ".join(parts)


def _of_state(state: Mapping[str, Any]) -> Row:
    status = str(state["status"])
    row = _row(
        state["platform"],
        state["actor"],
        state["window"],
        state["beside"],
        status=status,
        itemCount=state["found"],
        actorDays=state["native"],
        partial=state["partial"],
    )
    held = state.get("suspended")
    if held:
        row["suspendedUntil"] = held["until"]
        row["message"] = suspended_sentence(state["platform"], held["reason"], parse_datetime(held["until"]) or timezone.now())
    elif status == Status.QUEUED:
        row["message"] = _("waiting")
    elif status == Status.RUNNING:
        row["message"] = ngettext("%(count)d so far", "%(count)d so far", state["found"]) % {"count": state["found"]}
    elif status == Status.FAILED:
        row["message"] = sentence(state["error"])
        row["error"] = {"type": state["error"], "message": row["message"]}
    elif status == Status.CANCELLED:
        row["message"] = sentence(state["error"]) if state["error"] else _("cancelled")
    else:
        row["message"] = _given(row)
    return row
