"""Whether Scout lives, and whether it can serve; what is missing is named."""

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from scout.queues import connections
from scout.redis import Unavailable
from searches.platforms.models import Platform
from searches.search.models import Lease

_migrated = False


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when a search that is asked now would be answered, else 503; `missing` says what is not there."""
    missing = {name: problem for name, check in CHECKS.items() if (problem := _checked(check))}
    return JsonResponse({"ready": not missing, "missing": missing}, status=503 if missing else 200)


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


def _workers() -> str:
    """A worker that died without a word is still in the set, but its key has run out."""
    with connections().guarded() as client:
        keys = list(client.smembers("rq:workers:search"))
        alive = client.exists(*keys) if keys else 0
    return "" if alive else "no worker listens to the queue search: start bin/manage worker search"


def _follow() -> str:
    if not Platform.objects.filter(enabled=True).exists():
        return ""
    alive = Lease.objects.filter(name__startswith="follow:", until__gt=timezone.now()).exists()
    return "" if alive else "nobody follows running scrapes: start bin/manage follow"


CHECKS: dict[str, Callable[[], str]] = {"database": _database, "redis": _redis, "worker": _workers, "follow": _follow}
