"""Stops runs upstream that nobody wants any more. Their end is seen by follow like any other; what they cost is counted."""

import logging

from django.utils import timezone

from searches.platforms.apify import ApifyError, NotFound
from searches.search.models import Run, Status
from searches.search.upstream import apify

log = logging.getLogger("scout.worker")


def abort_run(run_id: int) -> bool:
    """Ask Apify to stop a run that is being cancelled; whether it was asked. Harmless when repeated, or when it has ended."""
    run = Run.objects.filter(pk=run_id, status=Status.RUNNING, cancelling=True).first()
    if run is None:
        return False
    try:
        apify().abort(run.upstream_id)
    except NotFound:
        log.warning("run %s: nothing to abort at Apify", run.pk)
    except ApifyError as error:
        log.warning("run %s not aborted yet, follow will ask again: %s", run.pk, error)
        return False
    Run.objects.filter(pk=run.pk).update(abort_sent_at=timezone.now())
    log.info("run %s is being aborted at Apify: nobody waits for it (%s)", run.pk, run.answer_key)
    return True
