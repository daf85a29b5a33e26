"""From a run that was collected to the history of posts: once, later, after kills, without Redis, and never in the way."""

import json
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import OperationalError
from django.utils import timezone

from scout.queues import connections
from searches.cache import store
from searches.cache.breaker import breaker
from searches.platforms.models import Platform
from searches.platforms.sources import Source
from searches.query import Query
from searches.search import handover, live, record
from searches.search.collect import collect_due
from searches.search.follow import Follower
from searches.search.jobs import record_run
from searches.search.models import Run, Status
from searches.search.record import record_due
from searches.trends.models import Point, Post, Sighting, Snapshot
from tests.cast import Cast
from tests.conftest import Engine
from tests.rows import ASKED, item, make_answer, make_run
from tests.search.steps import TIKTOK, ago, collected, over, queued_jobs, redis_away, set_row, started


def a_run(items: int = 3, **values: Any) -> Run:
    """A completed run of ASKED whose answer is there."""
    run = make_run(status=Status.COMPLETED, items_found=items, **({"created_at": ago(60)} | values))
    if items:
        make_answer(items=items, age=5)
    return run


def test_it_works(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    run = collected(started(cast.alice))
    assert queued_jobs(engine.redis, "default") == ["search.record_run due"]
    record_run("due")
    answer = store.get(run.answer_key)
    assert answer
    assert run.items_found == len(answer.items()) == Post.objects.count() > 5
    assert set(Point.objects.values_list("at", flat=True)) == {answer.created_at}
    wanted = {one["id"]: one["playCount"] for one in answer.items()}
    assert dict(Point.objects.values_list("post__post_id", "play_count")) == wanted
    assert set(Sighting.objects.values_list("answer_key", flat=True)) == {run.answer_key}
    run.refresh_from_db()
    assert run.recorded_at
    assert run.lease_until is None
    assert record_due() == 0


def test_one_bell_for_all_that_ends_within_two_seconds(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    for text in ("a", "b", "c"):
        collected(started(cast.alice, text))
    assert queued_jobs(engine.redis, "default") == ["search.record_run due"]
    record_run("due")
    assert Run.objects.filter(recorded_at=None).count() == 0
    assert Snapshot.objects.count() == 3


def test_nothing_waits_and_nobody_rings(live_redis: redis.Redis, db: None) -> None:
    make_run(status=Status.RUNNING)
    handover.to_record()
    assert queued_jobs(live_redis, "default") == []


def test_collecting_does_not_wait_for_it(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Redis away the answer is there all the same, and follow rings later."""
    engine.sandbox.set(run_seconds=0)
    search = started(cast.alice)
    over(search)
    engine.redis.flushall()
    with redis_away(monkeypatch):
        collect_due(TIKTOK)
    run = search.runs.get()
    assert run.status == Status.COMPLETED
    assert Post.objects.count() == 0
    Follower()._tidy()
    assert queued_jobs(engine.redis, "default") == ["search.record_run due"]


def test_follow_rings_again_after_redis_was_emptied(live_redis: redis.Redis, db: None) -> None:
    a_run()
    Follower()._tidy()
    live_redis.flushall()
    Follower()._tidy()
    assert queued_jobs(live_redis, "default") == ["search.record_run due"]


def test_killed_in_the_middle(live_redis: redis.Redis, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was killed holds it for a minute; then somebody else records it, once."""
    run = a_run(items=7)
    really = record.record

    def dies(*args: Any) -> int:
        really(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(record, "record", dies)
        with pytest.raises(KeyboardInterrupt):
            record_due()
    run.refresh_from_db()
    assert run.recorded_at is None
    assert record_due() == 0
    handover.to_record()
    assert queued_jobs(live_redis, "default") == []
    set_row(run, lease_until=ago(1))
    handover.to_record()
    assert len(queued_jobs(live_redis, "default")) == 1
    assert record_due() == 1
    assert [Post.objects.count(), Point.objects.count(), Snapshot.objects.count()] == [7, 7, 1]


def test_the_oldest_first_and_so_many_at_once(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [a_run(items=0, finished_at=ago(100 - i)) for i in range(5)]
    monkeypatch.setattr(record, "BATCH", 2)
    monkeypatch.setattr(record, "AT_A_TIME_SECONDS", -1.0)
    assert record_due() == 2
    assert list(Run.objects.exclude(recorded_at=None).order_by("pk")) == runs[:2]
    monkeypatch.setattr(record, "AT_A_TIME_SECONDS", 5.0)
    assert record_due() == 3


@pytest.mark.parametrize("status", [s for s in Status if s != Status.COMPLETED])
def test_only_completed_runs(db: None, status: str) -> None:
    make_answer(items=3)
    make_run(status=status)
    assert record_due() == 0


def test_a_try_out_is_no_history(db: None) -> None:
    run = a_run(reason=Run.Reason.TRY)
    assert record_due() == 1
    run.refresh_from_db()
    assert run.recorded_at
    assert Post.objects.count() == Snapshot.objects.count() == 0


def test_an_actor_beside_the_first_counts_for_the_question(db: None) -> None:
    """Its answer has a key of its own; the posts are the question's."""
    beside = Query(ASKED.text, Source(Platform.objects.get(pk=TIKTOK), "a/b", needed=False).name, ASKED.date_range)
    answer = make_answer(beside, 2, age=5)
    make_run(status=Status.COMPLETED, answer_key=answer.key, created_at=ago(60), items_found=2)
    record_due()
    assert set(Sighting.objects.values_list("answer_key", flat=True)) == {ASKED.key}


def test_an_answer_that_was_replaced_is_not_taken_for_this_runs(live_redis: redis.Redis, db: None) -> None:
    """Its own posts are in the live list still."""
    run = a_run(items=3, created_at=ago(600), finished_at=ago(300))
    with connections().guarded() as client:
        live.append(client, run.pk, 0, [item(50), None, item(51)], ended=True)
    record_due()
    assert set(Post.objects.values_list("post_id", flat=True)) == {"tiktok-50", "tiktok-51"}
    assert set(Point.objects.values_list("at", flat=True)) == {run.finished_at}


def test_what_is_gone_is_gone(live_redis: redis.Redis, db: None, caplog: pytest.LogCaptureFixture) -> None:
    """An upgrade finds runs whose answers have expired: they are not looked for again and again."""
    run = make_run(status=Status.COMPLETED, items_found=9, created_at=ago(10**7), finished_at=ago(10**7 - 60))
    assert record_due() == 1
    assert record_due() == 0
    assert Post.objects.count() == Snapshot.objects.count() == 0
    assert f"run {run.pk}: what it found is not there any more" in caplog.text


def test_an_empty_answer_needs_no_redis(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(status=Status.COMPLETED, items_found=0)
    with redis_away(monkeypatch):
        assert record_due() == 1
    run.refresh_from_db()
    assert run.recorded_at
    assert Snapshot.objects.get().post_count == 0


def test_redis_away_is_waited_for(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(status=Status.COMPLETED, items_found=5)
    with redis_away(monkeypatch):
        record_due()
    run.refresh_from_db()
    assert run.recorded_at is None
    assert run.lease_until
    assert run.lease_until > timezone.now() + timedelta(seconds=30)


def test_a_store_that_is_away_is_waited_for(live_redis: redis.Redis, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run()
    with monkeypatch.context() as patch:
        patch.setattr(record.store, "get", lambda key: None)
        patch.setattr(type(breaker("default")), "is_open", property(lambda self: True))
        record_due()
    run.refresh_from_db()
    assert run.recorded_at is None
    set_row(run, lease_until=None)
    record_due()
    assert Post.objects.count() == 3


def test_a_database_that_is_away_is_waited_for(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run()

    def locked(*args: Any) -> int:
        raise OperationalError("database is locked")

    monkeypatch.setattr(record, "record", locked)
    with pytest.raises(OperationalError):
        record_due()
    run.refresh_from_db()
    assert run.recorded_at is None


def test_one_that_cannot_be_recorded_does_not_hold_up_others(db: None, caplog: pytest.LogCaptureFixture) -> None:
    """Somebody has changed an answer by hand."""
    broken = Query("broken", "tiktok", "7days")
    answer = make_answer(broken, 1, age=5)
    store.CachedAnswer.objects.filter(key=answer.key).update(body=json.dumps([{"id": 1}]))
    first = make_run(broken, Status.COMPLETED, created_at=ago(60), items_found=1)
    second = a_run(finished_at=timezone.now() + timedelta(seconds=1))
    assert record_due() == 2
    for run in (first, second):
        run.refresh_from_db()
        assert run.recorded_at
    assert Post.objects.count() == 3
    assert f"run {first.pk}: cannot be recorded" in caplog.text
