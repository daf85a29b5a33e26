"""Searches as the API tells them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_type_hints

from django.utils import timezone
from pydantic import BaseModel, create_model

from searches.item import Item
from searches.query import Query
from searches.search import coverage, results
from searches.search.announce import state
from searches.search.estimate import usual_cost
from searches.search.models import Run, Search, Status
from searches.search.submit import Hit
from searches.search.telling import combine

# The shapes, for the API's documentation; what is sent is made by the functions below.
_item_fields: dict[str, Any] = {name: (kind, ...) for name, kind in get_type_hints(Item).items()}
ItemShape = create_model("Item", **_item_fields)


class ErrorShape(BaseModel):
    """`type` is for programs, `message` a sentence in the language of Accept-Language."""

    type: str
    message: str


class Problem(BaseModel):
    error: ErrorShape


class Coverage(BaseModel):
    """One source of a search: what was asked of it and what it gave, or why not. `message` is a sentence about it.

    `actorDays` is the window that the scraper itself filters on; where it is wider than `askedDays`, older posts were left out.
    """

    platform: str
    actor: str
    name: str
    status: Literal["missing", "queued", "running", "completed", "failed", "cancelled"]
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
    error: ErrorShape | None
    message: str


class Told(BaseModel):
    """How a search stands."""

    status: Literal["queued", "running", "completed", "failed", "cancelled"]
    jobId: str
    answerKey: str
    progress: int
    itemCount: int
    message: str
    queuePosition: int | None
    estimatedWaitSeconds: int | None
    partial: bool
    platforms: list[Coverage]
    timestamp: str
    error: ErrorShape | None = None


class Placed(Told):
    """The answer is not known: a job."""

    cached: Literal[False]


class ToldWithData(Told):
    """`data` and `next`, the cursor after it, are there once the search is completed."""

    data: list[ItemShape] | None = None  # type: ignore[valid-type]
    next: int | None = None


class Known(BaseModel):
    """A known answer. `stale`: a refresh of it is on its way. `refreshCostUsd`: about what asking it with `refresh` costs, by
    what such searches have cost lately; where there were none, the most that one may cost."""

    status: Literal["completed"]
    cached: Literal[True]
    stale: bool
    ageSeconds: int
    answerKey: str
    jobId: None
    itemCount: int
    partial: bool
    platforms: list[Coverage]
    refreshCostUsd: float
    timestamp: str
    data: list[ItemShape]  # type: ignore[valid-type]


class Page(BaseModel):
    items: list[ItemShape]  # type: ignore[valid-type]
    next: int


def now_iso() -> str:
    return timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tell(search: Search, runs: Sequence[Run]) -> dict[str, Any]:
    """The state of a search and its runs, without items."""
    told = combine(search.status, [state(run) for run in runs], search.item_count)
    return {"jobId": str(search.pk), "answerKey": search.answer_key, **told, "timestamp": now_iso()}


def with_data(search: Search, runs: Sequence[Run]) -> dict[str, Any]:
    """The state of a search, with its first items once it is completed."""
    told = tell(search, runs)
    if search.status == Status.COMPLETED:
        told["data"], told["next"] = results.first_items(runs, results.FIRST_PAGE)
    return told


def hit_body(query: Query, hit: Hit) -> bytes:
    """The answer to a search that is known. Items are joined as the bytes they are stored as."""
    answers = list(hit.answers.values())
    created = min(answer.created_at for answer in answers)
    head: Mapping[str, Any] = {
        "status": "completed",
        "cached": True,
        "stale": hit.stale,
        "ageSeconds": max(0, int((timezone.now() - created).total_seconds())),
        "answerKey": query.key,
        "jobId": None,
        "itemCount": results.merged_count(answers),
        "partial": any(answer.partial for answer in answers),
        "platforms": coverage.of_answers(query, hit.sources, hit.answers),
        "refreshCostUsd": round(float(usual_cost(hit.sources).usd), 4),
        "timestamp": now_iso(),
    }
    return json.dumps(head, ensure_ascii=False).encode()[:-1] + b', "data": ' + results.merged_body(answers) + b"}"
