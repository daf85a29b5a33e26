"""Starts queued runs at Apify: claims up to 64 of a platform, POSTs them side by side, writes what became of each.

The intent is committed before the POST. A POST that is not on its way within 3 s of its intent is not sent; one that was
sent is heard out, never repeated. What cannot be known stays `starting` and is left to seek.
"""

import logging
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from searches.platforms import pace
from searches.platforms.apify import START_CEILING_SECONDS, ApifyError, Busy, Refused, Unsent, UpstreamRun, start_options
from searches.platforms.models import Platform
from searches.platforms.registry import ACTORS
from searches.search import announce, putback
from searches.search.finish import mark_running
from searches.search.models import OCCUPYING, Run, Status
from searches.search.pick import pick
from searches.search.upstream import apify, webhook

log = logging.getLogger("scout.worker")
BATCH = 64
SEND_WITHIN_SECONDS = 3.0
AT_A_TIME_SECONDS = 30.0  # then the job ends, well before its time-out; follow rings for what is left
_LEASE = timedelta(seconds=START_CEILING_SECONDS)
_FLUSH_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one POST: a run, or an error. `sent` is False where it was not even tried."""

    run: Run
    upstream: UpstreamRun | None = None
    error: ApifyError | None = None
    sent: bool = True


@cache
def threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(settings.START_THREADS, thread_name_prefix="apify")


def start_due(platform_name: str) -> int:
    """Start what is due and has a slot, batch after batch; how many were tried."""
    tried, began = 0, time.monotonic()
    while True:
        runs, platform = claim(platform_name)
        if not runs or platform is None:
            return tried
        _send(runs, platform)
        tried += len(runs)
        if len(runs) < BATCH or time.monotonic() - began > AT_A_TIME_SECONDS:
            return tried


def claim(platform_name: str) -> tuple[list[Run], Platform | None]:
    """Take due runs in fair order, as far as slots and pace allow: queued -> starting, the intent written."""
    with transaction.atomic():
        platform = Platform.objects.select_for_update().filter(pk=platform_name).first()
        if platform is None:
            return [], None
        now = timezone.now()
        busy = Run.objects.filter(platform=platform_name, status__in=OCCUPYING).count()
        most = min(BATCH, platform.max_running - busy)
        most = pace.allowance(platform.pace, platform.pace_anchor, now, most) if most > 0 else 0
        runs = pick(platform, most, now) if most > 0 else []
        if not runs:
            return [], platform
        for actor in {run.actor for run in runs}:
            ids = [run.pk for run in runs if run.actor == actor]
            values = {"status": Status.STARTING, "intent_at": now, "lease_until": now + _LEASE, "actor": actor}
            Run.objects.filter(pk__in=ids).update(fence=F("fence") + 1, **values)
        platform.turn = max(platform.turn, *(run.turn for run in runs))
        platform.pace_anchor = pace.spend(platform.pace, platform.pace_anchor, now, len(runs))
        platform.save(update_fields=["turn", "pace_anchor"])
    for run in runs:
        run.status, run.intent_at, run.fence = Status.STARTING, now, run.fence + 1
    return runs, platform


def _send(runs: list[Run], platform: Platform) -> None:
    began = time.monotonic()
    options = start_options(timeout_seconds=platform.timeout_seconds, max_cost_usd=platform.max_cost_usd, webhook=webhook())
    waiting = {threads().submit(_post, run, options) for run in runs}
    outcomes: list[Outcome] = []
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        more, waiting = wait(waiting, timeout=_FLUSH_SECONDS)
        batch = [future.result() for future in _both(done, more)]
        write(batch)
        outcomes += batch
    _adjust_pace(platform.name, outcomes, time.monotonic() - began)


def _both(*sets: set[Future[Outcome]]) -> Iterable[Future[Outcome]]:
    for futures in sets:
        yield from futures


def _post(run: Run, options: dict[str, str]) -> Outcome:
    """One POST, in a thread: HTTP only, no database."""
    if not _in_time(run.intent_at):
        return Outcome(run, sent=False)
    try:
        body = ACTORS[run.actor].build_input(run.asked, run.item_limit)
    except Exception as error:
        log.exception("run %s: no input for %s", run.pk, run.actor)  # this one fails, not all that were claimed with it
        return Outcome(run, error=Refused("no-input", f"{type(error).__name__}: {run.actor}"))
    try:
        own = {"maxTotalChargeUsd": format(run.max_cost_usd, "f")} if run.max_cost_usd is not None else {}
        return Outcome(run, upstream=apify().start(run.actor, body, options | own))
    except ApifyError as error:
        return Outcome(run, error=error)


def _in_time(intent_at: datetime | None) -> bool:
    return intent_at is not None and (timezone.now() - intent_at).total_seconds() < SEND_WITHIN_SECONDS


def write(outcomes: list[Outcome]) -> None:
    """Write what became of POSTs, and tell people. Every write names the fence it holds; a run that exists, the intent."""
    strays: list[Outcome] = []
    started: list[int] = []
    with transaction.atomic():
        for outcome in outcomes:
            if outcome.upstream is None:
                _not_running(outcome)
            elif mark_started(_still_looked_for(outcome.run), outcome.upstream):
                log.info("run %s started: %s is %s, %.1f s after it was asked", *_told(outcome.run, outcome.upstream))
                started.append(outcome.run.pk)
            else:
                strays.append(outcome)
        mark_running(started)
    for stray in strays:
        putback.abort_stray(stray.run, stray.upstream.id if stray.upstream else "")
    putback.ring_cancelled(started)
    announce.changed([outcome.run.pk for outcome in outcomes])


def _still_looked_for(run: Run) -> QuerySet[Run]:
    """The row, while this very start is not found yet: also where seek has it by now, since here is what it looks for."""
    return Run.objects.filter(pk=run.pk, intent_at=run.intent_at, status=Status.STARTING)


def mark_started(held: QuerySet[Run], upstream: UpstreamRun) -> bool:
    """The run exists upstream: save its ids in the same statement that makes it running. False: not ours any more."""
    return bool(
        held.update(
            status=Status.RUNNING,
            upstream_id=upstream.id,
            dataset_id=upstream.dataset_id,
            upstream_status=upstream.status,
            started_at=upstream.started_at or timezone.now(),
            lease_until=None,
        )
    )


def _not_running(outcome: Outcome) -> None:
    run, error = outcome.run, outcome.error
    if not outcome.sent:
        putback.requeue(run, 0.0)
    elif isinstance(error, Busy):
        putback.busy(run, error)
    elif isinstance(error, Unsent):
        putback.retry(run, "upstream-unreachable", str(error))
    elif isinstance(error, Refused):
        putback.refuse(run, error)
    else:
        putback.unknown(run, str(error))


def _adjust_pace(platform_name: str, outcomes: list[Outcome], seconds: float) -> None:
    accepted = sum(outcome.upstream is not None for outcome in outcomes)
    refused = sum(isinstance(outcome.error, Busy) for outcome in outcomes)
    with transaction.atomic():
        platform = Platform.objects.select_for_update().get(pk=platform_name)
        adjusted = pace.adjusted(platform.pace, accepted, refused, seconds)
        if adjusted != platform.pace:
            Platform.objects.filter(pk=platform_name).update(pace=adjusted)


def _told(run: Run, upstream: UpstreamRun) -> tuple[int, str, str, float]:
    return run.pk, run.answer_key, upstream.id, (timezone.now() - run.created_at).total_seconds()
