"""Our Apify client against the sandbox over HTTP: typed answers, typed errors, nothing repeated, nothing secret told."""

import base64
import contextlib
import json
import re
import socket
import ssl
import subprocess
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from scout.installation import a_port
from scout.sandbox.apify.errors import ERRORS
from searches.platforms import apify as module
from searches.platforms.apify import Apify, ApifyError, Busy, NotFound, Refused, Unknown, Unsent, start_options
from tests.sandbox_control import Sandbox

ACTOR = "clockworks/tiktok-scraper"
TOKEN = "apify_api_VerySecretToken"
SECRET = "hook-VerySecret"
BODY = {"searchQueries": ["메이크업"], "resultsPerPage": 20}
OPTIONS = start_options(timeout_seconds=60, max_cost_usd=Decimal(1), webhook=("http://127.0.0.1:9/hooks/apify", SECRET))
BUSY = {"rate-limit-exceeded", "actor-memory-limit-exceeded", "concurrent-runs-limit-exceeded"}


@pytest.fixture
def client(sandbox: Sandbox) -> Apify:
    return Apify(sandbox.address, TOKEN)


def long_ago() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def test_it_works(client: Apify, sandbox: Sandbox) -> None:
    sandbox.set(run_seconds=0)
    run = client.start(ACTOR, BODY, {})
    assert (run.status, run.ended, run.finished_at is not None) == ("SUCCEEDED", True, True)
    assert len({run.id, run.dataset_id, run.store_id}) == 3
    assert run.started_at
    assert run.started_at.tzinfo
    seen = client.get(run.id)
    assert (seen.id, seen.dataset_id, seen.usage_usd is not None) == (run.id, run.dataset_id, True)
    assert "20 results" in seen.message
    assert [row.id for row in client.list_runs(ACTOR, long_ago())] == [run.id]
    assert client.input_of(run.store_id) == BODY
    page = client.items(run.dataset_id, 0, 12)
    assert (len(page.rows), page.scanned) == (12, 12)
    assert client.items(run.dataset_id, 12, 12).scanned == 8
    assert client.items(run.dataset_id, 20, 12) == module.Page([], 0)


def test_what_goes_on_and_is_aborted(client: Apify, sandbox: Sandbox) -> None:
    sandbox.set(abort_seconds=0)
    run = client.start(ACTOR, BODY, {})
    assert not run.ended
    assert client.abort(run.id).status in {"ABORTING", "ABORTED"}
    assert client.get(run.id).status == "ABORTED"
    assert client.abort(run.id).status == "ABORTED"


def test_lists_are_newest_first_paged_and_since(client: Apify) -> None:
    runs = [client.start(ACTOR, {"searchQueries": [f"q{i}"]}, {}) for i in range(3)]
    ids = [run.id for run in runs]
    assert [row.id for row in client.list_runs(ACTOR, long_ago())] == ids[::-1]
    assert [row.id for row in client.list_runs(ACTOR, long_ago(), limit=2)] == [ids[2], ids[1]]
    assert [row.id for row in client.list_runs(ACTOR, long_ago(), limit=2, offset=2)] == [ids[0]]
    assert client.list_runs(ACTOR, datetime.now(UTC) + timedelta(minutes=1)) == []
    assert client.list_runs("apidojo/tiktok-scraper", long_ago()) == []
    offset_zone = runs[0].started_at.astimezone(None) if runs[0].started_at else long_ago()
    assert ids[0] in [row.id for row in client.list_runs(ACTOR, offset_zone)]


def test_limits_and_webhook_go_along(client: Apify, sandbox: Sandbox) -> None:
    client.start(ACTOR, BODY, OPTIONS)
    hook = json.loads(base64.b64decode(OPTIONS["webhooks"]))[0]
    assert (OPTIONS["timeout"], OPTIONS["maxTotalChargeUsd"]) == ("60", "1")
    assert json.loads(hook["headersTemplate"]) == {"X-Scout-Token": SECRET}
    assert "ACTOR.RUN.TIMED_OUT" in hook["eventTypes"]


