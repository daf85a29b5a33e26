"""Hands rows to workers: runs that ended upstream, and everything that is overdue."""

from collections.abc import Collection
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from scout.queues import ring
from searches.platforms.models import Platform
from searches.search.models import OCCUPYING, OPEN, Run, Search, Status

_QUEUES = {0: "search"}  # by priority; all others go to "warm"
_ABORT_AGAIN = timedelta(seconds=30)
_PER_JOB = 64
_PER_COLLECT = 16  # enough jobs for every worker to take its share of what ended in the same second


def ended(upstream_ids: Collection[str]) -> int:
    """These runs have ended, or so it is said: running -> collecting, for a worker to read. How many there were."""
    mine = Run.objects.filter(upstream_id__in=upstream_ids, status=Status.RUNNING)
    ids = list(mine.values_list("pk", flat=True))
    Run.objects.filter(pk__in=ids, status=Status.RUNNING).update(status=Status.COLLECTING, lease_until=None, attempts=0)
    ring("search", "search.collect_run", sorted(ids)[::_PER_COLLECT])
    return len(ids)


def overdue(platform: Platform) -> None:
    """Ring again for whatever of this platform is due: one job per 64 rows, since a job brings the rest. A platform that is
    disabled starts nothing but try-outs; what runs is brought to its end."""
    now = timezone.now()
    mine = Run.objects.filter(platform=platform.name)
    free = platform.max_running - mine.filter(status__in=OCCUPYING).count()
    if free > 0:
        due = mine.filter(status=Status.QUEUED, cancelling=False, not_before__lte=now).order_by("priority", "turn", "id")
        due = due if platform.enabled else due.filter(reason=Run.Reason.TRY)
        _ring_start(list(due.values_list("pk", "priority")[:free]))
    _ring_start(list(mine.filter(status=Status.STARTING, lease_until__lt=now).values_list("pk", "priority")))
    free_to_collect = mine.filter(Q(lease_until=None) | Q(lease_until__lt=now), status=Status.COLLECTING)
    ring("search", "search.collect_run", _some(free_to_collect))
    unsent = Q(abort_sent_at=None) | Q(abort_sent_at__lt=now - _ABORT_AGAIN)
    ring("search", "search.abort_run", mine.filter(unsent, status=Status.RUNNING, cancelling=True).values_list("pk", flat=True))


def orphans(older_than: timedelta = timedelta(seconds=15)) -> list[int]:
    """Runs that have ended while a search still waits for them: the net below all others, and never expected."""
    stuck = Search.objects.filter(status__in=OPEN, created_at__lt=timezone.now() - older_than)
    stuck = stuck.exclude(runs__status__in=(Status.QUEUED, Status.STARTING, Status.RUNNING, Status.COLLECTING))
    return list(Run.objects.filter(searches__in=stuck).values_list("pk", flat=True)[:500])


def to_record() -> None:
    """Ring for the history of posts, if a run waits to be in it: once in two seconds, whichever run it is."""
    waiting = Run.objects.filter(status=Status.COMPLETED, recorded_at=None)
    free = waiting.filter(Q(lease_until=None) | Q(lease_until__lt=timezone.now()))
    if free.exists():
        ring("default", "search.record_run", ["due"])


def _ring_start(rows: list[tuple[int, int]]) -> None:
    for queue in ("search", "warm"):
        ids = [pk for pk, priority in rows if _QUEUES.get(priority, "warm") == queue]
        ring(queue, "search.start_run", ids[::_PER_JOB])


def _some(runs: QuerySet[Run]) -> list[int]:
    return list(runs.order_by("id").values_list("pk", flat=True))[::_PER_JOB]
