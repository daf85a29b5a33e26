"""bin/up, as far as it can be tested without starting everything (for that see tests/faults/test_up.py)."""

import http.server
import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management.base import OutputWrapper

from scout.management.commands import up


class Web:
    """Stands where /readyz is."""

    def __init__(self) -> None:
        self.status, self.body = 200, b""
        self.asked: list[tuple[str, str]] = []
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append((self.path, self.headers["Host"]))
                self.send_response(web.status)
                self.end_headers()
                self.wfile.write(web.body)

            def log_message(self, *args: Any) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def web(settings: Any) -> Iterator[Web]:
    found = Web()
    threading.Thread(target=found.server.serve_forever, args=(0.01,), daemon=True).start()
    settings.HOST, settings.PORT = "127.0.0.1", found.server.server_port
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_it_works(web: Web) -> None:
    assert up._missing() == ""
    assert web.asked[0][0] == "/readyz"


def test_what_is_missing_is_named(web: Web) -> None:
    web.status, web.body = 503, json.dumps({"ready": False, "missing": {"redis": "gone", "follow": "nobody"}}).encode()
    assert up._missing() == "redis: gone; follow: nobody"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"missing": 5}', b"null"])
def test_something_else_answers(web: Web, body: bytes) -> None:
    web.status, web.body = 502, body
    assert up._missing() == "/readyz answers 502"


def test_nothing_answers(web: Web, settings: Any) -> None:
    settings.PORT = 1
    assert up._missing().startswith("nothing answers at http://127.0.0.1:1/readyz")


def test_listening_on_every_network(web: Web, settings: Any) -> None:
    settings.HOST = "0.0.0.0"
    assert up._missing() == ""


@pytest.mark.parametrize(
    ("allowed", "name"), [(["scout.example"], "scout.example"), ([".example.com"], "example.com"), (["*"], "localhost")]
)
def test_asks_by_a_name_that_scout_answers_to(web: Web, settings: Any, allowed: list[str], name: str) -> None:
    settings.ALLOWED_HOSTS = allowed
    up._missing()
    assert web.asked[0][1] == name


def test_asks_through_no_proxy(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert up._missing() == ""


# Warnings.


def test_warnings_are_handed_on(web: Web) -> None:
    web.body = json.dumps({"ready": True, "missing": {}, "warnings": {"redis": "AOF is off."}}).encode()
    assert up._readyz() == ("", ["redis: AOF is off."])


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"warnings": 5}', b"{}"])
def test_no_warnings_that_can_be_read(web: Web, body: bytes) -> None:
    web.body = body
    assert up._readyz() == ("", [])


def test_warnings_are_printed(settings: Any) -> None:
    out, command = io.StringIO(), up.Command()
    command.stdout, command.sandbox = OutputWrapper(out), False
    command._tell("", ["redis: AOF is off.", "documents: away."])
    told = out.getvalue()
    assert told.index("Scout is ready") < told.index("Warning: redis: AOF is off.\nWarning: documents: away.\nCtrl-C")
