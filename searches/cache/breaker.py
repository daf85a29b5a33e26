"""Whether a database of answers is asked at all. One that has failed is left alone until it answers again.

A MongoDB that is dead or hangs costs its time-out once. After that nobody waits for it: a thread of this process reads from
it every few seconds, and the first reading that comes back lets everybody in again.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.db import DataError, Error, IntegrityError, connections

from searches.cache.models import CachedAnswer
from searches.cache.router import DOCUMENTS, aliases

log = logging.getLogger("scout.cache")
PROBE_SECONDS = 3.0
PING_SECONDS = 0.5
NAMES = {DOCUMENTS: "MongoDB"}


class Away(Exception):
    """This database does not answer just now, or could not take this document."""


class Breaker:
    """Closed: the database is asked. Open: it has failed, and a thread is finding out when it is back. Thread-safe."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.name = NAMES.get(alias, "the main database")
        self._lock = threading.Lock()
        self._prober: threading.Thread | None = None
        self._closed = threading.Event()
        self._looker: threading.Thread | None = None

    @property
    def is_open(self) -> bool:
        # Open for as long as somebody probes: in a forked child nobody does, and it finds out for itself.
        return self._prober is not None and self._prober.is_alive() and not self._closed.is_set()

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Whatever goes wrong with the storage in here is Away; at once, without trying, while the breaker is open."""
        if self.is_open:
            raise Away(self.name)
        try:
            yield
        except _errors() as error:
            # Only the kind of error: its text may name hosts and people.
            if _is_of_the_document(error):
                log.warning("%s cannot hold an answer (%s)", self.name, type(error).__name__)
            else:
                self.trip(error)
            raise Away(self.name) from None

    def trip(self, error: Exception) -> None:
        """It has failed: leave it alone until it answers again."""
        with self._lock:
            if self.is_open:
                return
            cause = error.__cause__ or error
            log.warning("answers: %s does not answer (%s); it is left alone until it does", self.name, type(cause).__name__)
            self._closed = threading.Event()
            self._prober = threading.Thread(target=self._probe, args=(self._closed,), name=f"probe-{self.alias}", daemon=True)
            self._prober.start()

    def close(self) -> None:
        """Ask it again from now on."""
        self._closed.set()

    def answers(self) -> bool:
        """Whether it answers, as far as can be told in half a second. A slower look goes on in its thread and counts for
        whoever asks next: giving up on it early would close MongoDB to readers, and have them pay for what it holds."""
        with self._lock:
            if not (self.is_open or (self._looker and self._looker.is_alive())):
                self._looker = threading.Thread(target=self._look, name=f"look-{self.alias}", daemon=True)
                self._looker.start()
            looker = self._looker
        if looker and not self.is_open:
            looker.join(PING_SECONDS)
        return not self.is_open

    def _look(self) -> None:
        try:
            with self.guarded():
                read(self.alias)
        except Away:
            log.debug("%s does not answer", self.name)
        finally:
            connections.close_all()  # this thread's

    def _probe(self, closed: threading.Event) -> None:
        try:
            while not closed.wait(PROBE_SECONDS):
                try:
                    read(self.alias)
                except Exception as error:  # whatever it is, it is no answer
                    log.debug("%s: %s", self.name, type(error).__name__)
                    continue
                log.info("answers: %s is back", self.name)
                closed.set()
        finally:
            connections.close_all()  # this thread's


def read(alias: str) -> None:
    """Read from the answers, as readers do: a ping is answered as well by a server that lets nobody in."""
    CachedAnswer.objects.using(alias).filter(key="").exists()


@cache
def breaker(alias: str) -> Breaker:
    """The breaker in front of this database, one in a process."""
    return Breaker(alias)


def _errors() -> tuple[type[Exception], ...]:
    """What storage raises. pymongo is large: it is not imported where there is no MongoDB."""
    if DOCUMENTS not in aliases():
        return (Error,)
    from bson.errors import BSONError
    from pymongo.errors import PyMongoError

    # The last three come from outside of Django's own wrapping: numbers over 64 bits, NUL in keys, more than 16 MB.
    return (Error, PyMongoError, BSONError, OverflowError)


def _is_of_the_document(error: Exception) -> bool:
    if isinstance(error, DataError | IntegrityError | OverflowError):
        return True
    return type(error).__module__.startswith("bson.") or type(error).__name__ in {"InvalidDocument", "DocumentTooLarge"}


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is done in here may take MongoDB so long, instead of its usual limit; other databases keep theirs."""
    if DOCUMENTS not in aliases():
        yield
        return
    import pymongo

    with pymongo.timeout(seconds):
        yield
