"""Everything the look-alike holds while it runs, and one call on its way through it."""

import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from scout.sandbox.apify import magic
from scout.sandbox.apify.datasets import Datasets
from scout.sandbox.apify.errors import ApiError
from scout.sandbox.apify.faults import FaultBook, Rule
from scout.sandbox.apify.ratelimit import Buckets
from scout.sandbox.apify.settings import Settings
from scout.sandbox.apify.store import Store
from scout.sandbox.apify.webhooks import Webhooks
from scout.sandbox.wire import Request


class Apify:
    """The parts, wired, and the counters."""

    def __init__(self, settings: Settings, state_file: Path | None = None) -> None:
        self.settings = settings
        self.store = Store(state_file)
        self.datasets = Datasets()
        self.faults = FaultBook(magic.rules())
        self.buckets = Buckets(settings)
        self.webhooks = Webhooks(self.store, settings)
        self._counting = threading.Lock()
        self.calls: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()

    def count(self, call: str, status: int) -> None:
        with self._counting:
            self.calls[call] += 1
            self.statuses[status] += 1

    def reset(self) -> None:
        self.webhooks.clear()
        self.store.clear()
        self.datasets.clear()
        self.faults.clear()
        self.buckets.clear()
        self.calls.clear()
        self.statuses.clear()


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was let in: who asks, what the path names, and what is to go wrong with a run it starts."""

    request: Request
    params: dict[str, str]
    user: str
    fate: Rule | None = None

    def number(self, name: str, default: float | None = None, most: float | None = None) -> float | None:
        """A query parameter that must be a number, 0 or more."""
        text = self.request.query.get(name, "")
        if not text:
            return default
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value < float("inf"):
            raise ApiError("invalid-parameter", f'Query parameter "{name}" must be a non-negative number.')
        return value if most is None else min(value, most)

    def whole(self, name: str, default: int, most: int | None = None) -> int:
        return int(self.number(name, default, most) or 0)
