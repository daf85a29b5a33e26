"""The process that watches every running scrape. Start two for fail-over; they share the work."""

import logging
import signal
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from scout.queues import connections
from scout.redis_check import log_troubles
from searches.search.follow import Follower, drop_leases

log = logging.getLogger("scout.follow")


class Command(BaseCommand):
    help = "Watch running scrapes: hand what ended to workers, hand out again what is overdue."

    def handle(self, *args: Any, **options: Any) -> None:
        connections().be_patient()
        follower = Follower()

        def leave(signum: int, frame: FrameType | None) -> None:
            follower.stopping = True  # nothing else: a handler may run in the middle of anything

        signal.signal(signal.SIGTERM, leave)
        signal.signal(signal.SIGINT, leave)
        log_troubles(log, settings.REDIS_TARGET, settings.CACHE_TARGET)
        follower.run()
        drop_leases(follower.holder)
