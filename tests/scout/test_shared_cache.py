"""Responses for caches that many share: what a session or a language put into them is taken out."""

from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils.cache import patch_vary_headers

from scout.shared_cache import SharedCacheMiddleware, same_for_all


def answered(response: HttpResponse) -> HttpResponse:
    """As the middlewares inside would leave it, and then ours."""

    def inside(request: HttpRequest) -> HttpResponse:
        patch_vary_headers(response, ["Accept-Language", "Cookie", "Accept-Encoding"])
        response["Content-Language"] = "ko"
        response.set_cookie("sessionid", "somebody's")
        return response

    return SharedCacheMiddleware(inside)(RequestFactory().get("/"))


def test_it_works() -> None:
    response = answered(same_for_all(HttpResponse(b"same")))
    assert (response.content, response["Vary"]) == (b"same", "Accept-Encoding")
    assert "Content-Language" not in response
    assert not response.cookies


def test_others_stay_as_they_are() -> None:
    response = answered(HttpResponse(b"personal"))
    assert response["Vary"] == "Accept-Language, Cookie, Accept-Encoding"
    assert response["Content-Language"] == "ko"
    assert response.cookies["sessionid"].value == "somebody's"


def test_nothing_to_vary_by() -> None:
    response = SharedCacheMiddleware(lambda request: same_for_all(HttpResponse()))(RequestFactory().get("/"))
    assert "Vary" not in response


def test_a_304_does_not_say_that_the_document_is_empty() -> None:
    response = HttpResponse(status=304)
    response["Content-Length"] = "0"
    assert "Content-Length" not in answered(same_for_all(response))