@pytest.mark.parametrize(("usd", "told"), [("1.00", "1"), ("0.25", "0.25"), ("100", "100"), ("0.10", "0.1")])
def test_money_is_written_plainly(usd: str, told: str) -> None:
    options = start_options(timeout_seconds=1, max_cost_usd=Decimal(usd), webhook=None)
    assert options == {"timeout": "1", "maxTotalChargeUsd": told}


# Every row of the error table.


def calls(client: Apify) -> dict[str, Callable[[], Any]]:
    return {
        "start": lambda: client.start(ACTOR, BODY, OPTIONS),
        "get": lambda: client.get("Rxxxxxxxxxxxxxxxx"),
        "abort": lambda: client.abort("Rxxxxxxxxxxxxxxxx"),
        "list": lambda: client.list_runs(ACTOR, long_ago()),
        "items": lambda: client.items("Dxxxxxxxxxxxxxxxx", 0, 10),
        "record": lambda: client.input_of("Kxxxxxxxxxxxxxxxx"),
    }


def expected(type: str) -> type[ApifyError]:
    status = ERRORS[type][0]
    if type in BUSY:
        return Busy
    if status == 404:
        return NotFound
    return Unknown if status >= 500 or status == 408 else Refused


@pytest.mark.parametrize("type", ERRORS)
def test_every_error_of_the_table(client: Apify, sandbox: Sandbox, type: str) -> None:
    sandbox.faults({"on": "any", "kind": "error", "type": type})
    for name, call in calls(client).items():
        with pytest.raises(ApifyError) as told:
            call()
        assert (name, told.type) == (name, expected(type))
        assert (told.value.type, told.value.status) == (type, ERRORS[type][0])
        assert type in str(told.value)
    assert sandbox.stats()["starts"] == 0
    assert sum(sandbox.stats()["calls"].values()) == 6  # nothing was repeated


