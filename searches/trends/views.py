"""The pages of trends: of one question, beside its posts, and of everything that is known here. Looking at them spends nothing."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from searches.query import QueryError
from searches.trends.ask import Asked, by_form, zones
from searches.trends.figures import charts, name_of, slot_name, span, times, when
from searches.trends.overview import DAYS

_MOST_RISERS = 8
_QUESTION = ("q", "platform", "range")


@require_GET
@login_required
def everything(request: HttpRequest) -> HttpResponse:
    """What all that was recorded here tells."""
    return _rendered(request, "trends/everything.html", by_form(request.GET.dict(), with_question=False))


@require_GET
@login_required
def question(request: HttpRequest) -> HttpResponse:
    """What one question's posts tell. What is no question leads to where one is asked, which says what is wrong with it."""
    given = request.GET.dict()
    try:
        asked = by_form(given, with_question=True)
    except QueryError:
        return redirect(f"{reverse('question')}?{urlencode([(name, given[name]) for name in _QUESTION if name in given])}")
    return _rendered(request, "trends/question.html", asked)


def _rendered(request: HttpRequest, template: str, asked: Asked) -> HttpResponse:
    """By the clock of the zone that was asked for: the charts' axes as well as the hours."""
    with timezone.override(asked.zone):
        return render(request, template, _page(asked))


def _page(asked: Asked) -> dict[str, Any]:
    told = asked.overview()
    query = {"q": asked.query.text, "platform": asked.query.platform, "range": asked.query.date_range} if asked.query else {}
    return {
        "asked": asked.query,
        "told": told,
        "days": asked.days,
        "choices": [(days, urlencode({**query, "days": days, "tz": asked.zone})) for days in DAYS],
        "zone": asked.zone,
        "zones": zones(asked.zone),
        "query": query,
        "question_link": f"{reverse('question')}?{urlencode(query)}" if query else reverse("dashboard"),
        "charts": charts(told),
        "fastest": [_fast(post) for post in told["fastest"]["posts"]],
        "best": [_slot(slot, told["bestHours"]["hoursPerSlot"]) for slot in told["bestHours"]["best"]],
        "hashtags": [_riser(item, f"#{item['hashtag']}") for item in told["risingHashtags"]["items"][:_MOST_RISERS]],
        "creators": [_riser(item, item["creator"]) for item in told["risingCreators"]["items"][:_MOST_RISERS]],
        "words": told["words"]["items"],
        "last_run": when(told["lastRunAt"]),
    }


def _fast(post: Mapping[str, Any]) -> dict[str, Any]:
    per_hour = post["viewsPerHour"]
    return {
        **post,
        "name": name_of(post),
        "per_hour": round(per_hour),
        "over": span(post["overHours"]),
        "percent": _percent(post["growth"]),
        "gained_over": span(post["growthHours"] or 0),
    }


def _riser(item: Mapping[str, Any], name: str) -> dict[str, Any]:
    shares = _percent(item["viewsShareBefore"]), _percent(item["viewsShare"])
    return {**item, "name": name, "times": times(item["lift"]), "share_before": shares[0], "share": shares[1]}


def _slot(slot: Mapping[str, Any], width: int) -> dict[str, Any]:
    return {**slot, "name": slot_name(slot, width), "times": times(slot["ratio"])}


def _percent(share: float | None) -> int | None:
    return round(share * 100) if share is not None else None
