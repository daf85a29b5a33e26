"""The items of runs, as JSON bytes. Made when first read, and made again whenever they were pushed out."""

import json
import threading
from collections import OrderedDict
from dataclasses import replace
from typing import Any

from scout.sandbox.apify import actors, catalogue, hostile, runs, times
from scout.sandbox.apify.catalogue import Frame
from scout.sandbox.apify.planning import capped
from scout.sandbox.apify.runs import Run
from scout.sandbox.wire import encode

MOST_BYTES = 96 * 1024 * 1024


class Datasets:
    """Least recently read out first; a dataset is a pure function of its run, so nothing is lost."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: OrderedDict[str, list[bytes]] = OrderedDict()
        self._bytes = 0

    def rows(self, run: Run) -> list[bytes]:
        """What the run has found so far."""
        found = runs.at(run, times.now()).found
        return self._all(run)[:found] if found else []

    def clear(self) -> None:
        with self._lock:
            self._rows.clear()
            self._bytes = 0

    def _all(self, run: Run) -> list[bytes]:
        with self._lock:
            if (known := self._rows.get(run.id)) is not None:
                self._rows.move_to_end(run.id)
                return known
        rows = [encode(item) for item in make(run)]
        with self._lock:
            if run.id not in self._rows:
                self._rows[run.id] = rows
                self._bytes += _size(rows)
            while self._bytes > MOST_BYTES and len(self._rows) > 1:
                self._bytes -= _size(self._rows.popitem(last=False)[1])
        return rows


def make(run: Run) -> list[Any]:
    """Every item the run will ever have, as of its start."""
    actor = actors.find(run.actor)
    items: list[Any] = []
    given = json.loads(run.body or b"{}")
    frame = Frame(run.base_url, given, run.started)
    for ask in actor.asks(given, run.started):
        posts = catalogue.posts(replace(ask, wanted=capped(ask, run.plan.items_per_query)), run.started)
        items += [actor.shape(post, frame) for post in posts]
    return hostile.flavoured(items[: run.plan.items], run.plan.flavour)


def _size(rows: list[bytes]) -> int:
    return sum(map(len, rows)) + 64 * len(rows)
