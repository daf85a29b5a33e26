"""Ends runs, and with them the searches that wait for nothing else. Call it inside a transaction; announce after it."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from searches.platforms import health
from searches.search.models import ACTIVE, OPEN, Run, Search, SearchRun, Status

_CHUNK = 400
#: Where a queued run stands whose actor is suspended.
HELD_BACK = "held-back"


def end_run(run: Run, status: Status, **values: Any) -> bool:
    """End an active run as its holder; False when somebody else took it over meanwhile."""
    held = Run.objects.filter(pk=run.pk, fence=run.fence, status__in=ACTIVE)
    return bool(held.update(status=status, finished_at=timezone.now(), lease_until=None, **values))


def end_searches(run_ids: Iterable[int]) -> None:
    """End the open searches of these runs none of whose runs is active any more. One that has something is not kept waiting
    by a run whose actor is suspended."""
    ids = list(run_ids)
    links = SearchRun.objects.filter(run_id__in=ids).values("search_id")
    for chunk in _chunks(_locked(Search.objects.filter(status__in=OPEN, pk__in=links))):
        _end_chunk(chunk)


def end_bereft(asked_before: datetime) -> int:
    """Fail open searches that have no run any more, since somebody deleted it: nothing else would ever end them, and who
    asked could never ask the same again. How many there were."""
    bereft = Search.objects.filter(status__in=OPEN, links=None, created_at__lt=asked_before)
    return bereft.update(status=Status.FAILED, finished_at=timezone.now())


def mark_running(run_ids: Iterable[int]) -> None:
    """Show the searches of these runs as running."""
    links = SearchRun.objects.filter(run_id__in=list(run_ids)).values("search_id")
    waiting = _locked(Search.objects.filter(status=Status.QUEUED, pk__in=links))
    for chunk in _chunks(waiting):
        Search.objects.filter(pk__in=chunk).update(status=Status.RUNNING)


def _locked(searches: QuerySet[Search]) -> list[Any]:
    """Locked, in one order: of two who end the last two runs of a search, the second then sees what the first has done."""
    return list(searches.select_for_update().order_by("pk").values_list("pk", flat=True))


def _end_chunk(search_ids: list[Any]) -> None:
    runs_of: dict[Any, list[tuple[str, int]]] = defaultdict(list)
    links = SearchRun.objects.filter(search_id__in=search_ids)
    stopped = health.stopped()
    for search_id, status, found, actor in links.values_list("search_id", "run__status", "run__items_found", "run__actor"):
        runs_of[search_id].append((HELD_BACK if status == Status.QUEUED and actor in stopped else status, found))
    alike: dict[tuple[Status, int], list[Any]] = defaultdict(list)
    for search_id, runs in runs_of.items():
        if is_over({status for status, _found in runs}):
            alike[_outcome(runs)].append(search_id)
    for (status, count), ids in alike.items():
        Search.objects.filter(pk__in=ids, status__in=OPEN).update(status=status, item_count=count, finished_at=timezone.now())


def is_over(statuses: set[str]) -> bool:
    """Whether a search whose runs stand so has ended."""
    if statuses & set(ACTIVE):
        return False
    return HELD_BACK not in statuses or Status.COMPLETED in statuses


def _outcome(runs: list[tuple[str, int]]) -> tuple[Status, int]:
    """One platform that answered makes a search completed; the others' failures are told beside it."""
    statuses = {status for status, _found in runs}
    count = sum(found for status, found in runs if status == Status.COMPLETED)
    if Status.COMPLETED in statuses:
        return Status.COMPLETED, count
    return (Status.FAILED, 0) if Status.FAILED in statuses else (Status.CANCELLED, 0)


def _chunks(ids: list[Any]) -> Iterable[list[Any]]:
    return (ids[i : i + _CHUNK] for i in range(0, len(ids), _CHUNK))
