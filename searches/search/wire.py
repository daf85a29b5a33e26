"""Searches as the API tells them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from searches.search import results
from searches.search.announce import state
from searches.search.models import Run, Search, Status
from searches.search.submit import Hit
from searches.search.telling import combine


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
