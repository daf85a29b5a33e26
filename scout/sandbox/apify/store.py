"""All runs, by id and in order of start. The only place that adds or changes one; safe from any thread."""

import threading
import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scout.sandbox.apify import runs, times
from scout.sandbox.apify.errors import ApiError
from scout.sandbox.apify.journal import Journal, run_from
from scout.sandbox.apify.runs import Run


class Store:
    """Runs of every account; kept in memory, and in a journal when there is one."""

    def __init__(self, path: Path | None = None) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._journal = Journal(path)
        self._runs: dict[str, Run] = {}
        self._of: dict[tuple[str, str], list[Run]] = defaultdict(list)
        for line in self._journal.read():
            self._replay(line)

    def add(self, **fields: Any) -> Run:
        with self._lock:
            started = times.now()
            run = Run(id=runs.new_id(), started=started, begun=started, **fields)
            self._journal.note_start(run)
            self._insert(run)
        return run

    def get(self, id: str) -> Run:
        try:
            return self._runs[id]
        except KeyError:
            raise ApiError("record-not-found", "Actor run was not found") from None

    def by_storage(self, id: str, kind: str, what: str) -> Run:
        run = self._runs.get(runs.id_of_run(id)) if id.startswith(kind) else None
        if run is None:
            raise ApiError("record-not-found", f"{what} was not found")
        return run

    def concerned(self, params: Mapping[str, str]) -> Run | None:
        """The run that a path is about, if it names one that exists."""
        storage = params.get("dataset") or params.get("store")
        return self._runs.get(runs.id_of_run(storage) if storage else params.get("run", ""))

    def listed(self, user: str, actor: str = "", after: float | None = None, before: float | None = None) -> list[Run]:
        """An account's runs in order of start, both bounds included."""
        # Not by index: that would make a missing list here, outside the lock, and could lose the one an insert makes.
        rows = self._of.get((user, actor), [])
        low = 0 if after is None else bisect_left(rows, after, key=_started)
        high = len(rows) if before is None else bisect_right(rows, before, key=_started)
        return rows[low:high]

    def abort(self, run: Run, graceful: bool) -> None:
        with self._changed:
            now = times.now()
            if runs.abort(run, now, graceful):
                self._journal.note("abort", id=run.id, at=now, graceful=graceful)
                self._changed.notify_all()

    def resurrect(self, run: Run) -> bool:
        with self._changed:
            now = times.now()
            if not runs.resurrect(run, now):
                return False
            self._journal.note("resurrect", id=run.id, at=now)
            self._changed.notify_all()
            return True

    def announce(self, run: Run, mark: str) -> bool:
        """True for the first caller only: whoever gets it sends the webhook."""
        with self._lock:
            fresh = mark not in run.announced
            run.announced.add(mark)
        return fresh

    def announced(self, run: Run, mark: str) -> None:
        """Not before it has arrived: what a restart interrupts is sent again, as the platform would."""
        self._journal.note("announced", id=run.id, mark=mark)

    def wait(self, run: Run, seconds: float) -> bool:
        """Until the run is over or the time is up; says whether it is over."""
        deadline = time.monotonic() + seconds
        while not runs.at(run, now := times.now()).over:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            with self._changed:
                self._changed.wait(min(left, max(0.002, runs.end_of(run)[1] - now)))
        return True

    def active(self, user: str) -> int:
        now = times.now()
        return sum(runs.status(run, now) not in runs.TERMINAL for run in self.listed(user))

    def all(self) -> Iterator[Run]:
        return iter(list(self._runs.values()))

    def clear(self) -> None:
        with self._lock:
            self._runs.clear()
            self._of.clear()
            self._journal.clear()

    def _insert(self, run: Run) -> None:
        self._runs[run.id] = run
        self._of[run.user, ""].append(run)
        self._of[run.user, run.actor].append(run)

    def _replay(self, line: dict[str, Any]) -> None:
        if line["event"] == "start":
            self._insert(run_from(line))
            return
        run = self._runs.get(line["id"])
        if run is None:
            return
        if line["event"] == "abort":
            runs.abort(run, line["at"], line["graceful"])
        if line["event"] == "resurrect":
            runs.resurrect(run, line["at"])
        if line["event"] == "announced":
            run.announced.add(line["mark"])


def _started(run: Run) -> float:
    return run.started
