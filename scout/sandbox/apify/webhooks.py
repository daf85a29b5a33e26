"""Ad-hoc webhooks: watches the clock for runs that end, delivers, retries with doubling delay."""

import base64
import binascii
import heapq
import itertools
import json
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import Any

from scout.sandbox.apify import dispatches, run_view, runs, times
from scout.sandbox.apify.dispatches import Dispatch
from scout.sandbox.apify.errors import ApiError
from scout.sandbox.apify.runs import Run
from scout.sandbox.apify.settings import Settings
from scout.sandbox.apify.store import Store

SENDERS = 16
KEPT_DISPATCHES = 2000
EVENTS = {
    "SUCCEEDED": "ACTOR.RUN.SUCCEEDED",
    "FAILED": "ACTOR.RUN.FAILED",
    "ABORTED": "ACTOR.RUN.ABORTED",
    "TIMED-OUT": "ACTOR.RUN.TIMED_OUT",
}
CREATED, RESURRECTED = "ACTOR.RUN.CREATED", "ACTOR.RUN.RESURRECTED"


def parse(text: str) -> list[dict[str, Any]]:
    """The `webhooks` parameter: base64 of a JSON array."""
    if not text:
        return []
    try:
        hooks = json.loads(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        raise ApiError("invalid-parameter", 'Query parameter "webhooks" is not a base64-encoded JSON array.') from None
    if not isinstance(hooks, list) or not all(isinstance(hook, dict) for hook in hooks):
        raise ApiError("invalid-parameter", 'Query parameter "webhooks" is not a base64-encoded JSON array.')
    for hook in hooks:
        if not isinstance(hook.get("requestUrl"), str) or not isinstance(hook.get("eventTypes"), list):
            raise ApiError("invalid-parameter", "A webhook needs eventTypes and requestUrl.")
        if not all(isinstance(hook.get(name), str | None) for name in ("payloadTemplate", "headersTemplate")):
            raise ApiError("invalid-parameter", "A webhook's templates must be text.")
    return [{**hook, "id": runs.new_id("W")} for hook in hooks]


class Webhooks:
    """One clock thread and a few senders, started by the first webhook; a slow receiver holds up one sender only."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._wake = threading.Condition()
        self._number = itertools.count()
        self._outbox: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._running = False
        self._keys: dict[tuple[str, str], str] = {}
        self.recent: deque[Dispatch] = deque(maxlen=KEPT_DISPATCHES)
        self.outcomes: Counter[str] = Counter()
        for run in store.all():
            self.own(run.webhooks, run.user)
            self.watch(run)

    def own(self, hooks: list[dict[str, Any]], user: str) -> list[dict[str, Any]]:
        """Those that get attached: a key used before names the webhook of an earlier run."""
        with self._wake:
            keyed = [(hook, (user, str(hook.get("idempotencyKey") or hook["id"]))) for hook in hooks]
            return [hook for hook, key in keyed if self._keys.setdefault(key, hook["id"]) == hook["id"]]

    def watch(self, run: Run) -> None:
        """Call when a run is new or its end has moved."""
        if not run.webhooks:
            return
        self._announce(run, CREATED)
        if run.resurrections:
            self._announce(run, RESURRECTED)
        self._at(runs.end_of(run)[1], partial(self._check, run))

    def clear(self) -> None:
        with self._wake:
            self._due.clear()
            self._keys.clear()
            self.recent.clear()
            self.outcomes.clear()

    def _check(self, run: Run) -> None:
        status = runs.at(run, times.now()).status
        if status in EVENTS:
            self._announce(run, EVENTS[status])
        elif runs.end_of(run)[1] != runs.NEVER:
            self._at(max(runs.end_of(run)[1], times.now() + 0.005), partial(self._check, run))

    def _announce(self, run: Run, event: str) -> None:
        for hook in run.webhooks:
            mark = f"{hook['id']} {event}"
            if event in hook["eventTypes"] and self._store.announce(run, mark):
                now = times.now()
                dispatch = dispatches.compose(runs.new_id("P"), hook, event, run_view.whole(run, now, with_cost=True), now)
                self.recent.append(dispatch)
                for _ in range(max(1, self._settings.webhook_copies)):
                    self._post(0, partial(self._send, run, mark, dispatch, 0))

    def _send(self, run: Run, mark: str, dispatch: Dispatch, retry: int) -> None:
        if dispatches.deliver(dispatch):
            dispatch.status = "SUCCEEDED"
        elif dispatch.hook.get("doNotRetry") or retry >= self._settings.webhook_retries:
            dispatch.status = "FAILED"
        else:
            delay = self._settings.webhook_base_delay * 2**retry
            self._post(time.time() + delay, partial(self._send, run, mark, dispatch, retry + 1))
            return
        with self._wake:
            self.outcomes[dispatch.status] += 1
        self._store.announced(run, mark)

    def _post(self, moment: float, errand: Callable[[], None]) -> None:
        """Hands an errand to the senders when its time has come."""
        self._at(moment, partial(self._outbox.put, errand))

    def _at(self, moment: float, action: Callable[[], None]) -> None:
        with self._wake:
            if not self._running:
                self._running = True
                threading.Thread(target=self._clock, daemon=True).start()
                for _ in range(SENDERS):
                    threading.Thread(target=self._sender, daemon=True).start()
            heapq.heappush(self._due, (moment, next(self._number), action))
            self._wake.notify()

    def _clock(self) -> None:
        while True:
            with self._wake:
                while not self._due or self._due[0][0] > time.time():
                    self._wake.wait(min(3600, self._due[0][0] - time.time()) if self._due else None)
                action = heapq.heappop(self._due)[2]
            action()

    def _sender(self) -> None:
        while True:
            self._outbox.get()()
