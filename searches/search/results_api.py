"""GET /api/results/{answerKey}: a known answer for programs, browsers and CDNs. It never starts anything, and is in nobody's
history."""

from typing import Literal

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.utils.translation import gettext as _
from ninja import Path, Router
from pydantic import BaseModel

from scout.shared_cache import same_for_all
from searches.platforms.sources import sources_of
from searches.search import results, wire
from searches.search.api import REFUSALS, ApiProblem
from searches.search.publish import parse_key, publish
from searches.search.submit import platforms_of

router = Router(tags=["results"])
_EXAMPLE = "tiktok:메이크업:7days"


class PublishedSource(BaseModel):
    """One source of an answer: see Coverage."""

    platform: str
    actor: str
    status: Literal["missing", "completed"]
    itemCount: int
    askedDays: int | None
    actorDays: int | None
    outsideCount: int | None
    undatedCount: int | None
    fetchedAt: str | None
    partial: bool


class PublishedAnswer(BaseModel):
    """A known answer, the same for every reader. `complete`: every platform that was asked for has answered."""

    answerKey: str
    itemCount: int
    createdAt: str
    complete: bool
    partial: bool
    platforms: list[PublishedSource]
    data: list[wire.ItemShape]


@router.api_operation(["HEAD"], "/{path:answer_key}", include_in_schema=False)
@router.get(
    "/{path:answer_key}",
    summary="A known answer by its key; made for CDNs",
    response={200: PublishedAnswer, 304: None, **REFUSALS},
)
def result(request: HttpRequest, answer_key: str = Path(..., example=_EXAMPLE)) -> HttpResponse:
    """The key is `platform:query:dateRange`, percent-encoded. Send the ETag as If-None-Match: 304 while nothing is new.
    Never starts a search: an answer that is not known is 404."""
    query = parse_key(answer_key)
    sources = sources_of(platforms_of(query))
    answers = results.known(query, sources)
    if not answers:
        message = _("There is no answer under this key yet. POST /api/search asks for one.")
        raise ApiProblem(404, "answer-not-found", message, {"Cache-Control": "no-store"})
    found = publish(query, sources, answers)
    response = HttpResponse(content_type="application/json")
    response["ETag"] = found.etag
    response["Last-Modified"] = http_date(found.modified_at.timestamp())
    response["Cache-Control"] = f"public, max-age={found.keep}, stale-while-revalidate={found.keep_stale}"
    # Only the ETag is compared: an answer that was collected late may be older than what it is put beside.
    known = get_conditional_response(request, etag=found.etag, response=response)
    if known is response:
        response.content = found.body()
    return same_for_all(known)
