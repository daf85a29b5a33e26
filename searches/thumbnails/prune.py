"""Removes the pictures that nobody has asked for the longest, and what has no row or no file any more."""

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from searches.thumbnails import folder
from searches.thumbnails.models import State, Thumbnail

log = logging.getLogger("scout.worker")
BATCH = 500
_ROOM = 0.95  # pruned to this part of the bound, so that it is not done again for each new picture
_UNFINISHED_SECONDS = 3_600
_FAILED_FOR = timedelta(days=30)


def prune(most_bytes: int | None = None) -> int:
    """Bring the folder within its bound (THUMBNAIL_BYTES unless given); how many pictures were removed. Rows go first: a page
    then shows the platform's link, never a hole."""
    bound = settings.THUMBNAIL_BYTES if most_bytes is None else most_bytes
    began = timezone.now()
    files = sorted(folder.files(), key=lambda file: file.used_at)
    total, surplus, going = sum(file.size for file in files), [], set()
    for file in files if total > bound else []:
        if total <= bound * _ROOM:
            break
        total -= file.size
        surplus.append(file)
        going.add(file.name)
    known = _rows({file.name for file in files} - going, began)
    stray = [f for f in files if f.name not in known and f.name not in going and time.time() - f.used_at > _UNFINISHED_SECONDS]
    for file in [*surplus, *stray]:
        folder.remove(file.name)
    Thumbnail.objects.filter(state=State.FAILED, fetched_at__lt=timezone.now() - _FAILED_FOR).delete()
    if surplus or stray:
        log.info("pictures: %d removed, %d MB kept", len(surplus) + len(stray), total // 1_000_000)
    return len(surplus)


def _rows(there: set[str], began: datetime) -> set[str]:
    """Delete the rows of pictures that were kept when this `began` and whose files are not in `there`; the names of all others."""
    known: set[str] = set()
    gone: list[int] = []
    for pk, key, state in Thumbnail.objects.values_list("pk", "key", "state").iterator():
        name = folder.name_of(key)
        if state == State.KEPT and name not in there:
            gone.append(pk)
        else:
            known.add(name)
    for batch in _batches(gone):
        Thumbnail.objects.filter(pk__in=batch, state=State.KEPT, fetched_at__lt=began).delete()
    return known


def _batches(ids: list[int]) -> Iterable[list[int]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))
