"""The job, on the real queue."""

import pytest
from django_rq import get_connection
from redis import Redis

from queueadmin.worker.work import SearchWorker
from scout.queues import Job, queue
from searches.search.upstream import apify
from searches.thumbnails import fetch
from searches.thumbnails.jobs import fetch as job
from searches.thumbnails.models import State, Thumbnail
from searches.thumbnails.order import order, remind
from tests.cast import Cast
from tests.conftest import Engine
from tests.sandbox_control import Sandbox
from tests.search.steps import ago, collected, queued_jobs, run_of, started
from tests.thumbnails.conftest import post
from tests.waiting import until

pytestmark = pytest.mark.django_db


def work() -> None:
    """Everything that waits on the queue `default`, in this process."""
    name = "default"
    worker = SearchWorker(
        [queue(name, get_connection(name))], connection=get_connection(name), job_class=Job, serializer="rq.serializers.JSONSerializer"
    )
    worker._install_signal_handlers = lambda: None
    worker.subscribe = worker.unsubscribe = lambda: None
    worker.work(burst=True, logging_level="WARNING")


def test_it_works(live_redis: Redis, sandbox: Sandbox) -> None:
    order([post(number) for number in range(10)])
    work()
    assert Thumbnail.objects.filter(state=State.KEPT).count() == 10
    assert queued_jobs(live_redis, "default") == []


def test_what_is_left_is_for_a_job_behind_the_others(live_redis: Redis, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "SECONDS", 0.0)
    order([post(1)])
    live_redis.flushall()
    monkeypatch.setattr("searches.thumbnails.jobs.fetch_due", lambda: 0)
    job("due")
    assert queued_jobs(live_redis, "default") == ["thumbnails.fetch due"]


def test_redis_emptied(live_redis: Redis, sandbox: Sandbox) -> None:
    order([post(1)])
    live_redis.flushall()
    work()
    assert Thumbnail.objects.get().state == State.WAITING
    remind()  # as follow does
    work()
    assert Thumbnail.objects.get().state == State.KEPT


def test_killed_in_the_middle_of_a_batch(live_redis: Redis, sandbox: Sandbox) -> None:
    order([post(number) for number in range(30)])
    fetch.claim(20)  # by a worker that was killed then
    live_redis.flushall()
    remind()
    work()
    assert Thumbnail.objects.filter(state=State.KEPT).count() == 10
    Thumbnail.objects.filter(state=State.WAITING).update(next_try=ago(1))  # a minute later
    live_redis.flushall()
    remind()
    work()
    assert Thumbnail.objects.filter(state=State.KEPT).count() == 30


def test_a_search_has_its_pictures_kept(engine: Engine, cast: Cast) -> None:
    """Ordered after its answer was given, through the real engine."""
    engine.sandbox.set(run_seconds=0.1, items=12)
    search = started(cast.alice)
    upstream = run_of(search).upstream_id
    until(lambda: apify().get(upstream).ended)
    run = collected(search)
    assert run.status == "completed"
    assert Thumbnail.objects.count() == 0  # nothing of it in the collector
    work()
    work()
    assert Thumbnail.objects.filter(state=State.KEPT).count() >= run.items_found * 0.9
