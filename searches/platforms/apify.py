"""Apify over HTTP: typed answers, typed errors, no ORM.

The official client is not used to start runs: it repeats the start POST on 429, 5xx and broken connections, and Apify
has no idempotency key for starts, so a lost answer would be paid twice. Here nothing is ever repeated by itself; the
error says whether anything can have happened upstream, and the caller decides.
"""

import base64
import json
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, SSLError

T = TypeVar("T")

CONNECT_SECONDS = 3.05
READ_SECONDS = 10.0
#: No start can still be on its way this long after it was sent: both time-outs, and room for list lag upstream.
START_CEILING_SECONDS = 20.0
MAX_BODY_BYTES = 64 * 1024 * 1024
ENDED = frozenset({"SUCCEEDED", "FAILED", "TIMED-OUT", "ABORTED"})
WEBHOOK_EVENTS = ("ACTOR.RUN.SUCCEEDED", "ACTOR.RUN.FAILED", "ACTOR.RUN.ABORTED", "ACTOR.RUN.TIMED_OUT")
_COUNT = re.compile(r"[0-9]{1,9}")
# 402 says "no money" for most types, but "full just now" for these two.
_BUSY_402 = frozenset({"actor-memory-limit-exceeded", "concurrent-runs-limit-exceeded"})


class ApifyError(Exception):
    """Something went wrong. `status` is 0 where there was no answer; `type` is Apify's, or ours in the same style."""

    def __init__(self, type: str, message: str = "", status: int = 0) -> None:
        self.type = _words(type, 60)
        self.message = _words(message, 500)
        super().__init__(f"{status or 'no answer'} {self.type}: {self.message}"[:500])
        self.status = status


def _words(value: Any, limit: int) -> str:
    """Upstream's words as every database takes them: without NUL and halves of emoji."""
    return str(value)[:limit].replace("\x00", "").encode(errors="replace").decode()


class Busy(ApifyError):
    """429, or one of the two 402s that pass: nothing happened, try again later."""


class Refused(ApifyError):
    """Any other 4xx: nothing happened, and trying again will not help."""


class NotFound(Refused):
    """404: there is no such thing, or this token may not see it."""


class Unsent(ApifyError):
    """No connection: nothing can have happened."""


class Unknown(ApifyError):
    """5xx, a broken connection or an unreadable answer, after sending: anything may have happened."""


@dataclass(frozen=True, slots=True)
class UpstreamRun:
    """A run as Apify tells it. `usage_usd` can still rise for some seconds after the end."""

    id: str
    status: str
    dataset_id: str
    store_id: str
    started_at: datetime | None
    finished_at: datetime | None
    usage_usd: Decimal | None
    message: str

    @property
    def ended(self) -> bool:
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a dataset from `offset` on. `scanned` is how far the next offset moves; 0 means the end, for now."""

    rows: list[Any]
    scanned: int


class Apify:
    """One Apify account. Thread-safe; connections are kept alive and shared, at most `pool` at once."""

    def __init__(self, base_url: str, token: str, pool: int = 64) -> None:
        self._base = base_url.rstrip("/") + "/v2"
        self._session = requests.Session()
        self._session.trust_env = False  # looking for proxies and .netrc costs more CPU than the request
        self._session.headers["Authorization"] = f"Bearer {token}"
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=pool, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def start(self, actor: str, body: Mapping[str, Any], options: Mapping[str, str]) -> UpstreamRun:
        """Start a run. Busy, Refused and Unsent: none was started. Unknown: look for it before starting another."""
        return self._send(_run, "POST", f"/actors/{_segment(actor)}/runs", params=options, json=body)

    def get(self, run_id: str) -> UpstreamRun:
        return self._send(_run, "GET", f"/actor-runs/{_segment(run_id)}")

    def abort(self, run_id: str) -> UpstreamRun:
        """Stop a run; on one that has ended it does nothing and still answers 200."""
        return self._send(_run, "POST", f"/actor-runs/{_segment(run_id)}/abort", data=b"")

    def list_runs(self, actor: str, since: datetime, limit: int = 1000, offset: int = 0) -> list[UpstreamRun]:
        """An actor's runs started at `since` or later, newest first; at most 1,000 a call."""
        params = {"desc": "1", "limit": str(limit), "offset": str(offset), "startedAfter": _iso(since)}
        return self._send(_runs, "GET", f"/actors/{_segment(actor)}/runs", params=params)

    def items(self, dataset_id: str, offset: int, limit: int) -> Page:
        """A page of a dataset, in the order in which it was written."""
        params = {"offset": str(offset), "limit": str(limit), "format": "json"}
        answer = self._request("GET", f"/datasets/{_segment(dataset_id)}/items", params=params)
        rows = answer.parsed()
        if not isinstance(rows, list):
            raise Unknown("unreadable-answer", "items are not a list", answer.status)
        counted = answer.headers.get("X-Apify-Pagination-Count", "")
        return Page(rows, int(counted) if _COUNT.fullmatch(counted) else len(rows))

    def input_of(self, store_id: str) -> Any:
        """The INPUT a run was started with."""
        return self._send(lambda body: body, "GET", f"/key-value-stores/{_segment(store_id)}/records/INPUT")

    def _send(self, read: Callable[[Any], T], method: str, path: str, **kwargs: Any) -> T:
        answer = self._request(method, path, **kwargs)
        body = answer.parsed()
        try:
            return read(body)
        except (KeyError, TypeError, ValueError) as error:
            raise Unknown("unreadable-answer", f"{type(error).__name__} in {path}", answer.status) from error

    def _request(self, method: str, path: str, **kwargs: Any) -> "_Answer":
        try:
            with self._session.request(
                method, self._base + path, timeout=(CONNECT_SECONDS, READ_SECONDS), stream=True, allow_redirects=method == "GET", **kwargs
            ) as response:
                answer = _Answer(response.status_code, response.headers, _body(response))
        except requests.RequestException as error:
            # Not "from error": its words hold the whole address, and in it the secret that Apify is to show at its webhooks.
            raise (Unsent if _never_sent(error) else Unknown)("no-answer", type(error).__name__) from None
        if answer.status >= 300:
            raise _error(answer)
        return answer


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def parsed(self) -> Any:
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise Unknown("unreadable-answer", "not JSON", self.status) from error


