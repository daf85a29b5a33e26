"""Looks at Redis, where the queues are and where the cache is: `bin/manage check_redis`. Exits 1 if there is a problem."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from scout.redis import NOT_CONFIGURED, Target
from scout.redis_check import Level, check


class Command(BaseCommand):
    help = "Say of the Redis that is configured whether Scout may rest on it; warnings do not count as problems."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        queue, cache = settings.REDIS_TARGET, settings.CACHE_TARGET
        if queue is None:
            raise CommandError(NOT_CONFIGURED)
        levels = self._show("Queues", queue, for_queue=True)
        if cache is not None and cache != queue:
            levels += self._show("Cache", cache, for_queue=False)
        problems, warnings = levels.count(Level.PROBLEM), levels.count(Level.WARNING)
        if problems:
            raise CommandError(f"Scout cannot rest on this Redis: problems {problems}, warnings {warnings}.")
        self.stdout.write(f"No problem, warnings: {warnings}.")

    def _show(self, what: str, target: Target, for_queue: bool) -> list[Level]:
        self.stdout.write(f"{what}: {target.masked}")
        found = check(target, for_queue)
        for finding in found:
            self.stdout.write(f"  {finding.level:<8} {finding.name:<12} {finding.sentence}")
        return [finding.level for finding in found]
