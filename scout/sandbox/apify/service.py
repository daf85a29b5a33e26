"""The API's front door: finds the route, checks token, rate and faults, and answers errors in the API's own form."""

import gzip
import json
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from scout.sandbox.apify import routes_account, routes_runs, routes_storage
from scout.sandbox.apify.errors import ApiError
from scout.sandbox.apify.faults import Rule
from scout.sandbox.apify.state import Apify, Call
from scout.sandbox.routing import Table
from scout.sandbox.seeds import seed
from scout.sandbox.wire import Fate, Request, Response, html_response

MAX_BODY = 9_437_184
#: Tokens that begin like this are refused, so that a revoked one can be tried.
REVOKED = ("revoked", "invalid")


@dataclass(frozen=True, slots=True)
class Route:
    """`call` is what faults and counters know it as, `rate` whose limit it counts against; `open` needs no token."""

    run: Callable[[Apify, Call], Response]
    call: str
    rate: str = "rest"
    open: bool = False


ROUTES = {
    "POST /v2/actors/{actor}/runs": Route(routes_runs.start, "start", "start"),
    "POST /v2/actors/{actor}/run-sync-get-dataset-items": Route(routes_runs.sync_items, "start", "start"),
    "POST /v2/actors/{actor}/run-sync": Route(routes_runs.sync_output, "start", "start"),
    "GET /v2/actors/{actor}/runs": Route(routes_runs.listed, "list"),
    "GET /v2/actor-runs": Route(routes_runs.listed, "list"),
    "GET /v2/actor-runs/{run}": Route(routes_runs.get, "get", open=True),
    "GET /v2/actors/{actor}/runs/{run}": Route(routes_runs.get, "get", open=True),
    "POST /v2/actor-runs/{run}/abort": Route(routes_runs.abort, "abort"),
    "POST /v2/actors/{actor}/runs/{run}/abort": Route(routes_runs.abort, "abort"),
    "POST /v2/actor-runs/{run}/resurrect": Route(routes_runs.resurrect, "resurrect"),
    "GET /v2/actor-runs/{run}/log": Route(routes_runs.log, "log", open=True),
    "GET /v2/logs/{run}": Route(routes_runs.log, "log", open=True),
    "GET /v2/datasets/{dataset}": Route(routes_storage.dataset, "dataset", open=True),
    "GET /v2/datasets/{dataset}/items": Route(routes_storage.items, "items", open=True),
    "GET /v2/actor-runs/{run}/dataset": Route(routes_storage.dataset, "dataset", open=True),
    "GET /v2/actor-runs/{run}/dataset/items": Route(routes_storage.items, "items", open=True),
    "GET /v2/key-value-stores/{store}": Route(routes_storage.store, "store", open=True),
    "GET /v2/key-value-stores/{store}/keys": Route(routes_storage.keys, "keys", open=True),
    "GET /v2/key-value-stores/{store}/records/{key}": Route(routes_storage.record, "record", "record", open=True),
    "GET /v2/actor-runs/{run}/key-value-store": Route(routes_storage.store, "store", open=True),
    "GET /v2/actor-runs/{run}/key-value-store/keys": Route(routes_storage.keys, "keys", open=True),
    "GET /v2/actor-runs/{run}/key-value-store/records/{key}": Route(routes_storage.record, "record", "record", open=True),
    "GET /v2/actors/{actor}": Route(routes_account.actor, "actor", open=True),
    "POST /v2/actors/{actor}/validate-input": Route(routes_account.validate_input, "validate", open=True),
    "GET /v2/users/me": Route(routes_account.me, "me"),
    "GET /v2/users/me/limits": Route(routes_account.limits, "limits"),
    "GET /v2/users/me/usage/monthly": Route(routes_account.monthly_usage, "usage"),
    "GET /v2/webhook-dispatches": Route(routes_account.dispatches, "dispatches"),
    "GET /v2/webhook-dispatches/{dispatch}": Route(routes_account.dispatch, "dispatches"),
}

