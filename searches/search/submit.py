"""Takes an order: finds the known answer, joins the run in progress, or puts a new run in the queue."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Max, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from scout.queues import ring
from searches.accounts.models import User
from searches.accounts.workspaces import workspace_of
from searches.cache import store
from searches.cache.answer import Answer
from searches.cache.freshness import Freshness
from searches.cache.memory import memory
from searches.platforms.models import Platform
from searches.query import ALL, PLATFORM_NAMES, Query, QueryError
from searches.search import results
from searches.search.models import ACTIVE, OPEN, Run, Search, SearchRun, Status

REFRESH_AGAIN = timedelta(minutes=15)
_PRIORITY = {Run.Reason.SEARCH: 0, Run.Reason.REFRESH: 1, Run.Reason.WARM: 1}
_QUEUE = {Run.Reason.SEARCH: "search", Run.Reason.REFRESH: "warm", Run.Reason.WARM: "warm"}
_SKEW = timedelta(seconds=5)  # between the clocks of those who write answers and of those who look for them


class KeyReused(Exception):
    """An Idempotency-Key came again with another question."""


class _JustAnswered(Exception):
    """The answer was written after it had been looked up."""


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
    looked_at = timezone.now()
    answers = results.known(query, platforms)
    if answers is None:
        try:
            return _place(user, query, platforms, idempotency_key, looked_at)
        except _JustAnswered:
            answers = results.known(query, platforms)
    if answers is None:
        return _place(user, query, platforms, idempotency_key, None)
    return _hit(user, query, platforms, answers)


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


def _place(user: User, query: Query, platforms: list[Platform], idempotency_key: str | None, looked_at: datetime | None) -> Placed:
    try:
        return _placed(user, query, platforms, idempotency_key, looked_at)
    except IntegrityError:
        # The same key, or the same question of the same person, came a moment ago in another request.
        if idempotency_key and (before := _replayed(user, query, idempotency_key)):
            return Placed(before, results.runs_of(before))
        return _placed(user, query, platforms, None, looked_at)


def _placed(user: User, query: Query, platforms: list[Platform], idempotency_key: str | None, looked_at: datetime | None) -> Placed:
    with transaction.atomic():
        same = Search.objects.filter(user=user, answer_key=query.key, status__in=OPEN).first()
        if same:
            return Placed(same, results.runs_of(same))
        runs = [_join_or_create(user, query.on(platform.name), platform, Run.Reason.SEARCH) for platform in platforms]
        if looked_at and _answered_since(looked_at, [run for run, new in runs if new]):
            raise _JustAnswered
        search = Search.objects.create(
            user=user,
            workspace_id=workspace_of(user),
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


def _answered_since(moment: datetime, created: list[Run]) -> bool:
    """Whether a run for one of these keys was completed after `moment`: then its answer was not there yet, and is now."""
    keys, platforms = [run.answer_key for run in created], [run.platform for run in created]
    done = Run.objects.filter(platform__in=platforms, finished_at__gte=moment - _SKEW, status=Status.COMPLETED, answer_key__in=keys)
    return bool(created) and done.exists()


def _hit(user: User, query: Query, platforms: list[Platform], answers: list[Answer]) -> Hit:
    """These answers; of those that are stale a refresh is on its way."""
    stale = _stale(answers)
    if stale:
        stale -= _not_now(stale)
    if stale:
        # What this process remembers may be older than what is stored: a refresh may have been made and paid already.
        answers = [_stored(answer) if answer.key in stale else answer for answer in answers]
        stale &= _stale(answers)
        _refresh(user, query, [platform for platform in platforms if query.on(platform.name).key in stale])
    return Hit(answers, bool(_stale(answers)))


def _not_now(keys: set[str]) -> set[str]:
    """Those being refreshed already, and those whose refresh failed a moment ago: a broken scraper is not paid at every look."""
    being = Q(status__in=ACTIVE, cancelling=False)
    failed = Q(status=Status.FAILED, reason=Run.Reason.REFRESH, finished_at__gt=timezone.now() - REFRESH_AGAIN)
    return set(Run.objects.filter(being | failed, answer_key__in=keys).values_list("answer_key", flat=True))


def _stale(answers: list[Answer]) -> set[str]:
    return {answer.key for answer in answers if answer.freshness() is Freshness.STALE}


def _stored(answer: Answer) -> Answer:
    stored = store.get(answer.key)
    if stored is None or stored.created_at <= answer.created_at:
        return answer
    memory.drop(answer.key)
    return stored


def _refresh(user: User, query: Query, platforms: list[Platform]) -> None:
    with transaction.atomic():
        runs = [_join_or_create(user, query.on(platform.name), platform, Run.Reason.REFRESH) for platform in platforms]
    ring(_QUEUE[Run.Reason.REFRESH], "search.start_run", [run.pk for run, new in runs if new])


def _join_or_create(user: User, query: Query, platform: Platform, reason: Run.Reason) -> tuple[Run, bool]:
    """The active run of this question, locked, or a new one. The lock is against a collector that is just ending it."""
    priority = _PRIORITY[reason]
    turn = _next_turn(platform, user, priority)
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
            "priority": priority,
            "turn": turn,
            "not_before": timezone.now(),
        },
    )
    if run.status == Status.QUEUED and (priority, turn) < (run.priority, run.turn):
        # Who joins would stand further ahead with a run of their own: it takes their place, and counts as theirs.
        run.priority, run.turn, run.reason, run.owner = priority, turn, reason, user
        run.save(update_fields=["priority", "turn", "reason", "owner"])
    return run, new


def _next_turn(platform: Platform, user: User, priority: int) -> int:
    """Where a person's next run stands. Turns are handed out in order: somebody's hundredth run has a later turn than
    somebody else's first, and who has nothing waiting begins beside the first in line."""
    queued = Run.objects.filter(platform=platform.name, status=Status.QUEUED, priority=priority)
    first = queued.aggregate(first=Min("turn"))["first"]
    last = queued.filter(owner=user).aggregate(last=Max("turn"))["last"]
    front = platform.turn if first is None else min(platform.turn, first)
    return front if last is None else max(front, last + 1)
