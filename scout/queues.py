"""The queues, their order and time-outs, and the allow-list of job names. Putting a job on a queue happens here only.

A job names its work by a stable name from `JOBS`, never by a Python path: names outlive refactorings and releases, and
what somebody plants in Redis under another name does not run. Arguments are JSON.
"""

import logging
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string
from redis import Redis
from rq import Queue
from rq.job import Job as RQJob
from rq.serializers import JSONSerializer

from scout.redis import Connections, Unavailable

log = logging.getLogger("scout.queues")

#: Queue name -> seconds a job of it may take. In the order of their importance.
QUEUES: dict[str, int] = {
    "search": 120,
    "warm": 120,
    "scan": 300,
    "chat": 300,
    "push": 60,
    "dashboard": 60,
    "backtest": 3_600,
    "default": 600,
}

#: Job name -> the function that does it. Names never change their meaning; retired ones stay until no job bears them.
JOBS: Mapping[str, str] = {
    "search.start_run": "searches.search.jobs.start_run",
    "search.collect_run": "searches.search.jobs.collect_run",
    "search.abort_run": "searches.search.jobs.abort_run",
    "thumbnails.fetch": "searches.thumbnails.jobs.fetch",
    "search.record_run": "searches.search.jobs.record_run",
}


class UnknownJob(Exception):
    """A job in Redis bears a name that is not on the allow-list."""


@cache
def connections() -> Connections:
    """The process's connections to the Redis that holds queues, hints and live items."""
    return Connections(settings.REDIS_TARGET)


class Job(RQJob):
    """A job whose function is looked up in JOBS, not imported from what stands in Redis. Ours call nobody back: the names
    of callbacks and the addresses of webhooks that a job in Redis may bear are passed over."""

    success_callback = failure_callback = stopped_callback = None

    def send_webhooks(self, *args: Any, **kwargs: Any) -> None:
        return

    @property
    def func(self) -> Any:
        path = JOBS.get(self.func_name or "")
        if path is None:
            raise UnknownJob(f"{self.func_name!r} is not a job of Scout")
        return import_string(path)


def queue(name: str, connection: Redis) -> Queue:
    return Queue(name, connection=connection, serializer=JSONSerializer, job_class=Job, default_timeout=QUEUES[name])


def ring(name: str, job: str, ids: Iterable[Any], quiet_ms: int = 2_000) -> int:
    """Put one `job(id)` per id on queue `name`; the number put. Never raises when Redis is away: follow rings again.

    The same bell rings once in `quiet_ms`. RQ's own `unique=True` is not used for that: after a kill -9 it refuses
    the id long after its job is gone.
    """
    try:
        with connections().guarded() as client:
            wanted = [str(i) for i in ids]
            free = _free_bells(client, job, wanted, quiet_ms)
            if free:
                target = queue(name, client)
                ready = [target.prepare_data(job, (i,), result_ttl=0, failure_ttl=86_400, ttl=600, description=f"{job} {i}") for i in free]
                target.enqueue_many(ready)
            return len(free)
    except Unavailable as error:
        log.warning("%s: not queued (%s); follow will ring again", job, error)
        return 0


def unring(job: str, id: object) -> None:
    """Free the bell of one job, at the start of its work: what happens from now on may ring again."""
    try:
        with connections().guarded() as client:
            client.delete(_bell(job, str(id)))
    except Unavailable:
        log.debug("bell of %s %s stays until it runs out", job, id)


def _bell(job: str, id: str) -> str:
    return f"scout:bell:{job}:{id}"


def _free_bells(client: Redis, job: str, ids: list[str], quiet_ms: int) -> list[str]:
    pipe = client.pipeline(transaction=False)
    for i in ids:
        pipe.set(_bell(job, i), 1, nx=True, px=quiet_ms)
    return [i for i, taken in zip(ids, pipe.execute(), strict=True) if taken]
