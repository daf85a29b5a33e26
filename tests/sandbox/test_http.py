"""The wire below the API: connections, bodies, headers, addresses."""

import gzip
import http.client
import json
import socket
import zlib
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Sandbox

RUNS = "/v2/actors/clockworks~tiktok-scraper/runs"
BODY = json.dumps({"searchQueries": ["x"], "resultsPerPage": 3}).encode()


def raw(sandbox: Sandbox, text: bytes) -> bytes:
    """What comes back for these very bytes, until the sandbox closes."""
    host, port = sandbox.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(text)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)])
def test_compressed_bodies(sandbox: Sandbox, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    answer = sandbox.call("POST", RUNS, data=pack(BODY), headers={"Content-Encoding": encoding})
    assert answer.status_code == 201
    assert sandbox.stats()["startsPerQuery"] == {"x": 1}


@pytest.mark.parametrize(
    ("encoding", "body", "status", "type"),
    [
        ("br", b"x", 415, "unsupported-content-encoding"),
        ("gzip", b"no gzip", 400, "invalid-request"),
        ("identity", b"{", 400, "run-input-body-not-valid-json"),
        ("identity", b" " * 9_437_185, 413, "request-too-large"),
        ("gzip", gzip.compress(b" " * 9_437_185), 413, "request-too-large"),
    ],
)
def test_bodies_that_are_refused(sandbox: Sandbox, encoding: str, body: bytes, status: int, type: str) -> None:
    answer = sandbox.call("POST", RUNS, data=body, headers={"Content-Encoding": encoding})
    assert (answer.status_code, answer.json()["error"]["type"]) == (status, type)


def test_chunked_body(sandbox: Sandbox) -> None:
    answer = sandbox.call("POST", RUNS, data=iter([BODY[:10], BODY[10:]]))
    assert answer.status_code == 201
    assert sandbox.stats()["startsPerQuery"] == {"x": 1}


def test_post_without_a_length(sandbox: Sandbox) -> None:
    run = sandbox.start()
    head = f"POST /v2/actor-runs/{run['id']}/abort HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer t\r\nConnection: close\r\n\r\n"
    assert raw(sandbox, head.encode()).startswith(b"HTTP/1.1 200 OK\r\n")


def test_expect_continue(sandbox: Sandbox) -> None:
    head = f"POST {RUNS}?token=t HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: {len(BODY)}\r\n\r\n"
    answer = raw(sandbox, head.encode() + BODY)
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\n")


@pytest.mark.parametrize("text", [b"rubbish\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n", b"\r\n"])
def test_rubbish_closes_the_connection_and_nothing_else(sandbox: Sandbox, text: bytes) -> None:
    assert raw(sandbox, text) == b""
    assert sandbox.call("GET", "/v2/users/me").status_code == 200


def test_connection_is_kept(sandbox: Sandbox) -> None:
    connection = http.client.HTTPConnection(sandbox.url.removeprefix("http://"))
    ports = set()
    for _ in range(3):
        connection.request("GET", "/v2/users/me?token=t")
        assert connection.getresponse().read()
        ports.add(connection.sock.getsockname()[1])
    assert len(ports) == 1


def test_http_1_0_and_head(sandbox: Sandbox) -> None:
    assert raw(sandbox, b"GET /v2/users/me?token=t HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")
    answer = sandbox.call("HEAD", "/v2/users/me")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 100


def test_token_as_parameter_and_as_header(sandbox: Sandbox) -> None:
    by_parameter = requests.get(f"{sandbox.url}/v2/users/me", params={"token": sandbox.token}, timeout=5)
    assert by_parameter.json() == sandbox.call("GET", "/v2/users/me").json()


@pytest.mark.parametrize("path", [RUNS, "/v2/actor-runs", "/v2/users/me", "/v2/webhook-dispatches"])
def test_without_a_token(sandbox: Sandbox, path: str) -> None:
    answer = requests.get(sandbox.url + path, timeout=5)
    assert (answer.status_code, answer.json()["error"]["type"]) == (401, "token-not-provided")


def test_a_run_can_be_read_without_a_token_but_not_its_cost(sandbox: Sandbox) -> None:
    run = sandbox.start()
    seen = requests.get(f"{sandbox.url}/v2/actor-runs/{run['id']}", timeout=5).json()["data"]
    assert seen["id"] == run["id"]
    assert not {"usageTotalUsd", "usage", "chargedEventCounts"} & set(seen)


def test_old_prefix(sandbox: Sandbox) -> None:
    answer = sandbox.call("POST", RUNS.replace("actors", "acts"), data=BODY)
    assert answer.status_code == 201
    assert sandbox.call("GET", RUNS.replace("actors", "acts")).json()["data"]["total"] == 1


def test_actor_by_id_and_by_escaped_name(sandbox: Sandbox) -> None:
    for name in ("GdWCkxBtKWOsKjdch", "clockworks~tiktok-scraper", "clockworks%7Etiktok-scraper", "clockworks%2Ftiktok-scraper"):
        assert sandbox.call("GET", f"/v2/actors/{name}").json()["data"]["id"] == "GdWCkxBtKWOsKjdch"


def test_method_by_parameter(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(run_seconds=60)
    run = sandbox.start()
    answer = sandbox.call("GET", f"/v2/actor-runs/{run['id']}/abort", params={"method": "POST"})
    assert answer.json()["data"]["status"] == "ABORTING"


@pytest.mark.parametrize(
    ("method", "path", "status", "type"),
    [
        ("GET", "/v2/nowhere", 404, "page-not-found"),
        ("DELETE", "/v2/actor-runs", 405, "method-not-allowed"),
        ("GET", "/v2/actor-runs/Rnone", 404, "record-not-found"),
        ("GET", "/v2/datasets/Dnone/items", 404, "record-not-found"),
        ("GET", "/v2/key-value-stores/Knone/records/INPUT", 404, "record-not-found"),
        ("GET", "/v2/webhook-dispatches/none", 404, "record-not-found"),
        ("GET", "/elsewhere", 404, "page-not-found"),
    ],
)
def test_addresses_that_lead_nowhere(sandbox: Sandbox, method: str, path: str, status: int, type: str) -> None:
    answer = sandbox.call(method, path)
    assert (answer.status_code, answer.json()["error"]["type"]) == (status, type)


def test_every_api_answer_tells_the_rate_limit(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(rate=60, start_rate=400, record_rate=200)
    run = sandbox.call("POST", RUNS, data=BODY)
    data: dict[str, Any] = run.json()["data"]
    assert run.headers["X-RateLimit-Limit"] == "400"
    assert run.headers["Location"] == f"{sandbox.url}/v2/actor-runs/{data['id']}"
    record = sandbox.call("GET", f"/v2/key-value-stores/{data['defaultKeyValueStoreId']}/records/INPUT")
    assert record.headers["X-RateLimit-Limit"] == "200"
    for path in ("/v2/actor-runs", "/v2/nowhere"):
        assert sandbox.call("GET", path).headers["X-RateLimit-Limit"] == "60"


def test_latency(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(latency=0.1)
    assert sandbox.call("GET", "/v2/users/me").elapsed.total_seconds() >= 0.1
