"""One process watches every running scrape: a plain loop over the database.

Once a second, one list call per actor tells the state of all its runs. Runs that ended are handed to workers, whatever is
overdue is handed out again, and items are read for those that somebody looks at. A slow answer holds up nothing: calls
wait in threads, and what they bring is taken in by a later pass. Two followers share platforms by a lease in a database
row; the lease saves work and guards nothing, since every step of a run is a conditional UPDATE.
"""

import logging
import os
import random
import socket
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import DatabaseError, IntegrityError, close_old_connections, transaction
from django.db.models import Q
from django.utils import timezone

from searches.cache import store
from searches.platforms import health
from searches.platforms.apify import ApifyError, Refused, UpstreamRun
from searches.platforms.models import Platform
from searches.search import announce, handover
from searches.search.cancel import drop_unwanted
from searches.search.finish import end_bereft, end_searches
from searches.search.models import Lease, Run, Status
from searches.search.peek import Peeker
from searches.search.upstream import apify
from searches.thumbnails.order import remind as remind_of_pictures

log = logging.getLogger("scout.follow")
PASS_SECONDS = 1.0
LEASE_SECONDS = 5
MOST_QUEUED_TOLD = 2_000
_LISTED_AFTER = timedelta(seconds=10)  # a run that a list does not show by then is asked for by itself
_SKEW = timedelta(seconds=60)
_BEREFT = timedelta(seconds=15)
_PAGE = 1000
_MAX_PAGES = 10
_SINGLY = 20  # runs asked for by themselves in one go
_TIDY_SECONDS = 10.0
_BRING, _BRING_SECONDS = 50, 0.5
_MOST_HELD = 1_000
_DATABASE_AWAY_SECONDS = 0.25


class Told(NamedTuple):
    """What Apify said of an actor's runs, or the error instead."""

    actor: str
    runs: list[UpstreamRun]
    missing: list[str]  # upstream ids that Apify does not know, or not show
    error: ApifyError | None = None


class Follower:
    """The loop. `stopping` may be set at any time; a pass takes about a second."""

    def __init__(self) -> None:
        self.holder = f"{socket.gethostname()}:{os.getpid()}"
        self.stopping = False
        self.threads = ThreadPoolExecutor(24, thread_name_prefix="follow")
        self.peeker = Peeker(self.threads)
        self._asking: dict[str, Future[Told]] = {}
        self._not_before: dict[str, float] = {}
        self._failures: dict[str, int] = defaultdict(int)
        self._tidied = 0.0

    def run(self) -> None:
        """Pass after pass until told to stop. A database that is away is waited for."""
        log.info("follow %s is up", self.holder)
        while not self.stopping:
            began = time.monotonic()
            self._guarded(self.one_pass)
            while not self.stopping and (left := PASS_SECONDS - (time.monotonic() - began)) > 0:
                self._guarded(self._take_in, left)
        self.threads.shutdown(wait=False, cancel_futures=True)
        log.info("follow %s has left", self.holder)

    def _guarded(self, step: Callable[..., None], *args: Any) -> None:
        try:
            step(*args)
        except DatabaseError as error:
            log.warning("the database does not answer: %s", error)
            close_old_connections()
            time.sleep(_DATABASE_AWAY_SECONDS)

    def one_pass(self) -> None:
        """Ask, hand out, look: in this order, so that reading items never stands before ends and starts."""
        platforms = [p for p in Platform.objects.all() if take_lease(f"follow:{p.name}", self.holder)]
        names = [p.name for p in platforms]
        running = list(Run.objects.filter(platform__in=names, status=Status.RUNNING))
        self._ask(running)
        for platform in platforms:
            handover.overdue(platform)
        self._tidy()
        queued = Run.objects.filter(platform__in=names, status=Status.QUEUED).order_by("priority", "turn", "id")
        self.peeker.look(list(queued.values_list("pk", flat=True)[:MOST_QUEUED_TOLD]), running)

    def _ask(self, running: list[Run]) -> None:
        by_actor: dict[str, list[Run]] = defaultdict(list)
        for run in running:
            by_actor[run.actor].append(run)
        for actor, runs in by_actor.items():
            if actor not in self._asking and time.monotonic() >= self._not_before.get(actor, 0.0):
                watched = {run.upstream_id: run.started_at or run.created_at for run in runs}
                self._asking[actor] = self.threads.submit(ask, actor, watched)

    def _take_in(self, seconds: float) -> None:
        """Wait up to `seconds` for answers and act on those that are there."""
        futures: list[Future[Any]] = [*self._asking.values(), *self.peeker.futures()]
        if not futures:
            time.sleep(min(seconds, 0.25))
            return
        done, _waiting = wait(futures, timeout=min(seconds, 0.25), return_when=FIRST_COMPLETED)
        for actor, future in list(self._asking.items()):
            if future in done:
                del self._asking[actor]
                self._settle(future.result())
        self.peeker.take_in()

    def _settle(self, told: Told) -> None:
        if told.error:
            self._failures[told.actor] += 1
            seconds = min(2.0 ** (self._failures[told.actor] - 1), 10.0)
            self._not_before[told.actor] = time.monotonic() + seconds
            log.warning("%s: runs cannot be listed (%s), again in %.0f s", told.actor, told.error, seconds)
            return
        self._failures.pop(told.actor, None)
        ended = [run.id for run in told.runs if run.ended] + told.missing
        if ended:
            count = handover.ended(ended)
            if count:
                log.info("%s: %d runs have ended", told.actor, count)

    def _tidy(self) -> None:
        if time.monotonic() - self._tidied < _TIDY_SECONDS:
            return
        self._tidied = time.monotonic()
        self._bring_home()
        handover.to_record()
        remind_of_pictures()
        end_held_back()
        bereft = end_bereft(timezone.now() - _BEREFT)
        if bereft:
            log.error("%d searches waited for runs that are gone", bereft)
        orphans = handover.orphans()
        if orphans:
            log.error("searches waited for runs that had ended: %s", orphans)
            with transaction.atomic():
                end_searches(orphans)
            announce.changed(orphans)

    def _bring_home(self) -> None:
        """Answers that were kept in the main database while MongoDB was away go where they belong."""
        until = time.monotonic() + _BRING_SECONDS
        while store.bring_home(_BRING) == _BRING and time.monotonic() < until and not self.stopping:
            continue