def _body(response: requests.Response) -> bytes:
    """The body, but never more than MAX_BODY_BYTES of it."""
    chunks, size = [], 0
    for chunk in response.iter_content(1 << 16):
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise Unknown("answer-too-large", f"over {MAX_BODY_BYTES} bytes", response.status_code)
    return b"".join(chunks)


def _never_sent(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.InvalidURL):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, SSLError):
        # A connection that breaks while the answer is awaited may show as one too: only a bad certificate is surely before.
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _error(answer: _Answer) -> ApifyError:
    status = answer.status
    try:
        told = json.loads(answer.body)["error"]
        type_, message = str(told["type"]), str(told.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        type_, message = f"http-{status}", answer.body[:200].decode(errors="replace")
    if status == 429 or (status == 402 and type_ in _BUSY_402):
        return Busy(type_, message, status)
    if status == 404:
        return NotFound(type_, message, status)
    if 400 <= status < 500 and status != 408:
        return Refused(type_, message, status)
    return Unknown(type_, message, status)


def _run(body: Any) -> UpstreamRun:
    return _read_run(body["data"])


def _runs(body: Any) -> list[UpstreamRun]:
    return [_read_run(row) for row in body["data"]["items"]]


def _read_run(row: Any) -> UpstreamRun:
    return UpstreamRun(
        id=_name(row["id"]),
        status=_words(row["status"], 20),
        dataset_id=_name(row["defaultDatasetId"]),
        store_id=_name(row["defaultKeyValueStoreId"]),
        started_at=_moment(row.get("startedAt")),
        finished_at=_moment(row.get("finishedAt")),
        usage_usd=_usd(row.get("usageTotalUsd")),
        message=_words(row.get("statusMessage") or "", 200),
    )


def _name(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 64 or not (value.isascii() and value.isprintable()):
        raise ValueError("not an id")
    return value


def _moment(value: Any) -> datetime | None:
    if not isinstance(value, str):
        return None
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _usd(value: Any) -> Decimal | None:
    try:
        usd = Decimal(str(value))
    except InvalidOperation:
        return None
    return round(usd, 6) if usd.is_finite() and 0 <= usd < 100_000 else None


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _segment(name: str) -> str:
    return quote(name.replace("/", "~"), safe="~")


def start_options(*, timeout_seconds: int, max_cost_usd: Decimal, webhook: tuple[str, str] | None) -> dict[str, str]:
    """The query of a start: the run's limits, and where Apify should ring at its end (url, secret)."""
    options = {"timeout": str(timeout_seconds), "maxTotalChargeUsd": format(max_cost_usd.normalize(), "f")}
    if webhook:
        hook_url, secret = webhook
        hook = {
            "eventTypes": list(WEBHOOK_EVENTS),
            "requestUrl": hook_url,
            "headersTemplate": json.dumps({"X-Scout-Token": secret}),  # Apify signs nothing, so the header carries the proof
        }
        options["webhooks"] = base64.b64encode(json.dumps([hook]).encode()).decode()
    return options
