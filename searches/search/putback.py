"""What happens to a run that did not start: back in the queue, looked for, or failed. Each names the fence it holds."""

import logging
import random
from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from scout.queues import ring
from searches.platforms import health
from searches.platforms.apify import ApifyError, Busy, Refused
from searches.platforms.models import Platform
from searches.search.failover import take_over
from searches.search.finish import end_run, end_searches
from searches.search.models import Run, Status
from searches.search.upstream import apify

log = logging.getLogger("scout.worker")
BACKOFF_CAP_SECONDS = 8.0
LOOK_AGAIN = timedelta(seconds=2)
_ABORT_TRIES = 3


def backoff(pushbacks: int) -> float:
    """1, 2, 4, 8, 8 ... s, with up to a quarter more so that rows pushed back together do not come back together."""
    return min(2.0 ** min(pushbacks, 10), BACKOFF_CAP_SECONDS) * (1 + random.random() / 4)


def requeue(run: Run, seconds: float, **values: object) -> None:
    """Back to queued, due in `seconds`; one that is being cancelled ends here instead, nothing of it exists upstream."""
    held = Run.objects.filter(pk=run.pk, fence=run.fence, status=Status.STARTING)
    due = timezone.now() + timedelta(seconds=seconds)
    if not held.filter(cancelling=False).update(status=Status.QUEUED, not_before=due, lease_until=None, intent_at=None, **values):
        held.filter(cancelling=True).update(status=Status.CANCELLED, finished_at=timezone.now(), lease_until=None)


def busy(run: Run, error: Busy) -> None:
    """429, or full just now: does not use up the tries that real failures use."""
    most = Platform.objects.filter(pk=run.platform).values_list("max_pushbacks", flat=True).first() or 0
    if run.pushbacks >= most:
        fail(run, "rate-limited", str(error))
        return
    seconds = backoff(run.pushbacks)
    log.info("run %s put back for %.1f s: %s (%s)", run.pk, seconds, error.type, run.answer_key)
    requeue(run, seconds, pushbacks=F("pushbacks") + 1)


def retry(run: Run, error_type: str, detail: str, seconds: float | None = None) -> None:
    """A real failure, and nothing started: again, WORKER_MAX_RETRIES times, after WORKER_RETRY_DELAY, doubling."""
    if run.attempts >= settings.WORKER_MAX_RETRIES:
        fail(run, error_type, detail)
        return
    if seconds is None:
        seconds = settings.WORKER_RETRY_DELAY / 1000 * 2**run.attempts
    log.warning("run %s tried again in %.1f s: %s (%s)", run.pk, seconds, detail, run.answer_key)
    requeue(run, seconds, attempts=F("attempts") + 1)


def refuse(run: Run, error: Refused) -> None:
    """Apify will not have it: trying again would not help."""
    if error.status == 402 or error.type == "platform-feature-disabled":
        kind = "upstream-credit"
    else:
        kind = {401: "upstream-auth", 403: "upstream-access", 404: "upstream-access"}.get(error.status, "upstream-input")
    fail(run, kind, str(error))


def unknown(run: Run, detail: str) -> None:
    """It was sent and nobody knows what became of it: stays `starting`, and is looked for soon."""
    log.warning("run %s: start not confirmed (%s), looking for it upstream (%s)", run.pk, detail, run.answer_key)
    Run.objects.filter(pk=run.pk, fence=run.fence, status=Status.STARTING).update(lease_until=timezone.now() + LOOK_AGAIN)


def fail(run: Run, error_type: str, detail: str) -> None:
    """The end: failed, with the searches that hang on it. Unless the platform has another actor for it."""
    if run.reason != Run.Reason.TRY:
        health.bad(run.actor, run.pk, run.answer_key, error_type, detail)
    if take_over(run, error_type):
        return
    log.error("run %s failed: %s: %s (%s)", run.pk, error_type, detail, run.answer_key)
    status = Status.CANCELLED if run.cancelling else Status.FAILED
    if end_run(run, status, error_type=error_type, error_detail=detail[:500]):
        end_searches([run.pk])


def ring_cancelled(run_ids: list[int]) -> None:
    """Runs that were cancelled while their start was on its way exist now: have them aborted."""
    ring("search", "search.abort_run", Run.objects.filter(pk__in=run_ids, cancelling=True).values_list("pk", flat=True))


def abort_stray(run: Run, upstream_id: str) -> None:
    """A start came back after its row had gone to somebody else: unless that one adopted this very run, stop it."""
    if Run.objects.filter(pk=run.pk, upstream_id=upstream_id).exists():
        return
    log.error("run %s: %s was started beside it; aborting the duplicate", run.pk, upstream_id)
    Run.objects.filter(pk=run.pk).update(duplicates=F("duplicates") + 1)
    for _try in range(_ABORT_TRIES):
        try:
            apify().abort(upstream_id)
            return
        except ApifyError as error:
            log.error("duplicate %s not aborted: %s", upstream_id, error)
