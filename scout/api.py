"""The JSON API: one door (authentication once, for all of it) and one shape for every error."""

import logging
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema

from searches.accounts.auth import AuthError, api_auth
from searches.query import QueryError
from searches.search.api import ApiProblem
from searches.search.api import router as search_router
from searches.search.results_api import router as results_router
from searches.trends.api import router as trends_router

log = logging.getLogger("scout.api")

# The documentation page of django-ninja styles itself as it goes; its scripts are files.
_docs_csp = csp_update({"style-src": ["'self'", "'unsafe-inline'"]})

_WAYS_IN = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token of your account's page, or of `bin/manage create_token`."},
    "session": {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME, "description": "For our own pages."},
}


class Api(NinjaAPI):
    """Ninja documents the ways in of its own classes only; ours is a function."""

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**kwargs)
        schema["components"]["securitySchemes"] = _WAYS_IN
        schema["security"] = [{name: []} for name in _WAYS_IN]
        return schema


api = Api(
    title="Scout",
    version="1",
    description="Search short-video platforms. Fields are camelCase and only ever added; every error is "
    '`{"error": {"type", "message"}}`, in the language of Accept-Language.',
    auth=api_auth,
    docs_url="/docs",
    docs_decorator=_docs_csp,
    urls_namespace="api",
)
api.add_router("/search", search_router)
api.add_router("/results", results_router)
api.add_router("/trends", trends_router)


def problem(status: int, type: str, message: str, headers: dict[str, str] | None = None) -> HttpResponse:
    return JsonResponse(
        {"error": {"type": type, "message": message}}, status=status, headers=headers, json_dumps_params={"ensure_ascii": False}
    )


@api.exception_handler(AuthError)
def not_let_in(request: HttpRequest, error: AuthError) -> HttpResponse:
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else None
    return problem(error.status, error.type, str(error), headers)


@api.exception_handler(QueryError)
def bad_query(request: HttpRequest, error: QueryError) -> HttpResponse:
    return problem(400, error.type, str(error))


@api.exception_handler(ApiProblem)
def refused(request: HttpRequest, error: ApiProblem) -> HttpResponse:
    return problem(error.status, error.type, str(error), error.headers)


@api.exception_handler(ValidationError)
def bad_parameters(request: HttpRequest, error: ValidationError) -> HttpResponse:
    where = ", ".join(dict.fromkeys(".".join(str(part) for part in e["loc"][1:]) for e in error.errors)) or "?"
    return problem(400, "invalid-parameter", _("These parameters are missing or wrong: %(where)s.") % {"where": where[:200]})


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 400:
        return problem(400, "invalid-json", _("The body is not valid JSON."))
    return problem(error.status_code, "http-error", str(error))


@api.exception_handler(Exception)
def broken(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("%s %s", request.method, request.path)
    return problem(500, "internal-error", _("Something went wrong on our side. It has been written down; please try again."))


@csrf_exempt
@api.exception_handler(Http404)
def not_found(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Any other address under /api/."""
    return problem(404, "not-found", _("There is nothing at this address."))
