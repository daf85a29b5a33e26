"""Takes a person off a search. The last to leave stops the run, so that nobody pays for what nobody wants."""

from django.db import transaction
from django.utils import timezone

from scout.queues import ring
from searches.search import announce
from searches.search.models import ACTIVE, OPEN, Run, Search, SearchRun, Status


def cancel(search: Search) -> Search:
    """End this search as cancelled, unless it has ended already; the search as it stands after."""
    left: list[int] = []
    with transaction.atomic():
        # Runs before searches and in this order, as everybody locks them; else two of us could wait for each other.
        runs = list(Run.objects.select_for_update().filter(links__search=search, status__in=ACTIVE).order_by("platform"))
        mine = Search.objects.filter(pk=search.pk, status__in=OPEN)
        if mine.update(status=Status.CANCELLED, finished_at=timezone.now()):
            left = [run.pk for run in runs if _leave(run)]
    search.refresh_from_db()
    if search.status == Status.CANCELLED:
        announce.left(search.pk)
    if left:
        ring("search", "search.abort_run", left)
        announce.changed(left)
    return search


def _leave(run: Run) -> bool:
    """Stop the run if nobody else wants it; whether it is being stopped."""
    if run.reason != Run.Reason.SEARCH or SearchRun.objects.filter(run=run, search__status__in=OPEN).exists():
        return False
    if Run.objects.filter(pk=run.pk, status=Status.QUEUED).update(status=Status.CANCELLED, finished_at=timezone.now()):
        return False
    # A start that is on its way must be waited for: its run exists upstream, or will. A run being collected is done.
    return bool(Run.objects.filter(pk=run.pk, status__in=(Status.STARTING, Status.RUNNING)).update(cancelling=True))


def drop_unwanted(run_ids: list[int]) -> None:
    """Cancel those of these queued runs, whose actors are suspended, that nobody waits for any more."""
    with transaction.atomic():
        for run in Run.objects.select_for_update().filter(pk__in=run_ids, status=Status.QUEUED).order_by("platform", "pk"):
            if not _leave(run):
                Run.objects.filter(pk=run.pk, status=Status.CANCELLED).update(error_type="suspended")
