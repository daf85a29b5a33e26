"""A worker for one or more queues: `bin/manage worker search`."""

import logging
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django_rq import get_connection
from redis import RedisError

from queueadmin.worker.work import ForkingWorker, SearchWorker, worker_name
from scout.queues import QUEUES, Job, connections, queue
from scout.redis import NOT_CONFIGURED
from scout.redis_check import log_troubles
from scout.redis_errors import in_words

log = logging.getLogger("scout.worker")
#: Queues whose jobs are short and wait for others more than they compute: worked on without a fork.
SHORT = {"search", "warm"}


class Command(BaseCommand):
    help = "Work on queues until told to stop: SIGTERM lets the job in hand finish."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("queues", nargs="+", help=f"of: {', '.join(QUEUES)}")
        parser.add_argument("--burst", action="store_true", help="leave when the queues are empty")

    def handle(self, *args: Any, queues: list[str], burst: bool, **options: Any) -> None:
        unknown = set(queues) - set(QUEUES)
        if unknown:
            raise CommandError(f"No such queue: {', '.join(sorted(unknown))}. There are: {', '.join(QUEUES)}.")
        if settings.REDIS_TARGET is None:
            raise CommandError(NOT_CONFIGURED)
        kind = SearchWorker if set(queues) <= SHORT else ForkingWorker
        name = worker_name(queues[0])
        connections().be_patient()
        log_troubles(log, settings.REDIS_TARGET, settings.CACHE_TARGET)
        try:
            connection = get_connection(queues[0])
            worker = kind(
                [queue(name, connection) for name in queues],
                name=name,
                connection=connection,
                job_class=Job,
                serializer="rq.serializers.JSONSerializer",
                worker_ttl=45,
                maintenance_interval=30,
                job_monitoring_interval=10,
            )
            log.info("worker %s is up, listening on %s", name, ", ".join(queues))
            worker.work(burst=burst, logging_level="WARNING")
        except RedisError as error:
            raise CommandError(f"Redis does not answer: {in_words(error)}") from None
        log.info("worker %s has left", name)
