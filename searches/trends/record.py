"""Writes what a run has found. Safe to repeat, and to be killed anywhere: a snapshot's row comes last, with the last posts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from searches.item import url
from searches.trends.models import CREATOR_LENGTH, TITLE_LENGTH, Point, Post, Sighting, Snapshot

#: Posts a transaction: three rows each, so that other writers of SQLite wait for some milliseconds only.
AT_ONCE = 150
MAX_POSTS = 5_000
MAX_TAGS = 30
_COUNTS = {
    "play_count": "playCount",
    "like_count": "likeCount",
    "comment_count": "commentCount",
    "share_count": "shareCount",
    "collect_count": "collectCount",
}
_SHOWN = ("title", "creator", "url", "hashtags", "published_at")


def record(answer_key: str, items: Iterable[Mapping[str, Any]], at: datetime) -> int:
    """Record that the question `answer_key` had these Items for an answer at `at`; how many posts, 0 where that is written
    already. Order does not matter: what is older than what is known of a post adds its point and changes nothing else.

    Each post counts once, and at most MAX_POSTS do. DatabaseError: call again, nothing is written twice.
    """
    if Snapshot.objects.filter(answer_key=answer_key, at=at).exists():
        return 0
    # In one order for everybody: two who write the same posts at once cannot lock each other out.
    posts = {_name(item): item for item in islice(items, MAX_POSTS)}
    ordered = [posts[name] for name in sorted(posts)]
    chunks = [ordered[i : i + AT_ONCE] for i in range(0, len(ordered), AT_ONCE)] or [[]]
    for chunk in chunks[:-1]:
        with transaction.atomic():
            _write(answer_key, chunk, at)
    with transaction.atomic():
        _write(answer_key, chunks[-1], at)
        Snapshot.objects.bulk_create([Snapshot(answer_key=answer_key, at=at, post_count=len(posts))], ignore_conflicts=True)
    return len(posts)


def _write(answer_key: str, items: Sequence[Mapping[str, Any]], at: datetime) -> None:
    ids = _posts(items, at)
    Point.objects.bulk_create([_point(pk, item, at) for pk, item in zip(ids, items, strict=True)], ignore_conflicts=True)
    _see(Post.objects.filter(pk__in=ids), at)
    sightings = Sighting.objects.filter(answer_key=answer_key, post_id__in=ids)
    new = set(ids).difference(sightings.values_list("post_id", flat=True))
    Sighting.objects.bulk_create(
        [Sighting(answer_key=answer_key, post_id=pk, first_seen_at=at, last_seen_at=at) for pk in sorted(new)], ignore_conflicts=True
    )
    _see(sightings, at)


def _see(rows: "QuerySet[Any, Any]", at: datetime) -> None:
    """They were seen then: conditional, so that it is right in whichever order, and beside whomever, runs are recorded."""
    rows.filter(last_seen_at__lt=at).update(last_seen_at=at)
    rows.filter(first_seen_at__gt=at).update(first_seen_at=at)


def _posts(items: Sequence[Mapping[str, Any]], at: datetime) -> list[int]:
    """The primary keys of these posts; those that are new, or are shown otherwise than before, are written."""
    known = _known(items)
    ids: dict[tuple[str, str], int] = {name: row["pk"] for name, row in known.items()}
    changed = []
    for item in items:
        old, shown = known.get(_name(item)), _shown(item)
        if old is None or (old["last_seen_at"] < at and any(old[name] != value for name, value in shown.items())):
            changed.append(Post(platform=item["platform"], post_id=item["id"], first_seen_at=at, last_seen_at=at, **shown))
    written = Post.objects.bulk_create(changed, update_conflicts=True, update_fields=_SHOWN, unique_fields=("platform", "post_id"))
    ids.update({(post.platform, post.post_id): post.pk for post in written})
    return [ids[_name(item)] for item in items]


def _known(items: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """What is known of these posts."""
    by_platform: dict[str, list[str]] = {}
    for item in items:
        by_platform.setdefault(item["platform"], []).append(item["id"])
    wanted = [Post.objects.filter(platform=platform, post_id__in=ids) for platform, ids in by_platform.items()]
    rows = [row for found in wanted for row in found.values("pk", "platform", "post_id", "last_seen_at", *_SHOWN)]
    return {(row["platform"], row["post_id"]): row for row in rows}


def _name(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["platform"], item["id"]


def _shown(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": (item["title"] or "")[:TITLE_LENGTH],
        "creator": (item["creator"] or "")[:CREATOR_LENGTH],
        "url": url(item["webVideoUrl"]) or "",  # once more: this is also given what was imported
        "hashtags": item["hashtags"][:MAX_TAGS],
        "published_at": _moment(item["createTime"]),
    }


def _point(post_id: int, item: Mapping[str, Any], at: datetime) -> Point:
    return Point(post_id=post_id, at=at, **{column: item[name] for column, name in _COUNTS.items()})


def _moment(millis: int | None) -> datetime | None:
    return datetime.fromtimestamp(millis / 1000, UTC) if millis is not None else None
