"""Writes which pictures are wanted. The row is the order: it is carried out sooner or later, whatever becomes of the queue."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone

from scout.queues import ring
from searches.thumbnails.hosts import source_of
from searches.thumbnails.models import State, Thumbnail, key_of

_CHUNK = 500


def order(items: Iterable[Mapping[str, Any]]) -> int:
    """Have the pictures of these posts (as in `Item`) kept; the number of new orders. May be done twice."""
    if not settings.THUMBNAIL_BYTES:
        return 0
    wanted = {key_of(item["platform"], item["id"]): source for item in items if (source := source_of(item))}
    keys, count = list(wanted), 0
    for start in range(0, len(keys), _CHUNK):
        count += _order({key: wanted[key] for key in keys[start : start + _CHUNK]})
    if count:
        ring("default", "thumbnails.fetch", ["due"])
    return count


def is_due() -> bool:
    """Whether any picture waits to be fetched now."""
    return bool(settings.THUMBNAIL_BYTES) and Thumbnail.objects.filter(state=State.WAITING, next_try__lte=timezone.now()).exists()


def remind() -> None:
    """Have a worker fetch what is due, at most once in ten seconds: the net below an emptied queue, for follow."""
    if is_due():
        ring("default", "thumbnails.fetch", ["due"], quiet_ms=10_000)


def _order(wanted: dict[str, str]) -> int:
    known = {row.key: row for row in Thumbnail.objects.filter(key__in=wanted)}
    new = [Thumbnail(key=key, source=source) for key, source in wanted.items() if key not in known]
    Thumbnail.objects.bulk_create(new, ignore_conflicts=True)
    # Upstream signs its links anew each time: a new one may live where the old one has died.
    again = [row for row in known.values() if row.state != State.KEPT and row.tries and row.source != wanted[row.key]]
    for row in again:
        row.source, row.state, row.tries, row.error, row.next_try = wanted[row.key], State.WAITING, 0, "", timezone.now()
    Thumbnail.objects.bulk_update(again, ["source", "state", "tries", "error", "next_try"])
    return len(new) + len(again)
