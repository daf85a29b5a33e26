"""Takes an order: finds the known answer, joins the run in progress, or puts a new run in the queue."""

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from scout.queues import ring
from searches.accounts.models import User, Workspace
from searches.cache.answer import Answer
from searches.cache.freshness import Freshness
from searches.platforms.models import Platform
from searches.query import ALL, PLATFORM_NAMES, Query, QueryError
from searches.search import results
from searches.search.models import ACTIVE, OPEN, Run, Search, SearchRun, Status

_PRIORITY = {Run.Reason.SEARCH: 0, Run.Reason.REFRESH: 1, Run.Reason.WARM: 1}
_QUEUE = {Run.Reason.SEARCH: "search", Run.Reason.REFRESH: "warm", Run.Reason.WARM: "warm"}


class KeyReused(Exception):
    """An Idempotency-Key came again with another question."""


@dataclass(frozen=True, slots=True)
class Hit:
    """The answer is known. `stale`: a refresh of it is on its way."""

    answers: list[Answer]
    stale: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """The answer is not known: the person's search, and the runs it hangs on."""

    search: Search
    runs: list[Run]


def submit(user: User, query: Query, idempotency_key: str | None = None) -> Hit | Placed:
    """The known answer, or the person's search that waits for it. The same question twice is the same search."""
    if idempotency_key and (before := _replayed(user, query, idempotency_key)):
        return Placed(before, results.runs_of(before))
    platforms = platforms_of(query)
    answers = results.known(query, platforms)
    if answers is None:
        return _place(user, query, platforms, idempotency_key)
    stale = {a.key for a in answers if a.freshness() is Freshness.STALE}
    if stale:
        _refresh(user, query, [platform for platform in platforms if query.on(platform.name).key in stale])
    return Hit(answers, bool(stale))


def platforms_of(query: Query) -> list[Platform]:
    """The platforms a question goes to, in a fixed order. QueryError when the one asked for is not available here."""
    platforms = [p for p in Platform.objects.filter(enabled=True).order_by("name") if query.platform in (ALL, p.name)]
    if not platforms:
        name = PLATFORM_NAMES[query.platform]
        raise QueryError("platform-unavailable", "platform", _("%(platform)s cannot be searched here yet.") % {"platform": name})
    return platforms


def _replayed(user: User, query: Query, idempotency_key: str) -> Search | None:
    before = Search.objects.filter(user=user, idempotency_key=idempotency_key).first()
    if before and before.answer_key != query.key:
        raise KeyReused
    return before


def _place(user: User, query: Query, platforms: list[Platform], idempotency_key: str | None) -> Placed:
    try:
        return _placed(user, query, platforms, idempotency_key)
    except IntegrityError:
        # The same person asked the same a moment ago, in another request: that search is this one.
        return _placed(user, query, platforms, None)


def _placed(user: User, query: Query, platforms: list[Platform], idempotency_key: str | None) -> Placed:
    with transaction.atomic():
        same = Search.objects.filter(user=user, answer_key=query.key, status__in=OPEN).first()
        if same:
            return Placed(same, results.runs_of(same))
        runs = [_join_or_create(user, query.on(platform.name), platform, Run.Reason.SEARCH) for platform in platforms]
        search = Search.objects.create(
            user=user,
            workspace=Workspace.objects.filter(memberships__user=user).order_by("pk").first(),
            answer_key=query.key,
            query=query.text,
            platform=query.platform,
            date_range=query.date_range,
            status=Status.RUNNING if all(run.status not in (Status.QUEUED, Status.STARTING) for run, _new in runs) else Status.QUEUED,
            idempotency_key=idempotency_key,
        )
        SearchRun.objects.bulk_create([SearchRun(search=search, run=run) for run, _new in runs])
    ring("search", "search.start_run", [run.pk for run, new in runs if new])
    return Placed(search, sorted((run for run, _new in runs), key=lambda run: run.pk))


def _refresh(user: User, query: Query, platforms: list[Platform]) -> None:
    with transaction.atomic():
        runs = [_join_or_create(user, query.on(platform.name), platform, Run.Reason.REFRESH) for platform in platforms]
    ring(_QUEUE[Run.Reason.REFRESH], "search.start_run", [run.pk for run, new in runs if new])


def _join_or_create(user: User, query: Query, platform: Platform, reason: Run.Reason) -> tuple[Run, bool]:
    """The active run of this question, locked, or a new one. The lock is against a collector that is just ending it."""
    run, new = Run.objects.select_for_update().get_or_create(
        answer_key=query.key,
        status__in=ACTIVE,
        cancelling=False,
        defaults={
            "status": Status.QUEUED,
            "query": query.text,
            "platform": query.platform,
            "date_range": query.date_range,
            "actor": platform.actor,
            "item_limit": platform.item_limit,
            "owner": user,
            "reason": reason,
            "priority": _PRIORITY[reason],
            "turn": _next_turn(platform, user),
            "not_before": timezone.now(),
        },
    )
    if run.status == Status.QUEUED and run.priority > _PRIORITY[reason]:
        # A person waits now for what was only to be refreshed.
        Run.objects.filter(pk=run.pk).update(priority=_PRIORITY[reason], reason=reason)
    return run, new


def _next_turn(platform: Platform, user: User) -> int:
    """Where a person's next run stands. Turns are handed out in order: somebody's hundredth run has a later turn than
    somebody else's first, and who has nothing waiting begins at the turn the platform is at now."""
    last = Run.objects.filter(owner=user, status=Status.QUEUED, platform=platform.name).aggregate(last=Max("turn"))["last"]
    return max(platform.turn, last + 1 if last is not None else 0)
