"""Hands what runs have found to the history of posts, after their answers were given: nobody waits for it.

The row is the order: `recorded_at` is empty until its points are written, which may be done twice. What cannot be read just now is
left, and follow rings again; runs from before there was a history are recorded the same way, as far as their answers are there.
"""

import json
import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from scout.queues import connections
from scout.redis import Unavailable
from searches.cache import store
from searches.cache.breaker import breaker
from searches.cache.router import aliases
from searches.search import live
from searches.search.models import Run, Status
from searches.thumbnails.order import order as order_pictures
from searches.trends.record import MAX_POSTS, record

log = logging.getLogger("scout.worker")
BATCH = 16
AT_A_TIME_SECONDS = 5.0  # then other jobs of this queue have their turn, and follow rings again
_LEASE = timedelta(seconds=60)


def record_due() -> int:
    """Record what waits for it, oldest first; how many runs were seen to."""
    handled, began = 0, time.monotonic()
    while runs := claim():
        for run in runs:
            _record(run)
        handled += len(runs)
        if time.monotonic() - began > AT_A_TIME_SECONDS:
            break
    return handled


def claim() -> list[Run]:
    """Take completed runs that are not recorded, and that nobody else is recording."""
    now = timezone.now()
    with transaction.atomic():
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        due = Run.objects.select_for_update().filter(free, status=Status.COMPLETED, recorded_at=None)
        runs = list(due.order_by("finished_at", "id")[:BATCH])
        Run.objects.filter(pk__in=[run.pk for run in runs]).update(lease_until=now + _LEASE)
    return runs


def _record(run: Run) -> None:
    try:
        items, at = (None, None) if run.reason == Run.Reason.TRY else _found(run)
        if items is not None and at:
            order_pictures(items)
            # Under the question's own key, whichever of a platform's actors has answered it.
            record(run.asked.key, items, at)
    except _NotNow as why:
        log.info("run %s: recorded later (%s)", run.pk, why)
        return
    except (InterfaceError, OperationalError):
        raise  # the database is away: the lease runs out, and follow rings again
    except Exception:
        log.exception("run %s: cannot be recorded, its posts have no point of that moment", run.pk)
    Run.objects.filter(pk=run.pk, recorded_at=None).update(recorded_at=timezone.now(), lease_until=None)


class _NotNow(Exception):
    """What it has found is somewhere that does not answer."""


def _found(run: Run) -> tuple[list[dict[str, Any]] | None, datetime | None]:
    """The Items of this very run, and when they were as they say; (None, None) where they are gone.

    Mostly they are the answer. Where a later run has replaced it, they are in the live list for an hour.
    """
    finished = run.finished_at or timezone.now()
    answer = store.get(run.answer_key)
    if answer and run.created_at <= answer.created_at <= finished:
        return answer.items(), answer.created_at
    if answer is None and any(breaker(alias).is_open for alias in aliases()):
        raise _NotNow("the store of answers is away")
    if run.items_found == 0:
        return [], finished
    try:
        with connections().guarded() as client:
            entries, _next = live.read(client, run.pk, 0, MAX_POSTS)
    except Unavailable as error:
        raise _NotNow(error) from error
    if not entries:
        log.warning("run %s: what it found is not there any more, nothing to record", run.pk)
        return None, None
    return [json.loads(entry) for entry in entries], finished
