"""Guessing slowed down: each try beyond the free ones makes the next one wait longer, up to a minute, never for good.

A try is counted before it is looked at, so that a hundred at once are a hundred; one that was right is taken back.
Counted in Redis; while Redis is away, in each process by itself. API tokens need no brake: they have 192 random bits.
"""

import hashlib
import math
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from scout.queues import connections
from scout.redis import Unavailable

MOST_SECONDS = 60
FORGOTTEN_AFTER = 3_600  # seconds without another try
_MOST_KEPT = 10_000  # counters in a process's own memory

# KEYS: counter, gate; counter, gate; ... ARGV: most seconds, seconds to keep, then the free tries of each pair.
_ATTEMPT = """
local wait = 0
for i = 2, #KEYS, 2 do wait = math.max(wait, redis.call('PTTL', KEYS[i])) end
if wait > 0 then return wait end
for i = 1, #KEYS, 2 do
  local over = redis.call('INCR', KEYS[i]) - tonumber(ARGV[2 + (i + 1) / 2])
  redis.call('EXPIRE', KEYS[i], ARGV[2])
  if over > 0 then
    redis.call('SET', KEYS[i + 1], 1, 'PX', 1000 * math.min(tonumber(ARGV[1]), 2 ^ math.min(over - 1, 10)))
  end
end
return 0
"""
_TAKE_BACK = "if redis.call('EXISTS', KEYS[1]) == 1 then return redis.call('DECR', KEYS[1]) end return 0"


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted: wrong tries at one account, from one address ... `free`: tries before there is any waiting."""

    kind: str
    of: str
    free: int

    @property
    def name(self) -> str:
        """A digest: what is tried may be long, hostile, or a password typed into the wrong field."""
        return f"scout:brake:{self.kind}:{hashlib.sha256(self.of.encode(errors='replace')).hexdigest()[:32]}"

    @property
    def keys(self) -> tuple[str, str]:
        return self.name, f"{self.name}:gate"


def attempt(*counters: Counter) -> int:
    """0 when this try may be made, and then it is counted; else the seconds until the next one may, and nothing is."""
    keys = [key for counter in counters for key in counter.keys]
    try:
        with connections().guarded() as client:
            waits = client.eval(_ATTEMPT, len(keys), *keys, MOST_SECONDS, FORGOTTEN_AFTER, *(c.free for c in counters))
            return math.ceil(int(waits) / 1_000)
    except Unavailable:
        return _process.attempt(counters)


def forget(*counters: Counter) -> None:
    """The try was right, and so is who makes it: begin from nothing."""
    _process.forget(counters)
    try:
        with connections().guarded() as client:
            client.delete(*(key for counter in counters for key in counter.keys))
    except Unavailable:
        pass


def take_back(*counters: Counter) -> None:
    """The try was right, which says nothing of the others that were counted with it."""
    _process.take_back(counters)
    try:
        with connections().guarded() as client:
            for counter in counters:
                client.eval(_TAKE_BACK, 1, counter.keys[0])
    except Unavailable:
        pass


class _Process:
    """The same, in the memory of this process, for as long as Redis is away."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[int, float, float]] = OrderedDict()  # tries, gate until, last try
        self._lock = threading.Lock()

    def attempt(self, counters: tuple[Counter, ...]) -> int:
        now = time.monotonic()
        with self._lock:
            wait = max((self._of(counter, now)[1] - now for counter in counters), default=0.0)
            if wait > 0:
                return math.ceil(wait)
            for counter in counters:
                tries = self._of(counter, now)[0] + 1
                over = tries - counter.free
                gate = now + min(MOST_SECONDS, 2 ** min(over - 1, 10)) if over > 0 else 0.0
                self._kept[counter.name] = (tries, gate, now)
                self._kept.move_to_end(counter.name)
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return 0

    def forget(self, counters: tuple[Counter, ...]) -> None:
        with self._lock:
            for counter in counters:
                self._kept.pop(counter.name, None)

    def take_back(self, counters: tuple[Counter, ...]) -> None:
        with self._lock:
            for counter in counters:
                if counter.name in self._kept:
                    tries, gate, last = self._kept[counter.name]
                    self._kept[counter.name] = (tries - 1, gate, last)

    def _of(self, counter: Counter, now: float) -> tuple[int, float, float]:
        found = self._kept.get(counter.name, (0, 0.0, now))
        return found if now - found[2] < FORGOTTEN_AFTER else (0, 0.0, now)


_process = _Process()
