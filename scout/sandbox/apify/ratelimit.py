"""The platform's rate limits: a token bucket per resource, refilled every second."""

import threading
import time

from scout.sandbox.apify.errors import ApiError
from scout.sandbox.apify.settings import Settings

#: Buckets kept before the full ones are forgotten: every run and dataset is a resource of its own.
MOST_BUCKETS = 10_000


class Buckets:
    """Each resource may be asked for a second's worth at once, then at its rate."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._levels: dict[tuple[str, str], tuple[float, float]] = {}

    def limit(self, group: str) -> float:
        return {"start": self._settings.start_rate, "record": self._settings.record_rate}.get(group, self._settings.rate)

    def take(self, group: str, resource: str) -> None:
        """Raises `rate-limit-exceeded` when the resource's bucket is empty."""
        rate = self.limit(group)
        if rate <= 0:
            return
        now = time.monotonic()
        with self._lock:
            level, last = self._levels.get((group, resource), (rate, now))
            level = min(max(rate, 1.0), level + (now - last) * rate)
            self._levels[group, resource] = (level - 1 if level >= 1 else level, now)
            if len(self._levels) > MOST_BUCKETS:
                self._forget(now)
        if level < 1:
            raise ApiError("rate-limit-exceeded", f"You have exceeded the rate limit of {rate:g} requests per second")

    def clear(self) -> None:
        with self._lock:
            self._levels.clear()

    def _forget(self, now: float) -> None:
        self._levels = {key: state for key, state in self._levels.items() if now - state[1] < 1}
