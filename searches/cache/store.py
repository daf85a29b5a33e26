"""The second cache tier: CachedAnswer rows. Reading filters on expiry; a storage error is a logged miss, and for a few
seconds after one nobody asks the store again, so that a dead or hung server costs its time-out once."""

import logging
import time
from collections.abc import Mapping

from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from searches.cache.answer import Answer, etag_of
from searches.cache.models import CachedAnswer
from searches.query import normalise

log = logging.getLogger("scout.cache")
BREAKER_SECONDS = 5.0
_FIELDS = ("key", "body", "gaps", "item_count", "undated_count", "partial", "created_at", "expires_at")
_failed_at = float("-inf")


def get(key: str) -> Answer | None:
    """The answer under `key` unless it has expired; None as well while the store is failing."""
    global _failed_at
    if time.monotonic() - _failed_at < BREAKER_SECONDS:
        return None
    try:
        row = CachedAnswer.objects.filter(key=key, expires_at__gt=timezone.now()).values(*_FIELDS).first()
    except DatabaseError as error:
        _failed_at = time.monotonic()
        log.warning("answers cannot be read (%s): taken as a miss", type(error).__name__)
        return None
    if row is None:
        return None
    body = row["body"].encode()
    return Answer(**{**row, "body": body, "gaps": tuple(row["gaps"])}, etag=etag_of(body))


def put(answer: Answer, query: str, platform: str, date_range: str) -> None:
    """Write an answer over any older one; its access count stays. Raises DatabaseError: the caller tries again."""
    values = {
        "body": answer.body.decode(),
        "gaps": list(answer.gaps),
        "item_count": answer.item_count,
        "undated_count": answer.undated_count,
        "partial": answer.partial,
        "created_at": answer.created_at,
        "expires_at": answer.expires_at,
    }
    # No later than: a slow collector must not put an old answer over a newer one.
    no_newer = CachedAnswer.objects.filter(key=answer.key, created_at__lte=answer.created_at)
    if no_newer.update(**values):
        return
    try:
        with transaction.atomic():
            CachedAnswer.objects.create(key=answer.key, query=normalise(query), platform=platform, date_range=date_range, **values)
    except IntegrityError:
        # There is one, newer or put there this moment by another collector: of those two the newer stays as well.
        if not no_newer.update(**values):
            log.info("%s: a newer answer is already there", answer.key)


def count_accesses(asked: Mapping[str, int]) -> None:
    """Add to the access counts of these keys."""
    for key, times in asked.items():
        CachedAnswer.objects.filter(key=key).update(access_count=F("access_count") + times)


def purge_expired(limit: int = 500) -> int:
    """Delete up to `limit` expired answers; how many."""
    keys = list(CachedAnswer.objects.filter(expires_at__lte=timezone.now()).values_list("key", flat=True)[:limit])
    return CachedAnswer.objects.filter(key__in=keys).delete()[0] if keys else 0
