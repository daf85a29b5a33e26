"""Fetches the pictures that are due: many at once, the longest due first, for a few seconds a job.

The job shares its worker with chats and mail, so it is short and rings again for the rest. Decoding, which takes the processor,
is done by a process that is nice to all others. Nothing is written in a transaction: with SQLite, searches wait for its end.
"""

import logging
import secrets
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F, Sum
from django.utils import timezone

from scout.outgoing import OutgoingError, Refused, Unreachable, request
from searches.thumbnails import folder
from searches.thumbnails.decoder import Decoder
from searches.thumbnails.hosts import rules
from searches.thumbnails.models import State, Thumbnail
from searches.thumbnails.picture import Picture, Unreadable
from searches.thumbnails.prune import prune

log = logging.getLogger("scout.worker")
THREADS = 16
AT_ONCE = 64  # taken from the database ahead of the threads
SECONDS = 4.0
TRIES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))  # links die within hours
_LEASE = timedelta(seconds=60)  # AT_ONCE / THREADS times the longest that a fetch may take, and half as much again
_GIVE_UP_HOST = 4
_FIELDS = ["state", "source", "next_try", "error", "digest", "width", "height", "bytes", "fetched_at"]
_ACCEPT = {"Accept": "image/jpeg,image/png,image/webp,image/gif,image/avif", "User-Agent": "Mozilla/5.0 (compatible; Scout)"}


class Got(NamedTuple):
    """A fetched picture, or the error instead."""

    picture: Picture | None
    error: str = ""
    final: bool = False


def fetch_due(seconds: float = SECONDS) -> int:
    """Fetch what is due, for about as many seconds; how many pictures were dealt with."""
    began, handled = time.monotonic(), Counter[str]()
    silent: Counter[str] = Counter()
    running: dict[Future[Got], Thumbnail] = {}
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="thumbnails")
    decoder = Decoder()
    try:
        while time.monotonic() - began < seconds:
            running |= {threads.submit(_get, row, silent, decoder): row for row in claim(AT_ONCE - len(running))}
            if not running:
                break
            handled.update(_take_in(running, 0.25))
        put_back([row for future, row in running.items() if future.cancel()])
        running = {future: row for future, row in running.items() if not future.cancelled()}
        while running:
            handled.update(_take_in(running, 0.25))
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        decoder.close()
    if handled:
        log.info(
            "pictures: %d kept, %d not, in %.1f s", handled[State.KEPT], handled.total() - handled[State.KEPT], time.monotonic() - began
        )
        _keep_within_bounds()
    return handled.total()


def claim(most: int) -> list[Thumbnail]:
    """Take what is due, so that nobody else does for a minute. The try is counted now: a picture that ends the process is
    not to be tried for ever."""
    if most <= 0:
        return []
    now = timezone.now()
    due = Thumbnail.objects.filter(state=State.WAITING, next_try__lte=now)
    ids = list(due.order_by("next_try", "id").values_list("pk", flat=True)[:most])
    # To the microsecond this moment is ours: by it we know our rows from those that another fetcher has taken meanwhile.
    until = now + _LEASE + timedelta(microseconds=secrets.randbelow(1_000_000))
    due.filter(pk__in=ids).update(next_try=until, tries=F("tries") + 1)
    ours = Thumbnail.objects.in_bulk(ids)
    return [ours[pk] for pk in ids if pk in ours and ours[pk].next_try == until and ours[pk].state == State.WAITING]


def put_back(rows: Iterable[Thumbnail]) -> None:
    """These were taken and not begun."""
    ids = [row.pk for row in rows]
    Thumbnail.objects.filter(pk__in=ids, tries__gt=0).update(next_try=timezone.now(), tries=F("tries") - 1)


def _get(row: Thumbnail, silent: Counter[str], decoder: Decoder) -> Got:
    """One picture, fetched, made anew and on the disk: in a thread, without the database. Never raises."""
    host = urlsplit(row.source).netloc
    try:
        if silent[host] >= _GIVE_UP_HOST:
            raise Unreachable("connect", host)
        answer = request("GET", row.source, rules(row.key.partition(":")[0]), _ACCEPT)
        if answer.status != 200:
            return Got(None, f"http-{answer.status}", answer.status in {404, 410})
        picture = decoder.remade(answer.body)
        folder.write(row.key, picture.content)
        return Got(picture)
    except Unreadable as error:
        return Got(None, f"unreadable-{error}"[:40], final=True)
    except OutgoingError as error:
        silent[host] += error.kind in {"connect", "dns", "timeout"}
        return Got(None, error.kind, isinstance(error, Refused))
    except OSError as error:
        log.warning("%s: its picture cannot be written: %s", row.key, error)
        return Got(None, "disk")


def _take_in(running: dict[Future[Got], Thumbnail], seconds: float) -> list[str]:
    """Wait a moment, and write down what has come by then; the states of these rows."""
    done, _waiting = wait(running, timeout=seconds)
    rows = [_settled(running.pop(future), future.result()) for future in done]
    for row in rows:
        # Each by itself: 64 in one transaction held up others' writes for half a second on a busy machine.
        Thumbnail.objects.filter(pk=row.pk).update(**{name: getattr(row, name) for name in _FIELDS})
    return [row.state for row in rows]


def _settled(row: Thumbnail, got: Got) -> Thumbnail:
    now = timezone.now()
    row.error, row.fetched_at = got.error, now
    if got.picture:
        row.state, row.source = State.KEPT, ""
        row.digest, row.bytes = folder.digest_of(got.picture.content), len(got.picture.content)
        row.width, row.height = got.picture.width, got.picture.height
    elif got.final or row.tries > len(TRIES):
        row.state = State.FAILED
    else:
        row.next_try = now + TRIES[row.tries - 1]
    return row


def _keep_within_bounds() -> None:
    kept = Thumbnail.objects.filter(state=State.KEPT).aggregate(all=Sum("bytes"))["all"] or 0
    if kept > settings.THUMBNAIL_BYTES:
        prune()
