"""Short ways to bring a search to where a test wants it: Scout's own verbs, and a row's clock turned back."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from scout.queues import connections
from scout.redis import Target
from searches.accounts.models import User
from searches.cache import store
from searches.cache.answer import Answer, etag_of
from searches.platforms.models import Platform
from searches.platforms.sources import Source
from searches.query import parse
from searches.search import handover, results
from searches.search.collect import collect_due
from searches.search.models import Run, Search
from searches.search.start import start_due
from searches.search.submit import Placed, submit

TIKTOK = "tiktok"
#: Tests that need commits which other threads see. What migrations wrote is put back after each of them.
THREADS = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def ago(seconds: float) -> datetime:
    return timezone.now() - timedelta(seconds=seconds)


def ask(person: User, text: str = "립스틱", date_range: str = "7days", key: str | None = None) -> Search:
    """A person's search for something that is not known yet."""
    placed = submit(person, parse(text, TIKTOK, date_range), key)
    assert isinstance(placed, Placed)
    return placed.search


def run_of(search: Search) -> Run:
    """The one run of a search, as it stands now."""
    return search.runs.get()


def started(person: User, text: str = "립스틱", date_range: str = "7days") -> Search:
    """A search that runs at Apify."""
    search = ask(person, text, date_range)
    start_due(TIKTOK)
    return search


def over(search: Search) -> Run:
    """Apify says that the search's run has ended: it waits to be collected."""
    run = run_of(search)
    handover.ended([run.upstream_id])
    return run_of(search)


def collected(search: Search) -> Run:
    """The search's run, read to its end."""
    over(search)
    collect_due(TIKTOK)
    return run_of(search)


def set_row(row: Run | Search, **values: Any) -> None:
    type(row).objects.filter(pk=row.pk).update(**values)
    row.refresh_from_db()


def platform(**values: Any) -> Platform:
    """The platform, with these settings."""
    Platform.objects.filter(pk=TIKTOK).update(**values)
    return Platform.objects.get(pk=TIKTOK)


def queued_jobs(client: Any, name: str = "search") -> list[str]:
    """What waits on a queue, as `job id`; nothing is taken off."""
    ids = [key.decode() for key in client.lrange(f"rq:queue:{name}", 0, -1)]
    return [client.hget(f"rq:job:{i}", "description").decode() for i in ids]


def known(text: str, items: int = 1, age_seconds: float = 0, date_range: str = "7days", partial: bool = False) -> Answer:
    """An answer in the store, as if it had been fetched that long ago."""
    query = parse(text, TIKTOK, date_range)
    body = b"[" + b",".join(b'{"id":"%d"}' % i for i in range(items)) + b"]"
    at = ago(age_seconds)
    answer = Answer(query.key, body, (), items, 0, partial, at, at + timedelta(days=90), etag_of(body))
    store.put(answer, query.text, TIKTOK, date_range)
    return answer


def between(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Any]) -> None:
    """Let something happen after the answers were looked up for the first time and before the order is written."""
    look_up, pending = results.known, [happens]

    def known_then(*args: Any) -> dict[Source, Answer]:
        found = look_up(*args)
        if pending:
            pending.pop()()
        return found

    monkeypatch.setattr(results, "known", known_then)


@contextmanager
def redis_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing listens where Redis is said to be."""
    shared = connections()
    with monkeypatch.context() as patch:
        patch.setattr(shared, "target", Target(host="127.0.0.1", port=1))
        patch.setattr(shared, "_sync", None)
        patch.setattr(shared, "_failed_at", float("-inf"))
        yield
    shared._failed_at = float("-inf")


def at_once(*work: Callable[[], Any]) -> list[Any]:
    """Run all of these in threads that begin together; what they returned or raised."""
    results: list[Any] = [None] * len(work)
    barrier = threading.Barrier(len(work))

    def do(i: int) -> None:
        barrier.wait(10)
        try:
            results[i] = work[i]()
        except Exception as error:
            results[i] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=(i,)) for i in range(len(work))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results
