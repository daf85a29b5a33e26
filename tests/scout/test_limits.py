"""What an API request may be, said before its body is read. (What the API says then: tests/api/test_errors.py.)"""

import json
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseNotAllowed
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from scout.limits import ApiBodyMiddleware, stated_length


class Unread(RequestFactory):
    """Requests whose body may not be read."""

    def request(self, **environ: Any) -> HttpRequest:
        made = super().request(**environ)
        made.read = lambda *args: pytest.fail("the body was read")  # type: ignore[method-assign]
        return made


def answer(path: str = "/api/search", response: HttpResponse | None = None, **extra: Any) -> HttpResponse:
    body = extra.pop("body", b"{}")
    request = Unread().generic(extra.pop("method", "POST"), path, body, extra.pop("content_type", "application/json"), **extra)
    return ApiBodyMiddleware(lambda _request: response or HttpResponse("served"))(request)


def test_it_works() -> None:
    assert answer().content == b"served"
    assert answer(body=b"x" * 65_537).status_code == 413


@pytest.mark.parametrize(("size", "status"), [(65_536, 200), (65_537, 413)])
def test_edge(size: int, status: int) -> None:
    assert answer(body=b"x" * size).status_code == status


@pytest.mark.parametrize("path", ["/", "/search/", "/apis", "/admin/api/", "/hooks/apify"])
def test_pages_are_not_minded(path: str) -> None:
    assert answer(path, body=b"x" * 100_000, content_type="text/plain").content == b"served"


def test_nothing_needs_no_kind() -> None:
    assert answer(body=b"", content_type="", CONTENT_LENGTH="0").content == b"served"


@given(st.text(st.characters(max_codepoint=255), max_size=20))
def test_no_length_breaks_it(said: str) -> None:
    assert answer(CONTENT_LENGTH=said).status_code in {200, 411, 413}


@given(st.integers(0, 10**400))
def test_every_number_is_read(length: int) -> None:
    request = HttpRequest()
    request.META["CONTENT_LENGTH"] = str(length)
    read = stated_length(request)
    assert read == length if length < 10**15 else read is not None and read > 10**13


def test_405_has_our_shape_and_says_what_is_allowed() -> None:
    refused = answer(response=HttpResponseNotAllowed(["GET", "HEAD"]))
    assert (refused.status_code, refused["Allow"], json.loads(refused.content)["error"]["type"]) == (405, "GET, HEAD", "method-not-allowed")
    assert answer("/pages", response=HttpResponseNotAllowed(["GET"])).content == b""
