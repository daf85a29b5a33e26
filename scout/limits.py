"""What an API request's body may be: its size and its kind, said before it is read."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _


class ApiBodyMiddleware:
    """Refuses API bodies that are too large (413), of unknown size (411) or not JSON (415).

    A page of another site can send a form or plain text with our cookies, but not JSON: the type is a guard, too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return (self._refusal(request) if request.path.startswith("/api/") else None) or self.get_response(request)

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or (length == "0" and "chunked" in request.headers.get("Transfer-Encoding", "")):
            return _problem(411, "length-required", _("Say how long the body is (Content-Length)."))
        if int(length) > settings.API_BODY_BYTES:
            kilobytes = settings.API_BODY_BYTES // 1024
            return _problem(
                413, "request-too-large", _("The request is too large; %(kilobytes)d KB is the most.") % {"kilobytes": kilobytes}
            )
        if int(length) and request.content_type != "application/json":
            return _problem(415, "unsupported-media-type", _("Send the body as application/json."))
        return None


def _problem(status: int, type: str, message: str) -> HttpResponse:
    return JsonResponse({"error": {"type": type, "message": message}}, status=status)