TABLE: Table[Route] = Table()
for _line, _route in ROUTES.items():
    TABLE.add(_line, _route)


class Service:
    """Answers everything under `/v2/`."""

    def __init__(self, state: Apify) -> None:
        self.state = state

    def answer(self, request: Request) -> Response:
        if self.state.settings.latency:
            time.sleep(self.state.settings.latency)
        call, rate = "unknown", "rest"
        try:
            route, params = _find(request)
            call, rate = route.call, route.rate
            response = self._let_in(route, params, request)
        except ApiError as error:
            response = error.response()
        self.state.count(call, 0 if response.fate is Fate.DROPPED else response.status)
        response.headers["X-RateLimit-Limit"] = f"{self.state.buckets.limit(rate):g}"
        return response

    def _let_in(self, route: Route, params: dict[str, str], request: Request) -> Response:
        user = _user(request)
        if not user and not route.open:
            raise ApiError("token-not-provided")
        self.state.buckets.take(route.rate, f"{user} {next(iter(params.values()), '')}")
        request = replace(request, body=_inflated(request))
        if "redirected" in request.query:
            return route.run(self.state, Call(request, params, user))
        verdict = self.state.faults.judge(route.call, self._words(params, request))
        if verdict.delay:
            time.sleep(verdict.delay)
        if verdict.answer and verdict.answer.refuses:
            return _refused(verdict.answer, request)
        response = route.run(self.state, Call(request, params, user, verdict.plan))
        return _spoilt(verdict.answer, response) if verdict.answer else response

    def _words(self, params: dict[str, str], request: Request) -> str:
        """What a rule's `match` is looked for in: the INPUT of the run concerned, or the address."""
        run = self.state.store.concerned(params)
        if run:
            return run.words
        return _unescaped(request.body) if request.body else f"{request.path} {request.query}"


def _find(request: Request) -> tuple[Route, dict[str, str]]:
    segments = request.segments
    if len(segments) > 1 and segments[1] == "acts":
        segments[1] = "actors"
    method = request.query.get("method", request.method).upper()
    route, params, known = TABLE.find("GET" if method == "HEAD" else method, segments)
    if route is None:
        raise ApiError("method-not-allowed" if known else "page-not-found")
    return route, params


def _user(request: Request) -> str:
    """The account behind a token: every token has one of its own."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else request.query.get("token", "")
    if token.startswith(REVOKED):
        raise ApiError("user-or-token-not-found")
    return f"U{seed('account', token):016x}" if token else ""


def _inflated(request: Request) -> bytes:
    encoding = request.headers.get("content-encoding", "identity").lower()
    body = request.body
    try:
        if encoding == "gzip":
            body = gzip.decompress(body)
        elif encoding == "deflate":
            body = zlib.decompress(body)
        elif encoding != "identity":
            raise ApiError("unsupported-content-encoding")
    except (OSError, EOFError, zlib.error):
        raise ApiError("invalid-request", "The request body could not be decompressed.") from None
    if len(body) > MAX_BODY:
        raise ApiError(
            "request-too-large",
            f"The POST payload is too large (limit: {MAX_BODY} bytes, actual length: {len(body)} bytes).",
        )
    return body


def _unescaped(body: bytes) -> str:
    """JSON text with its escapes read, so that a match may be written in any script."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        return body.decode("utf-8", "replace")


def _refused(rule: Rule, request: Request) -> Response:
    return Response(fate=Fate.DROPPED) if rule.kind == "drop" else rule.refusal(request.path)


def _spoilt(rule: Rule, response: Response) -> Response:
    if rule.kind == "created-then-502":
        return html_response(502, "Bad Gateway")
    if rule.kind == "truncated":
        return replace(response, body=response.body[: len(response.body) // 2])
    return replace(response, fate=Fate.DROPPED if rule.kind == "created-then-drop" else Fate.CUT)