def end_held_back() -> None:
    """Searches that have something are not kept waiting by a run whose actor is suspended; nobody then waits for that run."""
    held = list(Run.objects.filter(status=Status.QUEUED, actor__in=health.stopped()).values_list("pk", flat=True)[:_MOST_HELD])
    if held:
        with transaction.atomic():
            end_searches(held)
        drop_unwanted(held)
        announce.changed(held)


def ask(actor: str, watched: dict[str, datetime]) -> Told:
    """The state of an actor's watched runs, in a thread: HTTP only. One list call, unless some are not in it."""
    try:
        listed = _list(actor, min(watched.values()) - _SKEW, set(watched))
        late = [i for i, at in watched.items() if i not in listed and timezone.now() - at > _LISTED_AFTER]
        missing = []
        for upstream_id in random.sample(late, min(len(late), _SINGLY)):
            try:
                listed[upstream_id] = apify().get(upstream_id)
            except Refused:
                missing.append(upstream_id)
            except ApifyError as error:
                log.warning("%s: run %s cannot be asked for: %s", actor, upstream_id, error)
                break  # what was listed counts; the others are asked for the next time
        return Told(actor, [listed[i] for i in watched if i in listed], missing)
    except ApifyError as error:
        return Told(actor, [], [], error)


def _list(actor: str, since: datetime, wanted: set[str]) -> dict[str, UpstreamRun]:
    listed: dict[str, UpstreamRun] = {}
    for page in range(_MAX_PAGES):
        runs = apify().list_runs(actor, since, limit=_PAGE, offset=page * _PAGE)
        listed.update((run.id, run) for run in runs)
        if len(runs) < _PAGE or wanted <= listed.keys():
            break
    return listed


def take_lease(name: str, holder: str) -> bool:
    """Hold `name` for the next seconds, unless somebody else does."""
    now = timezone.now()
    until = now + timedelta(seconds=LEASE_SECONDS)
    if Lease.objects.filter(Q(holder=holder) | Q(until__lt=now), name=name).update(holder=holder, until=until):
        return True
    if Lease.objects.filter(name=name).exists():
        return False
    try:
        with transaction.atomic():
            Lease.objects.create(name=name, holder=holder, until=until)
    except IntegrityError:
        return False
    return True


def drop_leases(holder: str) -> None:
    """Let others have at once what this holder followed."""
    Lease.objects.filter(holder=holder).update(until=timezone.now())
