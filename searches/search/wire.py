"""Searches as the API tells them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_type_hints

from django.utils import timezone
from pydantic import BaseModel, create_model

from searches.item import Item
from searches.search import results
from searches.search.announce import state
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
    """A known answer. `stale`: a refresh of it is on its way."""

    status: Literal["completed"]
    cached: Literal[True]
    stale: bool
    ageSeconds: int
    answerKey: str
    jobId: None
    itemCount: int
    partial: bool
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


def hit_body(key: str, hit: Hit) -> bytes:
    """The answer to a search that is known. Items are joined as the bytes they are stored as."""
    created = min(answer.created_at for answer in hit.answers)
    head: Mapping[str, Any] = {
        "status": "completed",
        "cached": True,
        "stale": hit.stale,
        "ageSeconds": max(0, int((timezone.now() - created).total_seconds())),
        "answerKey": key,
        "jobId": None,
        "itemCount": sum(answer.item_count for answer in hit.answers),
        "partial": any(answer.partial for answer in hit.answers),
        "timestamp": now_iso(),
    }
    return json.dumps(head, ensure_ascii=False).encode()[:-1] + b', "data": ' + results.merged_body(hit.answers) + b"}"
