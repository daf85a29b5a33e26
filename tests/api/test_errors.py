"""Every refusal of the API has one shape, the right status and a sentence in the asker's language."""

import json
import logging
from typing import Any

import pytest
import redis
from django.conf import settings
from django.http import Http404, HttpResponse
from django.test import Client

from searches.search import api as search_api
from searches.search.models import Search
from tests.api.conftest import assert_refused, post, press, problem
from tests.cast import Cast, api_client

URL = "/api/search"
BODY = json.dumps({"query": "메이크업"})


@pytest.fixture(autouse=True)
def _with_redis(live_redis: redis.Redis) -> None:
    """Limits and queues are real."""


def test_it_works(alice: Client) -> None:
    status, kind, message = problem(post(alice, URL, "{}"))
    assert (status, kind) == (400, "invalid-query")
    assert message == "The query must be text."
    assert post(alice, URL, BODY).status_code == 202


# What is no JSON object.


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param("{", "invalid-json", id="cut short"),
        pytest.param("query=a", "invalid-json", id="a form"),
        pytest.param("{'query': 'a'}", "invalid-json", id="wrong quotes"),
        pytest.param(b"\xff\xfe{", "invalid-json", id="not utf-8"),
        pytest.param("[" * 30_000, "invalid-json", id="deep"),
        pytest.param('{"query":' * 7_000, "invalid-json", id="deep objects"),
        pytest.param("[" * 500 + "]" * 500, "invalid-parameter", id="nested lists"),
        pytest.param("[]", "invalid-parameter", id="list"),
        pytest.param("5", "invalid-parameter", id="number"),
        pytest.param("null", "invalid-parameter", id="null"),
        pytest.param('"query"', "invalid-parameter", id="text"),
        pytest.param("", "invalid-parameter", id="nothing"),
        pytest.param('{"query": ' + "9" * 5_000 + "}", "invalid-json", id="a number of 5,000 digits"),
    ],
)
def test_body_that_is_no_object(alice: Client, body: str | bytes, kind: str) -> None:
    assert_refused(lambda headers: post(alice, URL, body, headers), 400, kind)
    assert not Search.objects.exists()


# Kinds and sizes of bodies.


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/json-patch+json", "x"],
)
def test_body_of_another_kind(alice: Client, content_type: str) -> None:
    def ask(headers: dict[str, str]) -> HttpResponse:
        return alice.generic("POST", URL, BODY.encode(), content_type, headers=headers)

    assert_refused(ask, 415, "unsupported-media-type")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_said_otherwise(alice: Client, content_type: str) -> None:
    assert alice.generic("POST", URL, BODY.encode(), content_type).status_code == 202


def test_huge_body(alice: Client) -> None:
    body = json.dumps({"query": "a" * settings.API_BODY_BYTES})
    assert_refused(lambda headers: post(alice, URL, body, headers), 413, "request-too-large")


def test_huge_body_is_refused_for_what_it_says(alice: Client) -> None:
    assert problem(post(alice, URL, BODY, CONTENT_LENGTH=str(10**12)))[0] == 413
    assert problem(post(alice, URL, BODY, CONTENT_LENGTH="9" * 5_000))[0] == 413


def test_body_of_unknown_size(alice: Client) -> None:
    def ask(headers: dict[str, str]) -> HttpResponse:
        return post(alice, URL, BODY, headers | {"Transfer-Encoding": "chunked"}, CONTENT_LENGTH="")

    assert_refused(ask, 411, "length-required")


@pytest.mark.parametrize("length", ["x", "-1", "1.5", "²", "٣", "1, 1"])
def test_size_that_is_no_number(alice: Client, length: str) -> None:
    assert problem(post(alice, URL, BODY, CONTENT_LENGTH=length))[:2] == (411, "length-required")


# Addresses and methods.

PATHS = ["/api/", "/api/nothing", "/api/search/", "/api/v2/search", "/api/search/x/y/z", "/api/docs/x", "/api/%00", "/api/메이크업"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_address(alice: Client, path: str, method: str) -> None:
    assert_refused(lambda headers: alice.generic(method, path, headers=headers), 404, "not-found")


def test_unknown_address_from_a_page(cast: Cast) -> None:
    """Django's own guard against foreign forms does not answer in our stead."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.alice)
    assert problem(post(client, "/api/nothing", {}))[:2] == (404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/api/search", "POST"),
        ("PUT", "/api/search", "POST"),
        ("PATCH", "/api/search", "POST"),
        ("DELETE", "/api/search/x", "GET"),
        ("POST", "/api/search/x", "GET"),
        ("POST", "/api/search/x/items", "GET"),
        ("GET", "/api/search/x/cancel", "POST"),
        ("OPTIONS", "/api/search", "POST"),
        ("TRACE", "/api/search", "POST"),
        ("BREW", "/api/search", "POST"),
    ],
)
def test_wrong_method(alice: Client, method: str, path: str, allowed: str) -> None:
    assert_refused(lambda headers: alice.generic(method, path, headers=headers), 405, "method-not-allowed")
    assert alice.generic(method, path)["Allow"] == allowed


# What breaks inside.


def test_what_breaks_is_written_down_and_not_told(alice: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*args: Any, **values: Any) -> None:
        raise RuntimeError("the secret is 1234")

    monkeypatch.setattr(search_api, "submit", broken)
    with caplog.at_level(logging.ERROR, "scout.api"):
        assert_refused(lambda headers: post(alice, URL, BODY, headers), 500, "internal-error")
    assert "1234" not in post(alice, URL, BODY).content.decode()
    assert "the secret is 1234" in caplog.text


def test_what_is_missing_inside_has_our_shape(alice: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*args: Any, **values: Any) -> None:
        raise Http404("secret")

    monkeypatch.setattr(search_api, "submit", gone)
    assert_refused(lambda headers: post(alice, URL, BODY, headers), 404, "not-found")


# Languages.


@pytest.mark.parametrize(
    ("accepted", "korean"),
    [
        ("ko", True),
        ("ko-KR,ko;q=0.9,en;q=0.8", True),
        ("en;q=0.1,ko;q=0.9", True),
        ("fr", False),
        ("", False),
        ("x" * 5_000, False),
        ("*", False),
    ],
)
def test_language(cast: Cast, accepted: str, korean: bool) -> None:
    message = problem(post(api_client(cast.alice, accepted), URL, "{}"))[2]
    assert message.isascii() is not korean


def test_language_chosen_on_our_pages_comes_first(alice: Client) -> None:
    alice.cookies["django_language"] = "ko"
    assert not problem(post(alice, URL, "{}"))[2].isascii()


def test_caches_keep_languages_apart(alice: Client) -> None:
    assert "Accept-Language" in post(alice, URL, "{}")["Vary"]
    assert press(alice, "/api/search/x/cancel").status_code == 404
