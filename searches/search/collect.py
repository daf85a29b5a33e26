"""Collects runs that ended upstream: reads them side by side, writes each answer, then ends runs and searches together.

The answer is written first and may be written twice; ending is one transaction that names the fence. A collector that
dies in between leaves the row `collecting`, and follow hands it out again when its lease runs out.
"""

import logging
import time
from concurrent.futures import wait
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from scout.queues import connections
from scout.redis import Unavailable
from searches.cache import store
from searches.cache.answer import Answer, etag_of
from searches.cache.memory import say_changed
from searches.platforms import breaker, health
from searches.platforms.apify import Busy, NotFound, UpstreamRun
from searches.platforms.registry import ACTORS
from searches.platforms.sources import source_in
from searches.search import announce, handover, live, results
from searches.search.failover import take_over
from searches.search.finish import end_run, end_searches
from searches.search.gather import Gathered, gather
from searches.search.models import Run, Search, Status
from searches.search.start import threads
from searches.search.upstream import apify

log = logging.getLogger("scout.worker")
BATCH = 64
AT_A_TIME_SECONDS = 30.0
READ_TRIES = 8
NOT_THERE_TRIES = 2
_LEASE = timedelta(seconds=45)
_ERRORS = {"TIMED-OUT": "timed-out", "ABORTED": "aborted"}


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
        if _is_answer(gathered) and gathered.run.reason != Run.Reason.TRY:
            _write_answer(gathered)
    with transaction.atomic():
        ended = [gathered.run.pk for gathered in batch if _end(gathered)]
        end_searches(ended)
    merged = Search.objects.filter(links__run_id__in=ended, runs__answer_key__contains="@")
    results.count_merged(merged.values_list("pk", flat=True).distinct())
    _fill_live(batch, ended)
    announce.changed([g.run.pk for g in batch])
    announce.refreshed([g.run.answer_key for g in batch if _is_answer(g) and g.run.reason != Run.Reason.TRY])
    handover.to_record()


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
        actor=run.actor,
        outside_count=gathered.outside,
        window_days=ACTORS[run.actor].windows.get(run.date_range),
    )
    store.put(answer, run.query, source_in(run.answer_key), run.date_range)


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
        "usage_usd": _spent(run, upstream),
        "items_found": len(gathered.items),
        "row_count": len(gathered.entries),
    }
    seconds = (timezone.now() - run.created_at).total_seconds()
    if _is_answer(gathered):
        log.info("run %s completed: %d items in %.1f s (%s)", run.pk, len(gathered.items), seconds, run.answer_key)
        if run.reason != Run.Reason.TRY:
            health.good(run.actor, run.pk, gathered.items)
        return end_run(run, Status.COMPLETED, partial=_is_partial(gathered), **values)
    if run.cancelling:
        log.info("run %s cancelled after %.1f s (%s)", run.pk, seconds, run.answer_key)
        return end_run(run, Status.CANCELLED, error_type=_error(upstream), error_detail=upstream.message, **values)
    return _failed(gathered, upstream, values)


def _failed(gathered: Gathered, upstream: UpstreamRun, values: dict[str, Any]) -> bool:
    run, error = gathered.run, _error(upstream)
    if run.reason != Run.Reason.TRY:
        health.bad(run.actor, run.pk, run.answer_key, error, upstream.message)
    if not gathered.items and take_over(run, error, upstream.usage_usd):
        return False
    log.error("run %s failed: %s: %s (%s)", run.pk, upstream.status, upstream.message, run.answer_key)
    return end_run(run, Status.FAILED, error_type=error, error_detail=upstream.message, **values)


def _error(upstream: UpstreamRun) -> str:
    return _ERRORS.get(upstream.status) or breaker.error_of(upstream.message)


def _spent(run: Run, upstream: UpstreamRun) -> Decimal | None:
    """What the run has cost, with what was paid to an actor that it was taken from."""
    return upstream.usage_usd + run.earlier_usd if upstream.usage_usd is not None else run.earlier_usd or None


def _unread(gathered: Gathered) -> bool:
    """The run could not be read: again later, unless it never will be."""
    run, error = gathered.run, gathered.error
    # A token that is wrong for a minute must not lose what was paid; a run that is not there may be seen a moment later.
    final = run.attempts >= (NOT_THERE_TRIES if isinstance(error, NotFound) else READ_TRIES)
    if final:
        kind = "upstream-lost" if isinstance(error, NotFound) else "upstream-unreadable"
        log.error("run %s failed: %s: %s (%s)", run.pk, kind, error, run.answer_key)
        spent = {"usage_usd": _spent(run, gathered.upstream)} if gathered.upstream else {}
        return end_run(run, Status.FAILED, error_type=kind, error_detail=str(error), **spent)
    seconds = min(2.0**run.attempts, 15.0)
    log.warning("run %s: cannot be read (%s), again in %.0f s", run.pk, error, seconds)
    tries = 0 if isinstance(error, Busy) else 1
    held = Run.objects.filter(pk=run.pk, fence=run.fence, status=Status.COLLECTING)
    held.update(lease_until=timezone.now() + timedelta(seconds=seconds), attempts=F("attempts") + tries)
    return False


def _fill_live(batch: list[Gathered], ended: list[int]) -> None:
    """Complete the live lists of runs that have ended, so that open pages get the rest, and drop the old answers from every
    web process. One that goes on with another actor leaves no rows: that one's posts come in their place."""
    try:
        with connections().guarded() as client:
            for gathered in batch:
                if gathered.entries and gathered.run.pk in ended:
                    live.append(client, gathered.run.pk, 0, gathered.entries, ended=True)
            say_changed(client, [g.run.answer_key for g in batch if _is_answer(g)])
    except Unavailable as error:
        log.warning("open pages will read %d answers from the store: %s", len(batch), error)
