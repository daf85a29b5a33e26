"""Takes an order: finds the known answer, joins the run in progress, or puts a new run in the queue."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Max, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from scout.queues import connections, ring
from searches.accounts.models import User
from searches.accounts.workspaces import workspace_of
from searches.cache import store
from searches.cache.answer import Answer
from searches.cache.freshness import Freshness
from searches.cache.memory import memory
from searches.platforms.health import suspensions
from searches.platforms.models import Platform
from searches.platforms.registry import ACTORS
from searches.platforms.sources import Source, sources_of
from searches.query import ALL, PLATFORM_NAMES, Query, QueryError
from searches.search import results
from searches.search.models import ACTIVE, OPEN, Run, Search, SearchRun, Status

REFRESH_AGAIN = timedelta(minutes=15)
FORCED_AFTER = timedelta(minutes=1)
_PRIORITY = {Run.Reason.SEARCH: 0, Run.Reason.REFRESH: 1, Run.Reason.WARM: 1}
_QUEUE = {Run.Reason.SEARCH: "search", Run.Reason.REFRESH: "warm", Run.Reason.WARM: "warm"}
_SKEW = timedelta(seconds=5)  # between the clocks of those who write answers and of those who look for them


class KeyReused(Exception):
    """An Idempotency-Key came again with another question."""


class _JustAnswered(Exception):
    """The answer was written after it had been looked up."""


@dataclass(frozen=True, slots=True)
class Hit:
    """The answers are known, by source. `stale`: a refresh is on its way. Of the `sources`, one whose actor is suspended may
    have no answer."""

    sources: list[Source]
    answers: dict[Source, Answer]
    stale: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """The answer is not known: the person's search, and the runs it hangs on."""

    search: Search
    runs: list[Run]


@dataclass(frozen=True, slots=True)
class _Order:
    """Who asks what, where, and what of it is known. `looked_at`: when that was found out."""

    user: User
    query: Query
    sources: list[Source]
    answers: dict[Source, Answer]
    looked_at: datetime | None
    idempotency_key: str | None = None
    force: bool = False


def submit(user: User, query: Query, idempotency_key: str | None = None, force: bool = False) -> Hit | Placed:
    """The known answer, or the person's search that waits for it. The same question twice is the same search.

    `force` asks again although the answer is known, unless it is a minute old at most. Unavailable: the queue is away, and
    nothing was written.
    """
    if idempotency_key and (before := _replayed(user, query, idempotency_key)):
        return Placed(before, results.runs_of(before))
    sources = sources_of(platforms_of(query))
    order = _Order(user, query, sources, results.known(query, sources), timezone.now(), idempotency_key, force)
    if not _answered(order):
        _queue_is_there()
        try:
            return _place(order)
        except _JustAnswered:
            order = replace(order, answers=results.known(query, sources), looked_at=None)
    if not _answered(order):
        return _place(order)
    return _hit(order)


def _answered(order: _Order) -> bool:
    """Whether what is known will do. Where something is, an actor that is suspended is not waited for."""
    lacking = [source for source in order.sources if source.needed and source not in order.answers]
    if not order.answers or any(source.actor not in suspensions() for source in lacking):
        return False
    young = min(answer.created_at for answer in order.answers.values()) > timezone.now() - FORCED_AFTER
    return young or not order.force


def _queue_is_there() -> None:
    """Who asks while Redis is away is told so at once, and is not left waiting for nobody knows how long."""
    with connections().guarded() as client:
        client.ping()


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


def _place(order: _Order) -> Placed:
    try:
        return _placed(order)
    except IntegrityError:
        # The same key, or the same question of the same person, came a moment ago in another request.
        if order.idempotency_key and (before := _replayed(order.user, order.query, order.idempotency_key)):
            return Placed(before, results.runs_of(before))
        return _placed(replace(order, idempotency_key=None))


def _placed(order: _Order) -> Placed:
    query = order.query
    with transaction.atomic():
        same = Search.objects.filter(user=order.user, answer_key=query.key, status__in=OPEN).first()
        if same:
            return Placed(same, results.runs_of(same))
        asked = [_run_for(order, source) for source in order.sources]
        runs, created = [run for run, _new in asked], [run for run, new in asked if new]
        if order.looked_at and _answered_since(order.looked_at, created):
            raise _JustAnswered
        waiting = [run for run in runs if run.status in (Status.QUEUED, Status.STARTING)]
        search = Search.objects.create(
            user=order.user,
            workspace_id=workspace_of(order.user),
            answer_key=query.key,
            query=query.text,
            platform=query.platform,
            date_range=query.date_range,
            status=Status.QUEUED if waiting else Status.RUNNING,
            idempotency_key=order.idempotency_key,
        )
        SearchRun.objects.bulk_create([SearchRun(search=search, run=run) for run in runs])
    ring("search", "search.start_run", [run.pk for run in created])
    _refresh_stale(order, {run.answer_key for run in runs if run.status in ACTIVE})
    return Placed(search, sorted(runs, key=lambda run: run.pk))


