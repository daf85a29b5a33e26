"""What the queue may run. Each says "look at this row"; a row that is due brings its platform's other due rows along, and
their own jobs then find nothing to do and end in a millisecond."""

import logging
import time
from collections.abc import Callable

from django.utils import timezone

from scout.queues import unring
from searches.search.abort import abort_run as _abort_run
from searches.search.collect import collect_due
from searches.search.models import Run, Status
from searches.search.record import record_due
from searches.search.seek import seek_lost
from searches.search.start import start_due

log = logging.getLogger("scout.worker")


def start_run(run_id: str) -> None:
    """Start this run, or look for it where its start was lost."""
    unring("search.start_run", run_id)
    run = _row(run_id)
    if run and run.status == Status.QUEUED:
        _timed(f"start_run {run_id}: %d started", lambda: start_due(run.platform))
    elif run and run.status == Status.STARTING and _lease_is_over(run):
        _timed(f"start_run {run_id}: %d looked for upstream", lambda: seek_lost(run.platform))


def collect_run(run_id: str) -> None:
    """Collect this run, which has ended upstream."""
    unring("search.collect_run", run_id)
    run = _row(run_id)
    if run and run.status == Status.COLLECTING and _lease_is_over(run):
        _timed(f"collect_run {run_id}: %d collected", lambda: collect_due(run.platform))


def abort_run(run_id: str) -> None:
    """Stop this run upstream: nobody waits for it any more."""
    unring("search.abort_run", run_id)
    _timed(f"abort_run {run_id}: %d aborted", lambda: int(_abort_run(int(run_id))))


def record_run(run_id: str) -> None:
    """Put what this run and all others that wait for it have found into the history of posts. Its bell stays: what ends
    within two seconds is recorded by one job, or when follow rings again."""
    _timed(f"record_run {run_id}: %d recorded", record_due)


def _row(run_id: str) -> Run | None:
    return Run.objects.filter(pk=int(run_id)).only("platform", "status", "lease_until").first()


def _lease_is_over(run: Run) -> bool:
    return run.lease_until is None or run.lease_until < timezone.now()


def _timed(told: str, work: Callable[[], int]) -> None:
    """Do the work and say in a line what came of it and how long it took."""
    began = time.monotonic()
    count = work()
    if count:
        log.info(f"{told} in %.2f s", count, time.monotonic() - began)
