"""Lets staff try an actor: shows what would be sent, and runs a small sample through the engine like any other run.

A try-out is a Run of its own kind (Run.Reason.TRY) under a key of its own, so no search joins it and no answer comes of it.
Slots, back-off, seek and the platform's limits apply; that it is suspended or disabled does not, since ending that is what a
try-out may be for.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from scout.queues import connections, ring
from searches.accounts.models import User
from searches.platforms.actor import Actor
from searches.platforms.models import Platform
from searches.query import Query
from searches.search import announce
from searches.search.models import ACTIVE, Run, Status

MOST_ITEMS, ITEMS = 20, 5
#: Something that every platform has posts of.
SAMPLES = {"tiktok": "메이크업", "douyin": "美妆", "xiaohongshu": "美妆"}
_RECENT_RUNS = 20
#: Some actors charge for starting; a ceiling below that would end every sample at once.
LEAST_CEILING_USD = Decimal("0.10")


@dataclass(frozen=True, slots=True)
class Sample:
    """What is to be tried. `query` names the platform; `items` is how many are wanted, 1 to MOST_ITEMS."""

    platform: Platform
    actor: Actor
    query: Query
    items: int

    @property
    def key(self) -> str:
        return self.query.on(f"try~{self.platform.name}~{self.actor.id.replace('/', '~')}").key

    @property
    def asked(self) -> int:
        """How many items the actor is asked for: some refuse to look for few."""
        return max(self.items, self.actor.minimum)

    @property
    def body(self) -> dict[str, Any]:
        """The INPUT that is sent."""
        return self.actor.build_input(self.query, self.asked)

    @property
    def ceiling_usd(self) -> Decimal:
        """The most that it can cost: what Apify is told to stop at."""
        share = self.platform.max_cost_usd * self.asked / self.platform.item_limit
        return min(self.platform.max_cost_usd, max(LEAST_CEILING_USD, share.quantize(Decimal("0.01"))))

    def usual_usd(self) -> Decimal | None:
        """What it will cost, going by the actor's last completed runs; None where there are none to go by."""
        done = Run.objects.filter(actor=self.actor.id, status=Status.COMPLETED, row_count__gt=0, usage_usd__isnull=False, earlier_usd=0)
        recent = done.filter(pk__in=list(done.order_by("-pk").values_list("pk", flat=True)[:_RECENT_RUNS]))
        sums = recent.aggregate(rows=Sum("row_count"), usd=Sum("usage_usd"))
        return round(sums["usd"] / sums["rows"] * self.asked, 3) if sums["rows"] else None


def place(user: User, sample: Sample) -> tuple[Run, bool]:
    """The sample's run, and whether it is new: the same sample is never run twice at once.

    Unavailable: the queue is away, and nothing was written.
    """
    with connections().guarded() as client:
        client.ping()
    with transaction.atomic():
        run, new = Run.objects.select_for_update().get_or_create(
            answer_key=sample.key,
            status__in=ACTIVE,
            cancelling=False,
            defaults={
                "status": Status.QUEUED,
                "query": sample.query.text,
                "platform": sample.platform.name,
                "date_range": sample.query.date_range,
                "actor": sample.actor.id,
                "item_limit": sample.asked,
                "max_cost_usd": sample.ceiling_usd,
                "owner": user,
                "reason": Run.Reason.TRY,
                "priority": 0,
                "turn": sample.platform.turn,  # where somebody stands who has nothing else waiting
                "not_before": timezone.now(),
            },
        )
    if new:
        ring("search", "search.start_run", [run.pk])
    return run, new


def stop(run_id: int) -> bool:
    """Stop a try-out that has not ended; whether there was something to stop. Nobody else can be waiting for it."""
    now = timezone.now()
    with transaction.atomic():
        # Locked, so that it cannot go from starting back to queued in between.
        run = Run.objects.select_for_update().filter(pk=run_id, reason=Run.Reason.TRY).first()
        mine = Run.objects.filter(pk=run_id)
        if run is None:
            return False
        ended = mine.filter(status=Status.QUEUED).update(status=Status.CANCELLED, finished_at=now)
        stopping = mine.filter(status__in=(Status.STARTING, Status.RUNNING)).update(cancelling=True)
    if stopping:
        ring("search", "search.abort_run", [run_id])
    if ended or stopping:
        announce.changed([run_id])
    return bool(ended or stopping)


def words(run: Run) -> str:
    """Where an active try-out stands."""
    if run.cancelling:
        return _("It is being stopped at Apify.")
    if run.status == Status.QUEUED:
        if run.pushbacks or run.attempts:
            return _("Apify was busy or could not be reached. It is tried again in a moment.")
        return _("It waits for a free slot.")
    if run.status == Status.STARTING:
        return _("It is being started at Apify.")
    if run.status == Status.COLLECTING:
        return _("It has ended at Apify; its rows are being read.")
    return _("It runs at Apify: %(found)d of %(asked)d items so far.") % {"found": run.items_found, "asked": run.item_limit}
