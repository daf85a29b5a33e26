"""Reads new items of running scrapes that somebody is looking at, so that their page fills while it runs.

Capped per pass, and slower for a run that brings nothing new; the end of a run is collected whole in any case. Threads do
HTTP, mapping and Redis; database rows are written by the loop, a batch at a time.
"""

import logging
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import redis
from django.db import transaction

from scout.queues import connections
from scout.redis import Unavailable
from searches.platforms.apify import ApifyError
from searches.platforms.registry import ACTORS
from searches.search import announce, live
from searches.search.gather import began
from searches.search.mapping import map_rows
from searches.search.models import Run, Status
from searches.search.upstream import apify

log = logging.getLogger("scout.follow")
READS_PER_PASS = 50
READ_ROWS = 200
_SLOWEST_SECONDS = 5.0
_STATE_EVERY_SECONDS = 5.0


@dataclass(slots=True)
class Place:
    """How far a run has been read, and when to look again."""

    offset: int = 0
    found: int = 0
    pause: float = 1.0
    next_at: float = 0.0
    told_at: float = 0.0


class Peeker:
    """What the follower knows of watched runs. Forgotten with the process: the list in Redis says how far it is."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self._threads = threads
        self._places: dict[int, Place] = {}
        self._reading: dict[int, tuple[Run, Future[tuple[int, int] | None]]] = {}

    def futures(self) -> list[Future[tuple[int, int] | None]]:
        return [future for _run, future in self._reading.values()]

    def look(self, queued: list[int], running: list[Run]) -> None:
        """Begin reading what is due of the watched running runs; tell the watchers of queued ones where they stand."""
        watched = self._watched(queued + [run.pk for run in running])
        self._places = {pk: place for pk, place in self._places.items() if pk in watched}
        now = time.monotonic()
        self._retell([pk for pk in watched if now - self._place(pk).told_at > _STATE_EVERY_SECONDS])
        due = [run for run in running if run.pk in watched and run.pk not in self._reading]
        due.sort(key=lambda run: self._place(run.pk).next_at)
        for run in due[: READS_PER_PASS - len(self._reading)]:
            if self._place(run.pk).next_at <= now:
                self._reading[run.pk] = (run, self._threads.submit(read_new, run, self._place(run.pk).offset))

    def take_in(self) -> None:
        """Write what finished readings found, and tell watchers."""
        found: dict[int, int] = {}
        for pk, (run, future) in list(self._reading.items()):
            if future.done():
                del self._reading[pk]
                if self._advance(run, future.result()):
                    found[pk] = self._place(pk).found
        if found:
            with transaction.atomic():
                for pk, count in found.items():
                    Run.objects.filter(pk=pk, status=Status.RUNNING).update(items_found=count)
            self._retell(list(found))

    def _advance(self, run: Run, result: tuple[int, int] | None) -> bool:
        place = self._place(run.pk)
        moved = result is not None and result[0] != place.offset
        if result is not None:
            place.offset, place.found = result
        place.pause = 1.0 if moved else min(place.pause * 1.5, _SLOWEST_SECONDS)
        place.next_at = time.monotonic() + place.pause
        if moved:
            log.info("run %s: %d of %d items (%s)", run.pk, place.found, run.item_limit, run.answer_key)
        return moved

    def _retell(self, run_ids: list[int]) -> None:
        if run_ids:
            announce.changed(run_ids)
            for pk in run_ids:
                self._place(pk).told_at = time.monotonic()

    def _watched(self, run_ids: list[int]) -> set[int]:
        try:
            with connections().guarded() as client:
                return live.watched(client, run_ids)
        except Unavailable:
            return set()

    def _place(self, pk: int) -> Place:
        return self._places.setdefault(pk, Place())


def read_new(run: Run, offset: int) -> tuple[int, int] | None:
    """Append a run's new items to its live list; the list's length and its items. None when nothing could be read."""
    try:
        page = apify().items(run.dataset_id, offset, READ_ROWS)
        entries = map_rows(ACTORS[run.actor], page.rows, run.date_range, began(run)).entries
        if not offset and not any(entries):
            return None  # nobody is to read on behind rows without a post: another actor may take over, and begins at 0
        with connections().guarded() as client:
            return live.append(client, run.pk, offset, entries)
    except (ApifyError, Unavailable, redis.RedisError) as error:
        log.debug("run %s: items not read: %s", run.pk, error)
        return None
    except Exception:
        log.exception("run %s: items not read", run.pk)  # this run's trouble is not to end the loop for all
        return None
