"""What is new to a person since they last looked at a question. Read in the request, written behind it.

A visit lasts as long as its looks are less than PAUSE apart, so that nothing stops being new while somebody filters and
pages through it. Posts are remembered as 32-bit marks, those of the answer as it was shown: nothing depends on when a post
was published or found, and one that comes back is not new again. At a first visit nothing is new.
"""

import logging
import threading
import time
import zlib
from array import array
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from searches.accounts.models import User
from searches.search.models import Visit

log = logging.getLogger("scout.search")
PAUSE = timedelta(minutes=30)
FLUSH_SECONDS = 1.0
PRUNE_SECONDS = 3_600.0
MOST_MARKS = 5_000
_MOST_WAITING = 10_000


class Since(NamedTuple):
    """The end of the visit before, and the keys of the posts that are new since."""

    at: datetime
    new: frozenset[str]


class _Look(NamedTuple):
    at: datetime
    marks: list[int]


_lock = threading.Lock()
_looks: dict[tuple[int, str], _Look] = {}
_thread: threading.Thread | None = None


def mark(key: str) -> int:
    """The CRC-32 of a post's key (see measures.key); refresh.js has the same."""
    return zlib.crc32(key.encode())


def since(user: User, answer_key: str, keys: Sequence[str]) -> Since | None:
    """What of these is new since the person's last visit; None where there was none."""
    visit = Visit.objects.filter(user=user, answer_key=answer_key).first()
    if visit is None:
        return None
    ended = visit.last_at < timezone.now() - PAUSE
    at = visit.last_at if ended else visit.before_at
    if at is None:
        return None
    before = {*_unpacked(visit.seen), *(_unpacked(visit.current) if ended else ())}
    return Since(at, frozenset(key for key in keys if mark(key) not in before))


def note(user: User, answer_key: str, keys: Iterable[str]) -> None:
    """Remember that the person was shown an answer of these posts."""
    global _thread
    look = _Look(timezone.now(), [mark(key) for key in keys])
    with _lock:
        if (user.pk, answer_key) in _looks or len(_looks) < _MOST_WAITING:
            _looks[user.pk, answer_key] = look
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_write_forever, name="visits", daemon=True)
            _thread.start()


def flush() -> int:
    """Write what has gathered; how many visits. Those of people who have been deleted meanwhile are left out."""
    with _lock:
        looks = dict(_looks)
        _looks.clear()
    people = set(User.objects.filter(pk__in={user_id for user_id, _key in looks}).values_list("pk", flat=True))
    known = {name: look for name, look in looks.items() if name[0] in people}
    for (user_id, key), look in known.items():
        _write(user_id, key, look)
    return len(known)


def prune(before: datetime, limit: int = 10_000) -> int:
    """Forget visits whose last look was before that, at most `limit` of them: their answers have expired. How many."""
    ids = list(Visit.objects.filter(last_at__lt=before).values_list("pk", flat=True)[:limit])
    return Visit.objects.filter(pk__in=ids).delete()[0]


def _write(user_id: int, answer_key: str, look: _Look) -> None:
    with transaction.atomic():
        row, new = Visit.objects.select_for_update().get_or_create(
            user_id=user_id, answer_key=answer_key, defaults={"last_at": look.at, "current": _packed(look.marks)}
        )
        if new:
            return
        if row.last_at < look.at - PAUSE:
            row.seen = _packed([*_unpacked(row.seen), *_unpacked(row.current)])
            row.current, row.before_at = b"", row.last_at
        row.current = _packed([*_unpacked(row.current), *look.marks])
        row.last_at = max(row.last_at, look.at)
        row.save(update_fields=["seen", "current", "before_at", "last_at"])


def _packed(marks: Iterable[int]) -> bytes:
    """Each once, four bytes each; the latest where there are too many."""
    return array("I", list(dict.fromkeys(marks))[-MOST_MARKS:]).tobytes()


def _unpacked(data: bytes | memoryview) -> "array[int]":
    return array("I", bytes(data))


def _write_forever() -> None:
    pruned = time.monotonic()
    while True:
        time.sleep(FLUSH_SECONDS)
        try:
            if _looks:
                flush()
            if time.monotonic() - pruned > PRUNE_SECONDS:
                pruned = time.monotonic()
                prune(timezone.now() - timedelta(seconds=settings.KEEP_SECONDS))
        except DatabaseError:
            log.exception("visits of a second were not written")
            connection.close()
