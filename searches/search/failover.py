"""Gives a run that its actor could not do, and that brought nothing, to the platform's fall-back actor.

The same row goes back in the queue: who waits for it goes on waiting, and reads on where they are. What the first actor has
cost is kept. Only where it is sure that nothing of the first one is still running upstream.
"""

import logging
from decimal import Decimal

from django.db.models import F
from django.utils import timezone

from searches.platforms import health
from searches.platforms.models import Platform
from searches.search.models import Run, Status

log = logging.getLogger("scout.worker")

#: Errors that another actor may not have. Credit, token and network are the same for all; a run that timed out has been paid.
TAKEN_OVER = {"upstream-access", "upstream-input", "platform-blocked", "actor-failed"}


def take_over(run: Run, error_type: str, usage_usd: Decimal | None = None) -> bool:
    """Put the run, held by its fence, back in the queue for the fall-back; False when there is none to go to."""
    if error_type not in TAKEN_OVER or run.items_found or run.cancelling or run.reason == Run.Reason.TRY:
        return False
    platform = Platform.objects.filter(pk=run.platform, actor=run.actor, enabled=True).exclude(fallback="").first()
    if platform is None or platform.fallback in health.suspended():
        return False
    held = Run.objects.filter(pk=run.pk, fence=run.fence, status__in=(Status.STARTING, Status.COLLECTING), cancelling=False)
    taken = held.update(
        status=Status.QUEUED,
        actor=platform.fallback,
        not_before=timezone.now(),
        lease_until=None,
        intent_at=None,
        started_at=None,
        upstream_id="",
        dataset_id="",
        upstream_status="",
        attempts=0,
        pushbacks=0,
        earlier_usd=F("earlier_usd") + (usage_usd or 0),
    )
    if taken:
        log.warning("run %s: %s could not do it (%s), %s takes over (%s)", run.pk, run.actor, error_type, platform.fallback, run.answer_key)
    return bool(taken)
