"""Written behind: who was served a known answer, and how often each is asked for. A hit itself writes nothing.

Gathered in memory and written once a second by a thread of the web process. A web process that is killed loses at most
that second of history; no answer and no order depends on it.
"""

import logging
import threading
import time
from collections import Counter

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from searches.accounts.models import User
from searches.cache import store
from searches.query import Query
from searches.search.models import Search, Status
from searches.search.submit import Hit

log = logging.getLogger("scout.search")
FLUSH_SECONDS = 1.0
_MOST = 10_000

_lock = threading.Lock()
_asked: Counter[str] = Counter()
_searches: list[Search] = []
_thread: threading.Thread | None = None


def note(user: User, query: Query, hit: Hit) -> None:
    """Remember that `user` was served this answer."""
    global _thread
    now = timezone.now()
    row = Search(
        user=user,
        answer_key=query.key,
        query=query.text,
        platform=query.platform,
        date_range=query.date_range,
        status=Status.COMPLETED,
        cached=True,
        item_count=sum(answer.item_count for answer in hit.answers.values()),
        created_at=now,
        finished_at=now,
    )
    with _lock:
        _asked.update(answer.key for answer in hit.answers.values())
        if len(_searches) < _MOST:
            _searches.append(row)
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_write_forever, name="history", daemon=True)
            _thread.start()


def flush() -> int:
    """Write what has gathered; how many rows of history."""
    with _lock:
        rows, asked = _searches[:], dict(_asked)
        _searches.clear()
        _asked.clear()
    written = sum(_write(rows[start : start + 500]) for start in range(0, len(rows), 500))
    if asked:
        store.count_accesses(asked)
    return written


def _write(rows: list[Search]) -> int:
    """Write rows; those of people who have been deleted meanwhile are left out, or they would take the others along."""
    with transaction.atomic():
        people = set(User.objects.filter(pk__in={row.user_id for row in rows}).values_list("pk", flat=True))
        return len(Search.objects.bulk_create([row for row in rows if row.user_id in people]))


def _write_forever() -> None:
    while True:
        time.sleep(FLUSH_SECONDS)
        try:
            if _asked:
                flush()
        except DatabaseError:
            log.exception("history of a second was not written")
            connection.close()
