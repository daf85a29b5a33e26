"""Picks the due runs of a platform that may start now, in fair order, and the actor that each goes to.

While a platform is disabled only staff's try-outs start. While an actor is suspended its runs wait, or go to the platform's
fall-back. Once the suspension is over one run goes ahead, the canary; the others follow when it has come back. Call it with
the platform's row locked.
"""

from datetime import datetime

from django.db.models import Q, QuerySet

from searches.platforms import health
from searches.platforms.models import ActorHealth, Platform
from searches.search.models import ACTIVE, Run, Status


def pick(platform: Platform, most: int, now: datetime) -> list[Run]:
    """At most `most` runs, locked; a run that goes to the fall-back has it as its `actor`, and is not saved yet."""
    queued = Run.objects.select_for_update().filter(platform=platform.name, status=Status.QUEUED, cancelling=False, not_before__lte=now)
    if not platform.enabled:
        queued = queued.filter(reason=Run.Reason.TRY)
    due = queued.order_by("priority", "turn", "id")
    held = health.suspended()
    if not held:
        return list(due[:most])
    canaries = [run for actor_health in held.values() if (run := _canary(actor_health, due, now))][:most]
    way_round = platform.fallback if platform.fallback not in held else ""
    closed = [actor for actor in held if not (way_round and actor == platform.actor)]
    waiting = Q(actor__in=closed) & ~Q(reason=Run.Reason.TRY)
    others = list(due.exclude(waiting).exclude(pk__in=[run.pk for run in canaries])[: most - len(canaries)])
    for run in others:
        if run.actor in held and run.reason != Run.Reason.TRY:
            run.actor = way_round
    return canaries + others


def _canary(actor_health: ActorHealth, due: QuerySet[Run], now: datetime) -> Run | None:
    """The one run that may go ahead now, if the suspension is over and none is on its way."""
    if actor_health.suspended_until is None or now < actor_health.suspended_until:
        return None
    mine = due.filter(actor=actor_health.actor).exclude(reason=Run.Reason.TRY)
    sent = Run.objects.filter(pk=actor_health.canary or 0, actor=actor_health.actor, status__in=ACTIVE, cancelling=False)
    if sent.exists():
        return mine.filter(pk=actor_health.canary or 0).first()  # put back because Apify was busy, and due again
    run = mine.first()
    if run:
        ActorHealth.objects.filter(pk=actor_health.pk).update(canary=run.pk)
    return run
