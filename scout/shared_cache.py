"""Responses that are the same for every reader, made fit for caches that many share: browsers' proxies, nginx, a CDN."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

_MARK = "_same_for_all"
_PERSONAL = {"cookie", "accept-language", "authorization"}


def same_for_all(response: Any) -> Any:
    """Mark a response whose bytes depend on nothing but its address."""
    setattr(response, _MARK, True)
    return response


class SharedCacheMiddleware:
    """Takes out of marked responses what sessions and languages put into every response: a cache keeps one copy a cookie
    otherwise, which is none, or hands somebody's cookie to others. To stand before the middlewares that put it there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(response, _MARK, False):
            response.cookies.clear()
            response.headers.pop("Content-Language", None)
            if response.status_code == 304:
                # A cache takes over what a 304 says: that the document is empty is not true of the one it keeps.
                response.headers.pop("Content-Length", None)
            varies = [name.strip() for name in response.get("Vary", "").split(",")]
            response.headers.pop("Vary", None)
            kept = [name for name in varies if name and name.lower() not in _PERSONAL]
            if kept:
                response["Vary"] = ", ".join(kept)
        return response
