"""Jobs only say "look at this row": twice, late, for a row that is gone, planted under another name."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from django_rq import get_connection

from queueadmin.worker.work import SearchWorker
from scout.queues import JOBS, QUEUES, Job, UnknownJob, queue, ring, unring
from searches.search import jobs
from searches.search.cancel import cancel
from searches.search.models import Run, Search, Status
from tests.cast import Cast
from tests.conftest import Engine
from tests.search.steps import ago, ask, over, queued_jobs, redis_away, run_of, set_row, started


def test_it_works(engine: Engine, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    engine.sandbox.set(run_seconds=0)
    search = ask(cast.alice)
    pk = run_of(search).pk
    with caplog.at_level(logging.INFO):
        jobs.start_run(str(pk))
        over(search)
        jobs.collect_run(str(pk))
    assert run_of(search).status == Status.COMPLETED
    assert f"start_run {pk}: 1 started in " in caplog.text
    assert f"collect_run {pk}: 1 collected in " in caplog.text


def test_by_a_worker_on_a_queue(engine: Engine, cast: Cast) -> None:
    search = ask(cast.alice)
    engine.work()
    assert run_of(search).status == Status.RUNNING
    assert queued_jobs(engine.redis) == []


def test_one_job_brings_the_rest_and_the_others_find_nothing(engine: Engine, cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    pks = [run_of(ask(cast.alice, f"q{i}")).pk for i in range(5)]
    with caplog.at_level(logging.INFO, "scout.worker"):
        for pk in pks:
            jobs.start_run(str(pk))
    assert Run.objects.filter(status=Status.RUNNING).count() == 5
    assert len([line for line in caplog.messages if line.startswith("start_run ")]) == 1


def test_a_start_job_looks_for_a_start_that_was_lost(engine: Engine, cast: Cast) -> None:
    engine.sandbox.faults({"on": "start", "kind": "created-then-drop"})
    search = ask(cast.alice)
    pk = run_of(search).pk
    jobs.start_run(str(pk))
    jobs.start_run(str(pk))  # too early: it is left alone
    assert (run_of(search).status, run_of(search).fence) == (Status.STARTING, 1)
    set_row(run_of(search), lease_until=ago(1))
    jobs.start_run(str(pk))
    assert run_of(search).status == Status.RUNNING


def test_a_collect_job_leaves_what_another_holds(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    search = started(cast.alice)
    set_row(over(search), lease_until=ago(-30))
    jobs.collect_run(str(run_of(search).pk))
    assert run_of(search).status == Status.COLLECTING


def test_an_abort_job(engine: Engine, cast: Cast) -> None:
    search = started(cast.alice)
    jobs.abort_run(str(run_of(search).pk))
    assert engine.sandbox.stats()["aborts"] == 0
    cancel(search)
    jobs.abort_run(str(run_of(search).pk))
    assert engine.sandbox.stats()["aborts"] == 1


@pytest.mark.parametrize("job", [jobs.start_run, jobs.collect_run, jobs.abort_run])
@pytest.mark.parametrize("status", Status)
def test_any_job_for_any_row_at_any_time_breaks_nothing(engine: Engine, cast: Cast, job: Callable[[str], None], status: Status) -> None:
    search = started(cast.alice)
    set_row(run_of(search), status=status)
    job(str(run_of(search).pk))
    job(str(run_of(search).pk))
    assert engine.sandbox.stats()["starts"] <= 2  # the one of the set-up, and one where the test put the row back
    assert Search.objects.count() == 1


@pytest.mark.parametrize("job", [jobs.start_run, jobs.collect_run, jobs.abort_run])
def test_a_row_that_is_gone(engine: Engine, job: Callable[[str], None]) -> None:
    job("987654")


def test_every_name_on_the_list_is_a_function(db: None) -> None:
    for name in JOBS:
        assert callable(_function(name))


def _function(name: str) -> object:
    job = Job.__new__(Job)
    job._func_name = name
    return job.func


@pytest.mark.parametrize("name", ["os.system", "searches.search.jobs.start_run", "", "search.start_run; rm"])
def test_what_is_not_on_the_list_does_not_run(live_redis: redis.Redis, name: str) -> None:
    with pytest.raises(UnknownJob):
        _function(name)


def test_a_planted_job_fails_and_the_worker_goes_on(engine: Engine, cast: Cast, tmp_path: Path) -> None:
    target = queue("search", engine.redis)
    target.enqueue_call("os.mkdir", (str(tmp_path / "planted"),), failure_ttl=60)
    search = ask(cast.alice)
    engine.work()
    assert run_of(search).status == Status.RUNNING
    assert target.failed_job_registry.count == 1
    assert not (tmp_path / "planted").exists()


# Bells.


def test_a_bell_rings_once_until_it_is_freed(live_redis: redis.Redis) -> None:
    assert ring("search", "search.start_run", [1, 2]) == 2
    assert ring("search", "search.start_run", [1, 2, 3]) == 1
    assert ring("search", "search.collect_run", [1]) == 1
    unring("search.start_run", 1)
    assert ring("search", "search.start_run", [1, 2]) == 1
    assert queued_jobs(live_redis) == [
        "search.start_run 1",
        "search.start_run 2",
        "search.start_run 3",
        "search.collect_run 1",
        "search.start_run 1",
    ]
    assert ring("search", "search.start_run", []) == 0


def test_what_is_put_on_a_queue_does_not_stay_for_ever(live_redis: redis.Redis) -> None:
    ring("warm", "search.start_run", [1])
    [id] = queue("warm", live_redis).job_ids
    job = Job.fetch(id, live_redis, serializer="rq.serializers.JSONSerializer")
    assert (job.result_ttl, job.failure_ttl, job.ttl, job.timeout) == (0, 86_400, 600, QUEUES["warm"])
    assert job.args == ["1"]
    assert job.enqueued_at


def test_without_redis_a_bell_rings_nothing_and_raises_nothing(live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    with redis_away(monkeypatch):
        assert ring("search", "search.start_run", [1]) == 0
        unring("search.start_run", 1)
    assert ring("search", "search.start_run", [1]) == 1


def test_the_worker_is_one_that_the_list_holds_for(live_redis: redis.Redis) -> None:
    worker = SearchWorker([queue("search", get_connection("search"))], connection=get_connection("search"), job_class=Job)
    assert worker.job_class is Job