@pytest.mark.parametrize(
    ("rule", "kind", "type"),
    [
        ({"kind": "html", "status": 502}, Unknown, "http-502"),
        ({"kind": "html", "status": 404}, NotFound, "http-404"),
        ({"kind": "html", "status": 403}, Refused, "http-403"),
        ({"kind": "html", "status": 429}, Busy, "http-429"),
        ({"kind": "error", "status": 418}, Refused, "internal-server-error"),
        ({"kind": "error", "status": 402, "type": "brand-new-limit"}, Refused, "brand-new-limit"),
        ({"kind": "error", "status": 599}, Unknown, "internal-server-error"),
        ({"kind": "drop"}, Unknown, "no-answer"),
        ({"kind": "created-then-502"}, Unknown, "http-502"),
        ({"kind": "created-then-drop"}, Unknown, "no-answer"),
        ({"kind": "truncated"}, Unknown, "unreadable-answer"),
        ({"kind": "broken-off"}, Unknown, "no-answer"),
        ({"kind": "redirect"}, Unknown, "http-302"),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else None,
)
def test_other_ways_to_go_wrong(client: Apify, sandbox: Sandbox, rule: dict[str, Any], kind: type[ApifyError], type: str) -> None:
    sandbox.faults({"on": "start", **rule})
    with pytest.raises(ApifyError) as told:
        client.start(ACTOR, BODY, OPTIONS)
    assert (told.type, told.value.type) == (kind, type)
    assert sandbox.stats()["startCalls"] == 1


@pytest.mark.parametrize("on", ["start", "get", "items", "list", "abort", "record"])
def test_an_answer_that_does_not_come_in_time_may_have_happened(
    client: Apify, sandbox: Sandbox, on: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.05)
    sandbox.faults({"on": on, "kind": "slow", "seconds": 0.2})
    with pytest.raises(Unknown) as told:
        calls(client)[on]()
    assert told.value.type == "no-answer"


@pytest.mark.parametrize("kind", ["truncated", "broken-off", "html", "drop"])
@pytest.mark.parametrize("on", ["get", "items", "list", "record"])
def test_spoilt_answers_to_reads(client: Apify, sandbox: Sandbox, on: str, kind: str) -> None:
    run = client.start(ACTOR, BODY, {})
    sandbox.faults({"on": on, "kind": kind})
    read = {
        "get": lambda: client.get(run.id),
        "items": lambda: client.items(run.dataset_id, 0, 10),
        "list": lambda: client.list_runs(ACTOR, long_ago()),
        "record": lambda: client.input_of(run.store_id),
    }
    with pytest.raises(Unknown):
        read[on]()


def test_nobody_listens() -> None:
    client = Apify(f"http://127.0.0.1:{a_port(None)}", TOKEN)
    for call in calls(client).values():
        with pytest.raises(Unsent):
            call()


@pytest.mark.parametrize("address", ["http://no-such-host.invalid", "http://127.0.0.1:1", "http://[::1"])
def test_addresses_that_lead_nowhere(address: str) -> None:
    with pytest.raises(Unsent):
        Apify(address, TOKEN).start(ACTOR, BODY, {})


def test_a_redirected_read_is_followed_and_a_start_is_not(client: Apify, sandbox: Sandbox) -> None:
    run = client.start(ACTOR, BODY, {})
    sandbox.faults({"on": "record", "kind": "redirect"})
    assert client.input_of(run.store_id) == BODY


def test_an_answer_that_is_too_large(client: Apify, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BODY_BYTES", 100)
    with pytest.raises(Unknown) as told:
        client.start(ACTOR, BODY, {})
    assert told.value.type == "answer-too-large"


# Secrets.


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "drop"},
        {"kind": "html"},
        {"kind": "broken-off"},
        {"kind": "truncated"},
        {"kind": "error", "status": 401},
        {"kind": "slow", "seconds": 0.2},
    ],
    ids=lambda rule: rule["kind"],
)
def test_no_error_tells_a_secret(client: Apify, sandbox: Sandbox, rule: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_SECONDS", 0.1)
    sandbox.faults({"on": "start", **rule})
    with pytest.raises(ApifyError) as told:
        client.start(ACTOR, BODY, OPTIONS)
    assert_secret_free(told.value)


def test_nor_does_a_refused_connection() -> None:
    with pytest.raises(Unsent) as told:
        Apify(f"http://127.0.0.1:{a_port(None)}", TOKEN).start(ACTOR, BODY, OPTIONS)
    assert_secret_free(told.value)


def assert_secret_free(error: ApifyError) -> None:
    """Neither in its words nor in the traceback that a failed job would leave in Redis."""
    text = str(error) + repr(error) + error.message + "".join(traceback.format_exception(error))
    for secret in (TOKEN, SECRET, OPTIONS["webhooks"], OPTIONS["webhooks"][:20]):
        assert secret not in text


def test_long_words_are_cut() -> None:
    error = Refused("t" * 500, "m" * 5_000, 400)
    assert (len(error.type), len(error.message), len(str(error))) == (60, 500, 500)


# Answers no Apify gives, from somebody who stands in between.


@contextmanager
def answering(raw: bytes, wrap: Callable[[socket.socket], socket.socket] = lambda plain: plain) -> Iterator[tuple[int, list[bytes]]]:
    """A server that reads a request, answers these bytes and hangs up. Its port, and what it was sent."""
    heard: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                plain, _address = server.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), wrap(plain) as peer:
                heard.append(request_on(peer))
                peer.sendall(raw)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], heard
        server.shutdown(socket.SHUT_RDWR)


def request_on(peer: socket.socket) -> bytes:
    """One whole request."""
    peer.settimeout(5)
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += peer.recv(65_536)
    length = re.search(rb"(?i)content-length: (\d+)", heard)
    while length and len(heard.partition(b"\r\n\r\n")[2]) < int(length[1]):
        heard += peer.recv(65_536)
    return heard


