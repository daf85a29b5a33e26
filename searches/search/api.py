"""The search API. Views parse, call one verb, and tell."""

import hashlib
import threading
from typing import Annotated, Any
from uuid import UUID

from cachetools import TTLCache
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from ninja import Query as QueryParams
from ninja import Router
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from scout.queues import connections
from scout.redis import Unavailable
from searches.accounts.limits import seconds_to_wait
from searches.accounts.models import User
from searches.query import DATE_RANGES, MAX_LENGTH, PLATFORM_CHOICES, parse
from searches.search import history, live, results, wire
from searches.search.cancel import cancel as cancel_search
from searches.search.explain import unavailable
from searches.search.models import OPEN, Run, Search
from searches.search.submit import Hit, KeyReused, submit

KEY_LENGTH = 200

#: What any call may answer with, besides its own.
REFUSALS: dict[Any, Any] = dict.fromkeys((400, 401, 403, 404, 405, 411, 413, 415, 500), wire.Problem)

#: Runs that this process has marked a moment ago: who looks every second need not mark them every second.
_marking = threading.Lock()
_marked: TTLCache[int, bool] = TTLCache(10_000, live.WATCH_SECONDS / 3)
router = Router(tags=["search"])


class ApiProblem(Exception):
    """A request that cannot be served: status, type and a sentence."""

    def __init__(self, status: int, type: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.type = type
        self.headers = headers


class SearchIn(BaseModel):
    """What to search for. Checked by searches.query, so that every way in says the same about the same mistake."""

    model_config = ConfigDict(json_schema_extra={"required": ["query"]})
    query: Annotated[Any, WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "example": "메이크업"})] = None
    platform: Annotated[Any, WithJsonSchema({"type": "string", "enum": list(PLATFORM_CHOICES)})] = "tiktok"
    dateRange: Annotated[Any, WithJsonSchema({"type": "string", "enum": list(DATE_RANGES)})] = "7days"
    refresh: Annotated[bool, Field(description="Search again, and pay, although the answer is known.")] = False


@router.post(
    "",
    summary="Search: a known answer at once, or a job",
    response={200: wire.Known, 202: wire.Placed, **REFUSALS, 422: wire.Problem, 429: wire.Problem, 503: wire.Problem},
)
def start(request: HttpRequest, body: SearchIn) -> HttpResponse:
    """200 with the items when the answer is known, else 202 with a jobId. The same open question twice is one job."""
    user = person(request)
    query = parse(body.query, body.platform, body.dateRange)
    wait = seconds_to_wait(user, "search", settings.SEARCHES_PER_MINUTE)
    if wait:
        message = _("Too many searches at once. Please wait %(seconds)d seconds.") % {"seconds": wait}
        raise ApiProblem(429, "rate-limited", message, {"Retry-After": str(wait)})
    try:
        found = submit(user, query, idempotency_key(request), force=body.refresh)
    except Unavailable:
        # Nothing was written: it may be asked again.
        raise ApiProblem(503, "queue-unavailable", unavailable(), {"Retry-After": "5"}) from None
    except KeyReused:
        message = _("This Idempotency-Key was used before, for another search.")
        raise ApiProblem(422, "idempotency-key-reused", message) from None
    if isinstance(found, Hit):
        history.note(user, query, found)
        return HttpResponse(wire.hit_body(query, found), content_type="application/json")
    return JsonResponse(wire.tell(found.search, found.runs) | {"cached": False}, status=202, json_dumps_params={"ensure_ascii": False})


@router.get(
    "/{job_id}", summary="The state of a search; its first items once it is completed", response={200: wire.ToldWithData, **REFUSALS}
)
def status(request: HttpRequest, job_id: str) -> HttpResponse:
    search, runs = own(request, job_id)
    look(search, runs)
    return JsonResponse(wire.with_data(search, runs), json_dumps_params={"ensure_ascii": False})


@router.get("/{job_id}/items", summary="Items found so far, from a cursor on", response={200: wire.Page, **REFUSALS})
def items(
    request: HttpRequest,
    job_id: str,
    since: Annotated[int, QueryParams(ge=0, le=results.MAX_CURSOR)] = 0,
    limit: Annotated[int, QueryParams(ge=1, le=results.MAX_PAGE)] = results.FIRST_PAGE,
) -> HttpResponse:
    """While it runs as well: ask again with `next`. Items come in the order in which they were found."""
    search, runs = own(request, job_id)
    look(search, runs)
    found, cursor = results.items_since(runs, since, limit)
    return JsonResponse({"items": found, "next": cursor}, json_dumps_params={"ensure_ascii": False})


@router.post("/{job_id}/cancel", summary="Leave a search; the last to leave stops its run", response={200: wire.Told, **REFUSALS})
def cancel(request: HttpRequest, job_id: str) -> HttpResponse:
    """Idempotent: a search that has ended stays as it is."""
    search, _runs = own(request, job_id)
    search = cancel_search(search)
    return JsonResponse(wire.tell(search, results.runs_of(search)), json_dumps_params={"ensure_ascii": False})


def person(request: HttpRequest) -> User:
    """Who api_auth let in."""
    if not isinstance(request.user, User):
        raise TypeError("this view is behind api_auth")
    return request.user


def idempotency_key(request: HttpRequest) -> str | None:
    """What the client calls this request. One that is longer than its column is kept as its digest, never cut short."""
    key = request.headers.get("Idempotency-Key", "").strip()
    return (key if len(key) <= KEY_LENGTH else hashlib.sha256(key.encode()).hexdigest()) or None


def own(request: HttpRequest, job_id: str) -> tuple[Search, list[Run]]:
    """The person's own search and its runs, or 404: somebody else's is not even there."""
    try:
        found = results.own(person(request), UUID(job_id))
    except ValueError:
        found = None
    if found is None:
        raise ApiProblem(404, "search-not-found", _("There is no such search, or it is not yours."))
    return found


def look(search: Search, runs: list[Run]) -> None:
    """Somebody is looking: follow reads the items of its runs for the next half minute."""
    if search.status not in OPEN:
        return
    with _marking:
        unmarked = [run.pk for run in runs if run.pk not in _marked]
        _marked.update(dict.fromkeys(unmarked, True))
    if unmarked:
        try:
            with connections().guarded() as client:
                live.watch(client, unmarked)
        except Unavailable:
            return
