"""RQ workers that leave when told to, notice an emptied Redis, and run only what is on the list.

SearchWorker does not fork: its jobs are short, and connections to Apify and the database stay open between them.
ForkingWorker gives each job a process of its own, which dies with its parent.
"""

import ctypes
import logging
import os
import signal
import time
import uuid
from types import FrameType
from typing import Any

import redis
from django.conf import settings
from django.db import connections as databases
from rq import Queue, SimpleWorker, Worker
from rq.exceptions import DequeueTimeout, StopRequested
from rq.job import Job
from rq.worker import WorkerStatus
from rq.worker_registration import register

log = logging.getLogger("scout.worker")
POP_SECONDS = 1
RECONNECT_SECONDS = 1.0
_PR_SET_PDEATHSIG = 1


class Steady:
    """What both workers share. Mixed in before one of RQ's."""

    name: str
    connection: redis.Redis
    queue_class: Any
    job_class: Any
    serializer: Any
    death_penalty_class: Any
    should_run_maintenance_tasks: bool
    _ordered_queues: list[Queue]
    _stop_requested: bool

    def _install_signal_handlers(self) -> None:
        """A flag and nothing else. RQ's own handler raises and talks to Redis; with Redis gone it would never leave."""
        signal.signal(signal.SIGTERM, self._leave)
        signal.signal(signal.SIGINT, self._leave)

    def _leave(self, signum: int, frame: FrameType | None) -> None:
        self._stop_requested = True

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> tuple[Job, Queue] | None:
        """The next job. Looks up from the queue once a second, so that a stop is obeyed whatever Redis does."""
        idle_since = time.monotonic()
        while not self._stop_requested:
            try:
                self._register_again()
                self.set_state(WorkerStatus.IDLE)  # type: ignore[attr-defined]
                self.heartbeat()
                if self.should_run_maintenance_tasks:
                    self.run_maintenance_tasks()  # type: ignore[attr-defined]
                return self._pop(timeout)
            except DequeueTimeout:
                if max_idle_time is not None and time.monotonic() - idle_since > max_idle_time:
                    return None
            except (redis.ConnectionError, redis.TimeoutError) as error:
                log.warning("%s: Redis does not answer (%s), trying again", self.name, type(error).__name__)
                time.sleep(RECONNECT_SECONDS)
        raise StopRequested

    def _pop(self, timeout: int | None) -> tuple[Job, Queue] | None:
        found: tuple[Job, Queue] | None = self.queue_class.dequeue_any(
            self._ordered_queues,
            None if timeout is None else POP_SECONDS,
            connection=self.connection,
            job_class=self.job_class,
            serializer=self.serializer,
            death_penalty_class=self.death_penalty_class,
        )
        if found:
            found[0].redis_server_version = self.get_redis_server_version()  # type: ignore[attr-defined]
        return found

    def _register_again(self) -> None:
        """After a FLUSHALL a living worker counts as none, until it says again that it is there."""
        if not self.connection.hexists(self.key, "birth"):  # type: ignore[attr-defined]
            with self.connection.pipeline() as pipe:
                pipe.hset(self.key, mapping=self.serialize())  # type: ignore[attr-defined]
                register(self, pipe)  # type: ignore[arg-type]
                pipe.execute()

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        try:
            super().heartbeat(timeout, pipeline)  # type: ignore[misc]
        except (redis.ConnectionError, redis.TimeoutError):
            log.debug("%s: no heartbeat, Redis does not answer", self.name)

    def execute_job(self, job: Job, queue: Queue) -> None:
        try:
            super().execute_job(job, queue)  # type: ignore[misc]
        except (redis.ConnectionError, redis.TimeoutError) as error:
            # The work is in the database row; what Redis was to be told about the job is of no consequence.
            log.warning("%s: Redis went away during %s (%s)", self.name, job.description, type(error).__name__)
        for database in databases.all(initialized_only=True):
            if database.errors_occurred:
                database.close()

    def teardown(self) -> None:
        try:
            super().teardown()  # type: ignore[misc]
        except (redis.ConnectionError, redis.TimeoutError):
            log.warning("%s: left without a word to Redis, which does not answer", self.name)


class SearchWorker(Steady, SimpleWorker):
    """Works in its own process: for the short jobs of searches."""


class ForkingWorker(Steady, Worker):
    """Forks for each job: for jobs that compute, or may take long."""

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        # Without this, a worker that is killed leaves its child running, and a second copy of the job is started later.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        databases.close_all()
        super().main_work_horse(job, queue)


def worker_name(kind: str) -> str:
    """A name that no earlier worker has: after a kill -9 RQ refuses the same name until its key runs out."""
    return f"{settings.WORKER_NAME or kind}-{os.getpid()}-{uuid.uuid4().hex[:6]}"