def http(body: Any, status: str = "201 Created", *headers: str) -> bytes:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(payload)}", "Connection: close", *headers])
    return f"{head}\r\n\r\n".encode() + payload


GOOD = {"id": "R1", "status": "READY", "defaultDatasetId": "D1", "defaultKeyValueStoreId": "K1"}


def test_the_least_that_a_run_must_say() -> None:
    with answering(http({"data": GOOD})) as (port, _heard):
        run = Apify(f"http://127.0.0.1:{port}", TOKEN).start(ACTOR, BODY, {})
    assert (run.id, run.started_at, run.finished_at, run.usage_usd, run.message) == ("R1", None, None, None, "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"[" * 100_000,
        b"\xff\xfe",
        {"data": None},
        {"data": []},
        {"data": {}},
        {"data": GOOD | {"id": None}},
        {"data": GOOD | {"id": ""}},
        {"data": GOOD | {"id": "x" * 65}},
        {"data": GOOD | {"id": 7}},
        {"data": GOOD | {"id": "R\x001"}},
        {"data": GOOD | {"defaultDatasetId": "D\ud83d"}},
        {"data": {k: v for k, v in GOOD.items() if k != "defaultDatasetId"}},
        {"data": GOOD | {"startedAt": "yesterday"}},
        {"error": {"type": "x"}},
    ],
    ids=lambda body: repr(body)[:30],
)
def test_an_answer_that_is_none_may_have_started_a_run(body: Any) -> None:
    with answering(http(body)) as (port, _heard), pytest.raises(Unknown) as told:
        Apify(f"http://127.0.0.1:{port}", TOKEN).start(ACTOR, BODY, {})
    assert told.value.type == "unreadable-answer"


