"""Reads posts and their points back as plain values: newest first, and never more than the bounds below."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Count, Max, Min, QuerySet

from searches.trends.models import Point, Post, Sighting, Snapshot

MAX_POSTS = 2_000
MAX_POINTS = 40_000
_AT_ONCE = 500


class Reading(NamedTuple):
    """A post's counts at a moment, in milliseconds since 1970; None is unknown."""

    at: int
    views: int | None
    likes: int | None = None
    comments: int | None = None
    shares: int | None = None
    saves: int | None = None


@dataclass(frozen=True, slots=True)
class Tracked:
    """A post with its readings, oldest first, at least one. `published` and `first_seen` are milliseconds since 1970."""

    platform: str
    id: str
    title: str
    creator: str
    url: str
    hashtags: tuple[str, ...]
    published: int | None
    first_seen: int
    readings: tuple[Reading, ...]

    @property
    def views(self) -> int | None:
        """The last that is known."""
        return next((reading.views for reading in reversed(self.readings) if reading.views is not None), None)


class Snapshots(NamedTuple):
    """How many runs were recorded, and when the first and the last."""

    runs: int
    first_at: datetime | None
    last_at: datetime | None
    last_id: int | None


def snapshots(keys: Sequence[str] | None, since: datetime | None = None) -> Snapshots:
    """Of these answer keys, or of all where it is None."""
    rows = Snapshot.objects.all() if keys is None else Snapshot.objects.filter(answer_key__in=keys)
    rows = rows.filter(at__gte=since) if since else rows
    return Snapshots(**rows.aggregate(runs=Count("pk"), first_at=Min("at"), last_at=Max("at"), last_id=Max("pk")))


def load(keys: Sequence[str] | None, since: datetime) -> list[Tracked]:
    """Posts that these questions, or any where it is None, have shown since then, with what is known of them since then: the
    MAX_POSTS seen last, and of these the MAX_POINTS newest points. A post's points are of all runs that saw it."""
    posts = {row["pk"]: row for row in _posts(keys, since)}
    readings = _readings(list(posts), since)
    return [_tracked(row, readings[pk]) for pk, row in posts.items() if pk in readings]


def _posts(keys: Sequence[str] | None, since: datetime) -> "QuerySet[Post, dict[str, Any]]":
    rows = Post.objects.filter(last_seen_at__gte=since)
    if keys is not None:
        # Not a join, which would give a post once for each of the questions.
        rows = Post.objects.filter(pk__in=_shown_by(keys, since))
    names = ("pk", "platform", "post_id", "title", "creator", "url", "hashtags", "published_at", "first_seen_at")
    return rows.order_by("-last_seen_at", "-pk").values(*names)[:MAX_POSTS]


def _shown_by(keys: Sequence[str], since: datetime) -> "QuerySet[Any, Any]":
    return Sighting.objects.filter(answer_key__in=keys, last_seen_at__gte=since).values("post_id")


def _readings(ids: Sequence[int], since: datetime) -> dict[int, tuple[Reading, ...]]:
    found: dict[int, list[Reading]] = defaultdict(list)
    left = MAX_POINTS
    columns = ("post_id", "at", "play_count", "like_count", "comment_count", "share_count", "collect_count")
    for start in range(0, len(ids), _AT_ONCE):
        rows = Point.objects.filter(post_id__in=ids[start : start + _AT_ONCE], at__gte=since).order_by("-at")
        for post_id, at, *counts in rows.values_list(*columns)[:left]:
            found[post_id].append(Reading(millis(at), *counts))
            left -= 1
    return {post_id: tuple(reversed(readings)) for post_id, readings in found.items()}


def _tracked(row: dict[str, Any], readings: tuple[Reading, ...]) -> Tracked:
    return Tracked(
        platform=row["platform"],
        id=row["post_id"],
        title=row["title"],
        creator=row["creator"],
        url=row["url"],
        hashtags=tuple(row["hashtags"]),
        published=millis(row["published_at"]) if row["published_at"] else None,
        first_seen=millis(row["first_seen_at"]),
        readings=readings,
    )


def millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
