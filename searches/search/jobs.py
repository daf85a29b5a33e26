"""What the queue may run. Each says "look at this row"; the row may bring its platform's other due rows along."""

import logging
import time

from scout.queues import unring
from searches.search.abort import abort_run as _abort_run
from searches.search.collect import collect_due
from searches.search.models import Run
from searches.search.seek import seek_lost
from searches.search.start import start_due

log = logging.getLogger("scout.worker")


def start_run(run_id: str) -> None:
    unring("search.start_run", run_id)
    began = time.monotonic()
    platform = _platform(run_id)
    if platform:
        sought, started = seek_lost(platform), start_due(platform)
        _tell(f"start_run {run_id}: {started} started, {sought} looked for", began, bool(sought or started))


def collect_run(run_id: str) -> None:
    unring("search.collect_run", run_id)
    began = time.monotonic()
    platform = _platform(run_id)
    if platform:
        collected = collect_due(platform)
        _tell(f"collect_run {run_id}: {collected} collected", began, bool(collected))


def abort_run(run_id: str) -> None:
    unring("search.abort_run", run_id)
    began = time.monotonic()
    _abort_run(int(run_id))
    _tell(f"abort_run {run_id}", began, True)


def _platform(run_id: str) -> str | None:
    return Run.objects.filter(pk=int(run_id)).values_list("platform", flat=True).first()


def _tell(what: str, began: float, worth: bool) -> None:
    """A line per job that did something; those whose row was taken along by another say it only in debug."""
    log.log(logging.INFO if worth else logging.DEBUG, "%s in %.2f s", what, time.monotonic() - began)