def _run_for(order: _Order, source: Source) -> tuple[Run, bool]:
    """The run that brings this source's part. Of an answer that is known it is the one that brought it: asking several
    platforms scrapes those only that have not answered yet."""
    if source in order.answers and not order.force:
        done = Run.objects.filter(answer_key=source.key(order.query), status=Status.COMPLETED).order_by("-finished_at").first()
        if done:
            return done, False
    return _join_or_create(order.user, order.query, source, Run.Reason.SEARCH)


def _answered_since(moment: datetime, created: list[Run]) -> bool:
    """Whether a run for one of these keys was completed after `moment`: then its answer was not there yet, and is now."""
    keys, platforms = [run.answer_key for run in created], [run.platform for run in created]
    done = Run.objects.filter(platform__in=platforms, finished_at__gte=moment - _SKEW, status=Status.COMPLETED, answer_key__in=keys)
    return bool(created) and done.exists()


def _hit(order: _Order) -> Hit:
    """These answers; of those that are stale a refresh is on its way."""
    answers = _refresh_stale(order, set())
    return Hit(order.sources, answers, bool(_stale(answers)))


def _refresh_stale(order: _Order, in_hand: set[str]) -> dict[Source, Answer]:
    """Refresh stale answers but for those `in_hand`; the answers as they are stored by now."""
    answers = order.answers
    stale = {key: source for source, answer in answers.items() if (key := answer.key) in _stale(answers) - in_hand}
    for key in _not_now(set(stale)) if stale else ():
        del stale[key]
    if stale:
        # What this process remembers may be older than what is stored: a refresh may have been made and paid already.
        answers = {source: _stored(answer) if answer.key in stale else answer for source, answer in answers.items()}
        still = [source for key, source in stale.items() if key in _stale(answers)]
        # An actor that staff have put beside the first one since then is asked along with it.
        added = [source for source in order.sources if still and not source.needed and source not in answers]
        _refresh(order, still + added)
    return answers


def _not_now(keys: set[str]) -> set[str]:
    """Those being refreshed already, and those whose refresh failed a moment ago: a broken scraper is not paid at every look."""
    being = Q(status__in=ACTIVE, cancelling=False)
    failed = Q(status=Status.FAILED, reason=Run.Reason.REFRESH, finished_at__gt=timezone.now() - REFRESH_AGAIN)
    return set(Run.objects.filter(being | failed, answer_key__in=keys).values_list("answer_key", flat=True))


def _stale(answers: Mapping[Source, Answer]) -> set[str]:
    return {answer.key for answer in answers.values() if answer.freshness() is Freshness.STALE}


def _stored(answer: Answer) -> Answer:
    stored = store.get(answer.key)
    if stored is None or stored.created_at <= answer.created_at:
        return answer
    memory.drop(answer.key)
    return stored


def _refresh(order: _Order, sources: list[Source]) -> None:
    with transaction.atomic():
        runs = [_join_or_create(order.user, order.query, source, Run.Reason.REFRESH) for source in sources]
    ring(_QUEUE[Run.Reason.REFRESH], "search.start_run", [run.pk for run, new in runs if new])


def _join_or_create(user: User, query: Query, source: Source, reason: Run.Reason) -> tuple[Run, bool]:
    """The active run of this question, locked, or a new one. The lock is against a collector that is just ending it."""
    priority, platform = _PRIORITY[reason], source.platform
    turn = _next_turn(platform, user, priority)
    run, new = Run.objects.select_for_update().get_or_create(
        answer_key=source.key(query),
        status__in=ACTIVE,
        cancelling=False,
        defaults={
            "status": Status.QUEUED,
            "query": query.text,
            "platform": platform.name,
            "date_range": query.date_range,
            "actor": source.actor,
            "item_limit": max(platform.item_limit, ACTORS[source.actor].minimum if source.actor in ACTORS else 0),
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
