"""Orders: a row for each picture that is wanted."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from redis import Redis

from searches.thumbnails.models import State, Thumbnail
from searches.thumbnails.order import is_due, order, remind
from tests.rows import item
from tests.search.steps import ago, queued_jobs, redis_away
from tests.thumbnails.conftest import post, row

pytestmark = pytest.mark.django_db


def test_it_works(live_redis: Redis) -> None:
    assert order([post(1), post(2), item(3)]) == 2
    assert row(1).source.endswith("/pictures/1.jpg")
    assert (row(2).state, row(2).tries, is_due()) == (State.WAITING, 0, True)
    assert queued_jobs(live_redis, "default") == ["thumbnails.fetch due"]


def test_ordering_again_changes_nothing(live_redis: Redis) -> None:
    order([post(1), post(1)])
    assert order([post(1), post(2)]) == 1
    assert Thumbnail.objects.count() == 2


def test_what_is_kept_is_not_fetched_again(live_redis: Redis) -> None:
    order([post(1)])
    Thumbnail.objects.update(state=State.KEPT, source="", tries=1)
    assert order([post(1, "https://p16.tiktokcdn.com/newer.jpg")]) == 0
    assert row(1).state == State.KEPT


def test_a_new_link_is_a_new_chance(live_redis: Redis) -> None:
    order([post(1), post(2)])
    Thumbnail.objects.update(state=State.FAILED, tries=4, error="http-403", next_try=ago(99_999))
    assert order([post(1, "https://p16.tiktokcdn.com/newer.jpg"), post(2)]) == 1
    assert (row(1).state, row(1).tries, row(1).error) == (State.WAITING, 0, "")
    assert row(1).next_try > ago(10)
    assert row(2).state == State.FAILED


def test_nothing_is_ordered_where_nothing_is_kept(live_redis: Redis, settings: object) -> None:
    settings.THUMBNAIL_BYTES = 0  # type: ignore[attr-defined]
    assert order([post(1)]) == 0
    assert (Thumbnail.objects.count(), is_due()) == (0, False)


def test_without_redis_the_rows_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with redis_away(monkeypatch):
        assert order([post(1)]) == 1
    assert is_due()


def test_a_thousand_posts_take_few_statements(live_redis: Redis) -> None:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        order([post(number) for number in range(1_000)])
    writes = [query for query in seen if query["sql"].startswith("INSERT")]
    assert len(seen) < 40
    assert writes


def test_keys_of_any_letters(live_redis: Redis) -> None:
    strange = ["../../etc/passwd", "메이크업", "a:b:c", "%2e%2e", "x" * 128, "\\..\\"]
    assert order([post(1, id=name) for name in strange]) == len(strange)


def test_remind_rings_once_in_ten_seconds(live_redis: Redis) -> None:
    order([post(1)])
    live_redis.flushall()  # whatever was rung for is gone
    remind()
    remind()
    assert queued_jobs(live_redis, "default") == ["thumbnails.fetch due"]
    assert 8_000 < live_redis.pttl("scout:bell:thumbnails.fetch:due") <= 10_000


def test_remind_is_silent_where_nothing_is_due(live_redis: Redis) -> None:
    order([post(1)])
    Thumbnail.objects.update(next_try=timezone.now() + timezone.timedelta(minutes=1))
    live_redis.flushall()
    remind()
    assert queued_jobs(live_redis, "default") == []