@pytest.mark.parametrize("raw", [b"nonsense\r\n\r\n", b"HTTP/1.1 200", b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"])
def test_what_is_not_even_http(raw: bytes) -> None:
    with answering(raw) as (port, _heard), pytest.raises(Unknown):
        Apify(f"http://127.0.0.1:{port}", TOKEN).start(ACTOR, BODY, {})


ODD = "cut \ud83d and nul \x00 and \u202e한국어"


def test_words_from_upstream_can_be_stored() -> None:
    """Half an emoji and a NUL: no database takes them, and one such run would keep a whole batch from its end."""
    with answering(http({"data": GOOD | {"statusMessage": ODD, "status": "FAILED\x00"}})) as (port, _heard):
        run = Apify(f"http://127.0.0.1:{port}", TOKEN).get("R1")
    assert_storable(run.message, run.status)
    with answering(http({"error": {"type": ODD, "message": ODD}}, "400 Bad Request")) as (port, _heard), pytest.raises(Refused) as told:
        Apify(f"http://127.0.0.1:{port}", TOKEN).get("R1")
    assert_storable(told.value.message, told.value.type, str(told.value))


def assert_storable(*texts: str) -> None:
    for text in texts:
        assert "\x00" not in text
        text.encode()


@pytest.mark.parametrize("usd", [-1, "NaN", "Infinity", 1e9, None, [], "a lot", True])
def test_a_cost_that_is_none_is_unknown(usd: Any) -> None:
    with answering(http({"data": GOOD | {"usageTotalUsd": usd}})) as (port, _heard):
        run = Apify(f"http://127.0.0.1:{port}", TOKEN).get("R1")
    assert run.usage_usd is None


@pytest.mark.parametrize("count", ["\u00b2", "9" * 5_000, "-1", "", "many"])
def test_a_page_that_counts_nonsense_counts_its_rows(count: str) -> None:
    with answering(http([1, 2], "200 OK", f"X-Apify-Pagination-Count: {count}").replace("²".encode(), b"\xb2")) as (port, _heard):
        page = Apify(f"http://127.0.0.1:{port}", TOKEN).items("D1", 0, 10)
    assert page == module.Page([1, 2], 2)


@pytest.mark.parametrize("body", [{"data": []}, b"null", b"5"])
def test_items_that_are_no_list(body: Any) -> None:
    with answering(http(body, "200 OK")) as (port, _heard), pytest.raises(Unknown):
        Apify(f"http://127.0.0.1:{port}", TOKEN).items("D1", 0, 10)


@pytest.mark.parametrize("error", [None, [], {"type": None}, {"message": "x"}, "text", 5])
def test_an_error_without_form_is_known_by_its_status(error: Any) -> None:
    with answering(http({"error": error}, "400 Bad Request")) as (port, _heard), pytest.raises(Refused) as told:
        Apify(f"http://127.0.0.1:{port}", TOKEN).start(ACTOR, BODY, {})
    assert told.value.status == 400


def test_the_token_is_shown_to_apify_and_not_to_where_it_redirects() -> None:
    with answering(http({"searchQueries": []}, "200 OK")) as (elsewhere, there):
        onward = http(b"", "302 Found", f"Location: http://localhost:{elsewhere}/record")
        with answering(onward) as (port, here):
            assert Apify(f"http://127.0.0.1:{port}", TOKEN).input_of("K1") == {"searchQueries": []}
    assert TOKEN.encode() in here[0]
    assert TOKEN.encode() not in there[0]


def test_names_stay_within_their_place_in_the_path() -> None:
    with answering(http({"data": GOOD})) as (port, heard):
        client = Apify(f"http://127.0.0.1:{port}/", TOKEN)
        client.start("someone/actor", BODY, {})
        client.get("../users/me?x=1#")
    assert heard[0].startswith(b"POST /v2/actors/someone~actor/runs HTTP")
    assert heard[1].startswith(b"GET /v2/actor-runs/..~users~me%3Fx%3D1%23 HTTP")


# TLS: a certificate that is not trusted means nothing was sent; a connection that breaks later does not.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*make.split(), "-keyout", str(path), "-out", f"{path}.crt"], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


def tls(certificate: Path) -> Callable[[socket.socket], socket.socket]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return lambda plain: context.wrap_socket(plain, server_side=True)


def test_a_certificate_that_is_not_trusted(certificate: Path) -> None:
    with answering(http({"data": GOOD}), tls(certificate)) as (port, heard), pytest.raises(Unsent):
        Apify(f"https://127.0.0.1:{port}", TOKEN).start(ACTOR, BODY, OPTIONS)
    assert heard == []


def test_over_tls(certificate: Path) -> None:
    with answering(http({"data": GOOD}), tls(certificate)) as (port, _heard):
        client = Apify(f"https://127.0.0.1:{port}", TOKEN)
        client._session.verify = str(certificate)
        assert client.start(ACTOR, BODY, {}).id == "R1"


@pytest.mark.parametrize("last_words", [b"", b"HTTP/1.1 502 Bad Gateway\r\n\r\n"], ids=["silent", "not TLS any more"])
def test_a_tls_connection_that_breaks_after_sending_may_have_started_a_run(certificate: Path, last_words: bytes) -> None:
    """Python tells it as an SSL error, just as a certificate that is not trusted; and yet the POST has arrived."""
    heard: list[bytes] = []

    def wrap(plain: socket.socket) -> socket.socket:
        peer = tls(certificate)(plain)
        heard.append(request_on(peer))
        with socket.socket(fileno=peer.detach()) as under:
            under.sendall(last_words)
        raise OSError("hung up")

    with answering(b"", wrap) as (port, _heard):
        client = Apify(f"https://127.0.0.1:{port}", TOKEN)
        client._session.verify = str(certificate)
        with pytest.raises(ApifyError) as told:
            client.start(ACTOR, BODY, OPTIONS)
    assert heard[0].startswith(b"POST ")
    assert told.type is Unknown
    assert_secret_free(told.value)
