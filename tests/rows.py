"""Rows as the engine would leave them, written at once: for tests of doors that do not need the engine to run."""

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from searches.accounts.models import User
from searches.cache import store
from searches.cache.answer import Answer, etag_of
from searches.item import Item
from searches.platforms.models import Platform
from searches.platforms.sources import Source, platform_in
from searches.query import Query, answer_key
from searches.search.models import Run, Search, SearchRun, Status
from searches.search.submit import Hit

ASKED = Query("메이크업", "tiktok", "7days")


def item(number: int, platform: str = "tiktok", **changes: Any) -> Item:
    """A post, told from others by its number."""
    made: Item = {
        "id": f"{platform}-{number}",
        "platform": platform,
        "title": f"Post {number}",
        "description": None,
        "creator": "creator",
        "creatorUrl": None,
        "followerCount": None,
        "playCount": number,
        "likeCount": 0,
        "commentCount": None,
        "shareCount": None,
        "collectCount": None,
        "createTime": None,
        "durationSeconds": None,
        "hashtags": [],
        "thumbnail": None,
        "videoUrl": None,
        "webVideoUrl": None,
    }
    return made | changes  # type: ignore[operator, return-value]


def make_answer(asked: Query = ASKED, items: int = 3, *, age: float = 0.0, gaps: tuple[int, ...] = (), partial: bool = False) -> Answer:
    """An answer in the store that was fetched `age` seconds ago."""
    body = json.dumps([item(i, platform_in(asked.key)) for i in range(items)], ensure_ascii=False, separators=(",", ":")).encode()
    created = timezone.now() - timedelta(seconds=age)
    answer = Answer(
        key=asked.key,
        body=body,
        gaps=gaps,
        item_count=items,
        undated_count=items,
        partial=partial,
        created_at=created,
        expires_at=created + timedelta(seconds=settings.KEEP_SECONDS),
        etag=etag_of(body),
    )
    store.put(answer, asked.text, asked.platform, asked.date_range)
    return answer


def hit_of(*answers: Answer, stale: bool = False) -> Hit:
    """These answers, one a platform, as they are given at once."""
    known = {Source(Platform(name=platform_in(answer.key)), answer.actor): answer for answer in answers}
    return Hit(list(known), known, stale)


def make_run(asked: Query = ASKED, status: str = Status.QUEUED, **values: Any) -> Run:
    """A run; one that has ended has a start and an end."""
    now = timezone.now()
    platform = Platform.objects.filter(pk=asked.platform).first()
    if status not in (Status.QUEUED, Status.STARTING):
        values = {"started_at": now, "upstream_id": f"up-{now.timestamp()}", "dataset_id": "data"} | values
    if status in (Status.COMPLETED, Status.FAILED, Status.CANCELLED):
        values = {"finished_at": now} | values
    plain: dict[str, Any] = {
        "answer_key": answer_key(asked.platform, asked.text, asked.date_range),
        "query": asked.text,
        "platform": asked.platform,
        "date_range": asked.date_range,
        "actor": platform.actor if platform else "nobody/nothing",
        "status": status,
    }
    return Run.objects.create(**(plain | values))


def make_search(user: User, *runs: Run, asked: Query = ASKED, status: str = Status.QUEUED, **values: Any) -> Search:
    """A person's search on these runs."""
    search = Search.objects.create(
        user=user, answer_key=asked.key, query=asked.text, platform=asked.platform, date_range=asked.date_range, status=status, **values
    )
    SearchRun.objects.bulk_create([SearchRun(search=search, run=run) for run in runs])
    return search
