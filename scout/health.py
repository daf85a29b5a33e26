"""Whether Scout lives, and whether it can serve; what is missing is named, and what it does without for now."""

import time
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from scout.queues import connections
from scout.redis import Unavailable
from scout.redis_check import troubles
from searches.cache.breaker import breaker
from searches.cache.router import DOCUMENTS, aliases
from searches.platforms.models import Platform
from searches.search.models import Lease

TROUBLES_SECONDS = 60.0
_migrated = False
_troubles = (float("-inf"), "")


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when a search that is asked now would be answered, else 503; `missing` says what is not there, `warnings` what
    is there and may yet cost something."""
    missing = {name: problem for name, check in CHECKS.items() if (problem := _checked(check))}
    warnings = {name: warning for name, check in WARNINGS.items() if name not in missing and (warning := _checked(check))}
    return JsonResponse({"ready": not missing, "missing": missing, "warnings": warnings}, status=503 if missing else 200)


def _checked(check: Callable[[], str]) -> str:
    try:
        return check()
    except DatabaseError as error:
        return f"the database does not answer: {type(error).__name__}"
    except Unavailable as error:
        return str(error)


def _database() -> str:
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return "migrations have not been applied: run bin/manage prepare"
        _migrated = True
    return ""


def _redis() -> str:
    with connections().guarded() as client:
        client.ping()
    return ""


def _redis_troubles() -> str:
    """What check_redis would say, looked up once a minute: a policy does not change each second."""
    global _troubles
    looked_at, told = _troubles
    if time.monotonic() - looked_at >= TROUBLES_SECONDS:
        with connections().guarded() as client:
            client.ping()  # a Redis that is away is `missing`, not worth its time-outs here
        told = " ".join(finding.sentence for finding in troubles(settings.REDIS_TARGET, settings.CACHE_TARGET))
        _troubles = (time.monotonic(), told)
    return told


def _workers() -> str:
    """A worker that died without a word is still in the set, but its key has run out."""
    if connections().target is None:
        return ""  # that is one thing missing, not two
    with connections().guarded() as client:
        keys = list(client.smembers("rq:workers:search"))
        alive = client.exists(*keys) if keys else 0
    return "" if alive else "no worker listens to the queue search: start bin/manage worker search"


def _follow() -> str:
    if not Platform.objects.filter(enabled=True).exists():
        return ""
    alive = Lease.objects.filter(name__startswith="follow:", until__gt=timezone.now()).exists()
    return "" if alive else "nobody follows running scrapes: start bin/manage follow"


def _documents() -> str:
    if DOCUMENTS not in aliases() or breaker(DOCUMENTS).answers():
        return ""
    return "MongoDB does not answer: answers are kept in the main database meanwhile."


CHECKS: dict[str, Callable[[], str]] = {"database": _database, "redis": _redis, "worker": _workers, "follow": _follow}
#: Name -> what speaks against resting on it, empty if nothing does. None of them makes Scout unready.
WARNINGS: dict[str, Callable[[], str]] = {"redis": _redis_troubles, "documents": _documents}
