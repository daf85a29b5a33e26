"""Forgets what is old, a bounded number of rows at a time."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from searches.trends.models import Point, Post, Sighting, Snapshot

_AT_ONCE = 500


def prune(before: datetime, limit: int = 10_000) -> int:
    """Delete points and snapshots from before that moment, what a question has not shown since then, and posts that nobody has seen
    since then: up to `limit` rows of each. How many; call again while it is not 0."""
    stale: list[QuerySet[Any, Any]] = [
        Point.objects.filter(at__lt=before),
        Sighting.objects.filter(last_seen_at__lt=before),
        Snapshot.objects.filter(at__lt=before),
        # Last: their points and sightings are older still, and gone.
        Post.objects.filter(last_seen_at__lt=before, points=None, sightings=None),
    ]
    return sum(_delete(rows, limit) for rows in stale)


def _delete(rows: "QuerySet[Any, Any]", limit: int) -> int:
    deleted = 0
    while deleted < limit:
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[: min(_AT_ONCE, limit - deleted)])
        if not ids:
            break
        deleted += rows.model.objects.filter(pk__in=ids).delete()[0]
    return deleted
