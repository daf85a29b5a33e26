"""Collects runs that ended upstream: reads them side by side, writes each answer, then ends runs and searches together.

The answer is written first and may be written twice; ending is one transaction that names the fence. A collector that
dies in between leaves the row `collecting`, and follow hands it out again when its lease runs out.
"""

import logging
import time
from concurrent.futures import wait
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from scout.queues import connections
from scout.redis import Unavailable
from searches.cache import store
from searches.cache.answer import Answer, etag_of
from searches.cache.memory import say_changed
from searches.platforms.apify import Busy, NotFound
from searches.search import announce, live
from searches.search.finish import end_run, end_searches
from searches.search.gather import Gathered, gather
from searches.search.models import Run, Status
from searches.search.start import threads
from searches.search.upstream import apify

log = logging.getLogger("scout.worker")
BATCH = 64
AT_A_TIME_SECONDS = 30.0
READ_TRIES = 8
NOT_THERE_TRIES = 2
_LEASE = timedelta(seconds=45)
_ERRORS = {"FAILED": "actor-failed", "TIMED-OUT": "timed-out", "ABORTED": "aborted"}


def collect_due(platform_name: str) -> int:
    """Collect what has ended, batch after batch; how many were handled."""
    handled, began = 0, time.monotonic()
    while runs := claim(platform_name):
        _collect(runs)
        handled += len(runs)
        if len(runs) < BATCH or time.monotonic() - began > AT_A_TIME_SECONDS:
            break
    return handled


def claim(platform_name: str) -> list[Run]:
    """Take ended runs that nobody holds."""
    now = timezone.now()
    with transaction.atomic():
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        due = Run.objects.select_for_update().filter(free, platform=platform_name, status=Status.COLLECTING)
        runs = list(due.order_by("id")[:BATCH])
        Run.objects.filter(pk__in=[run.pk for run in runs]).update(fence=F("fence") + 1, lease_until=now + _LEASE)
    for run in runs:
        run.fence += 1
    return runs


def _collect(runs: list[Run]) -> None:
    client = apify()
    waiting = {threads().submit(gather, client, run) for run in runs}
    while waiting:
        done, waiting = wait(waiting, timeout=0.25)
        if done:
            write([future.result() for future in done])


def write(batch: list[Gathered]) -> None:
    """Write answers, end runs and searches, tell people."""
    for gathered in batch:
        if _is_answer(gathered):
            _write_answer(gathered)
    with transaction.atomic():
        ended = [gathered.run.pk for gathered in batch if _end(gathered)]
        end_searches(ended)
    _fill_live(batch)
    announce.changed([g.run.pk for g in batch])


def _is_answer(gathered: Gathered) -> bool:
    upstream = gathered.upstream
    if upstream is None or gathered.error or not upstream.ended:
        return False
    stopped = upstream.status in {"TIMED-OUT", "ABORTED"} and bool(gathered.items) and not gathered.run.cancelling
    return upstream.status == "SUCCEEDED" or stopped


def _write_answer(gathered: Gathered) -> None:
    run, items, body = gathered.run, gathered.items, gathered.body
    fetched_at = _fetched_at(gathered)
    answer = Answer(
        key=run.answer_key,
        body=body,
        gaps=gathered.gaps,
        item_count=len(items),
        undated_count=sum(item["createTime"] is None for item in items),
        partial=_is_partial(gathered),
        created_at=fetched_at,
        expires_at=fetched_at + timedelta(seconds=settings.KEEP_SECONDS),
        etag=etag_of(body),
    )
    store.put(answer, run.query, run.platform, run.date_range)


def _fetched_at(gathered: Gathered) -> datetime:
    """When its run ended: an answer that is collected late is no younger for it, and never counts as newer than the answer
    of a later run. Held against our own clock."""
    now = timezone.now()
    ended_at = gathered.upstream and gathered.upstream.finished_at
    return min(max(ended_at or now, gathered.run.created_at), now)


def _is_partial(gathered: Gathered) -> bool:
    return gathered.upstream is not None and gathered.upstream.status != "SUCCEEDED"


def _end(gathered: Gathered) -> bool:
    """Move the row on; whether that ended it."""
    run, upstream = gathered.run, gathered.upstream
    if upstream is None or gathered.error:
        return _unread(gathered)
    if not upstream.ended:
        # Somebody said that it had ended, and it has not: follow goes on watching it.
        Run.objects.filter(pk=run.pk, fence=run.fence, status=Status.COLLECTING).update(status=Status.RUNNING, lease_until=None)
        return False
    values = {
        "upstream_status": upstream.status,
        "usage_usd": upstream.usage_usd,
        "items_found": len(gathered.items),
        "row_count": len(gathered.entries),
    }
    seconds = (timezone.now() - run.created_at).total_seconds()
    if _is_answer(gathered):
        log.info("run %s completed: %d items in %.1f s (%s)", run.pk, len(gathered.items), seconds, run.answer_key)
        return end_run(run, Status.COMPLETED, partial=_is_partial(gathered), **values)
    error = _ERRORS.get(upstream.status, "actor-failed")
    status = Status.CANCELLED if run.cancelling else Status.FAILED
    log.info("run %s %s: %s after %.1f s (%s)", run.pk, status, upstream.status, seconds, run.answer_key)
    return end_run(run, status, error_type=error, error_detail=upstream.message, **values)


def _unread(gathered: Gathered) -> bool:
    """The run could not be read: again later, unless it never will be."""
    run, error = gathered.run, gathered.error
    # A token that is wrong for a minute must not lose what was paid; a run that is not there may be seen a moment later.
    final = run.attempts >= (NOT_THERE_TRIES if isinstance(error, NotFound) else READ_TRIES)
    if final:
        kind = "upstream-lost" if isinstance(error, NotFound) else "upstream-unreadable"
        log.error("run %s failed: %s: %s (%s)", run.pk, kind, error, run.answer_key)
        spent = {"usage_usd": gathered.upstream.usage_usd} if gathered.upstream else {}
        return end_run(run, Status.FAILED, error_type=kind, error_detail=str(error), **spent)
    seconds = min(2.0**run.attempts, 15.0)
    log.warning("run %s: cannot be read (%s), again in %.0f s", run.pk, error, seconds)
    tries = 0 if isinstance(error, Busy) else 1
    held = Run.objects.filter(pk=run.pk, fence=run.fence, status=Status.COLLECTING)
    held.update(lease_until=timezone.now() + timedelta(seconds=seconds), attempts=F("attempts") + tries)
    return False


def _fill_live(batch: list[Gathered]) -> None:
    """Complete the live lists, so that open pages get the rest, and drop the old answers from every web process."""
    try:
        with connections().guarded() as client:
            for gathered in batch:
                if gathered.entries:
                    live.append(client, gathered.run.pk, 0, gathered.entries, ended=True)
            say_changed(client, [g.run.answer_key for g in batch if _is_answer(g)])
    except Unavailable as error:
        log.warning("open pages will read %d answers from the store: %s", len(batch), error)
