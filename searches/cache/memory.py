"""The first cache tier: answers in the memory of each web process, most recently used kept, bounded by bytes and count.

A worker that writes an answer says its key on a Redis channel; every web process then drops it. After each (re)subscribe
all is dropped, because what was said meanwhile was missed. While Redis is away this tier goes on serving.
"""

import logging
import threading
import time

import redis
from cachetools import LRUCache
from django.conf import settings

from scout.queues import connections
from scout.redis import Unavailable
from searches.cache.answer import Answer

log = logging.getLogger("scout.cache")
CHANNEL = "scout:answers"
_ENTRY_BYTES = 1_000  # what an entry costs beside its body


class Memory:
    """Answers by key. Thread-safe."""

    def __init__(self, max_bytes: int, max_count: int) -> None:
        # Each entry is charged its share of the bytes at least: one bound then keeps both limits.
        share = max_bytes // max_count if max_count else max_bytes + 1
        self._entries: LRUCache[str, Answer] = LRUCache(max_bytes, getsizeof=lambda a: max(len(a.body) + _ENTRY_BYTES, share))
        self._lock = threading.Lock()
        self._version = 0

    @property
    def version(self) -> int:
        """Rises with every drop; take it before reading the second tier and hand it to `put`."""
        return self._version

    def get(self, key: str) -> Answer | None:
        with self._lock:
            answer: Answer | None = self._entries.get(key)
            return answer

    def put(self, answer: Answer, version: int) -> None:
        """Keep an answer, unless something was dropped since `version`: it may be what was just read."""
        with self._lock:
            if version == self._version and self._entries.getsizeof(answer) <= self._entries.maxsize:
                self._entries[answer.key] = answer

    def drop(self, key: str) -> None:
        with self._lock:
            self._version += 1
            self._entries.pop(key, None)

    def clear(self) -> None:
        with self._lock:
            self._version += 1
            self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)


memory = Memory(settings.MEMORY_BYTES, settings.MEMORY_ANSWERS)


def say_changed(client: redis.Redis, keys: list[str]) -> None:
    """Tell every web process that these answers were written."""
    pipe = client.pipeline(transaction=False)
    for key in keys:
        pipe.publish(CHANNEL, key)
    pipe.execute()


def listen_forever() -> None:
    """Drop what is said to have changed. For a daemon thread of each web process."""
    while True:
        try:
            with connections().sync().pubsub(ignore_subscribe_messages=True) as said:
                said.subscribe(CHANNEL)
                said.get_message(timeout=5)
                memory.clear()
                log.info("answers in memory follow %s", CHANNEL)
                while True:
                    message = said.get_message(timeout=30)
                    if message:
                        memory.drop(message["data"].decode(errors="replace"))
                    else:
                        said.ping()
        except Unavailable:
            return
        except (redis.RedisError, OSError) as error:
            log.warning("answers in memory are on their own: %s", type(error).__name__)
            time.sleep(1)


def listen() -> None:
    threading.Thread(target=listen_forever, name="answers", daemon=True).start()
