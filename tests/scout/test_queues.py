"""The queues, their bells, and the allow-list of jobs."""

import json
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from rq.job import Job as PlainJob
from rq.serializers import JSONSerializer

from scout.queues import JOBS, QUEUES, Job, UnknownJob, connections, queue, ring, unring
from tests.redis_server import without_redis

__all__ = ["without_redis"]
START = "search.start_run"


def jobs(client: redis.Redis, name: str = "search") -> list[Job]:
    return [job for job in queue(name, client).get_jobs() if isinstance(job, Job)]


def test_it_works(live_redis: redis.Redis) -> None:
    assert ring("search", START, [1, 2]) == 2
    assert [(job.func_name, job.args) for job in jobs(live_redis)] == [(START, ["1"]), (START, ["2"])]


def test_the_queues_of_the_design() -> None:
    assert list(QUEUES) == ["search", "warm", "scan", "chat", "push", "dashboard", "backtest", "default"]


# Bells.


def test_the_same_bell_rings_once(live_redis: redis.Redis) -> None:
    assert [ring("search", START, [1]) for _i in range(3)] == [1, 0, 0]
    assert ring("search", START, [1, 2, 1, 2, "2"]) == 1
    assert len(jobs(live_redis)) == 2


def test_each_job_has_bells_of_its_own(live_redis: redis.Redis) -> None:
    assert ring("search", START, [1]) == ring("search", "search.abort_run", [1]) == 1


def test_free_again_after_a_while(live_redis: redis.Redis) -> None:
    ring("search", START, [1], quiet_ms=5_000)
    (key,) = live_redis.keys("scout:bell:*")
    assert 0 < live_redis.pttl(key) <= 5_000
    live_redis.delete(key)
    assert ring("search", START, [1]) == 1


def test_free_again_once_its_work_begins(live_redis: redis.Redis) -> None:
    ring("search", START, [1, 2])
    unring(START, 1)
    assert ring("search", START, [1, 2]) == 1
    assert [job.args for job in jobs(live_redis)] == [["1"], ["2"], ["1"]]


def test_many_at_once_are_one_job(live_redis: redis.Redis) -> None:
    with ThreadPoolExecutor(10) as threads:
        rung = list(threads.map(lambda _i: ring("search", START, [1, 2, 3]), range(30)))
    assert sum(rung) == len(jobs(live_redis)) == 3


def test_nothing_to_ring(live_redis: redis.Redis) -> None:
    assert ring("search", START, []) == 0
    assert live_redis.keys("*") == []


def test_a_generator_will_do(live_redis: redis.Redis) -> None:
    assert ring("search", START, (i for i in range(3))) == 3


@pytest.mark.usefixtures("without_redis")
def test_redis_is_away(caplog: pytest.LogCaptureFixture) -> None:
    assert ring("search", START, [1]) == 0
    assert "follow will ring again" in caplog.text
    unring(START, 1)


def test_redis_is_back_and_the_bell_is_free(live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as away:
        away.setattr(connections(), "_failed_at", float("inf"))
        assert ring("search", START, [1]) == 0
    assert ring("search", START, [1]) == 1


# Jobs.


def test_what_a_job_leaves_behind(live_redis: redis.Redis) -> None:
    """Nothing when it is done; its failure for a day; and it does not wait for ever."""
    ring("search", START, [1])
    (job,) = jobs(live_redis)
    assert (job.result_ttl, job.failure_ttl, job.timeout, job.ttl) == (0, 86_400, QUEUES["search"], 600)
    assert job.description == f"{START} 1"
    assert job.enqueued_at is not None


def test_arguments_are_json(live_redis: redis.Redis) -> None:
    ring("search", START, [1])
    (key,) = live_redis.keys("rq:job:*")
    assert json.loads(zlib.decompress(bytes(live_redis.hget(key, "data") or b""))) == [START, None, ["1"], {}]


@pytest.mark.parametrize("name", list(JOBS))
def test_every_name_has_its_function(live_redis: redis.Redis, name: str) -> None:
    assert callable(queue("search", live_redis).enqueue(name, "1").func)


@pytest.mark.parametrize("name", ["os.system", "searches.search.jobs.start_run", "", "search", "__main__.x"])
def test_no_other_name_has_one(live_redis: redis.Redis, name: str) -> None:
    job = Job.create(name or "x", connection=live_redis, serializer=JSONSerializer)
    job._func_name = name
    with pytest.raises(UnknownJob, match="is not a job of Scout"):
        _ = job.func


def test_jobs_call_nobody_back(live_redis: redis.Redis) -> None:
    planted = PlainJob.create(
        START, ("1",), connection=live_redis, serializer=JSONSerializer, on_success=print, on_failure=print, on_stopped=print
    )
    planted.save()
    job = Job.fetch(planted.id, live_redis, serializer=JSONSerializer)
    assert (job.success_callback, job.failure_callback, job.stopped_callback) == (None, None, None)


def test_unknown_queue(live_redis: redis.Redis) -> None:
    with pytest.raises(KeyError):
        queue("nothing", live_redis)
