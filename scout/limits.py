"""What an API request may be: its method, and the size and the kind of its body, said before it is read."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _


class ApiBodyMiddleware:
    """Refuses API bodies that are too large (413), of unknown size (411) or not JSON (415), and shapes the 405 of the router.

    A page of another site can send a form or plain text with our cookies, but not JSON: the type is a guard, too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/api/"):
            return self.get_response(request)
        response = self._refusal(request) or self.get_response(request)
        return _not_allowed(request, response) if response.status_code == 405 else response

    def _refusal(self, request: HttpRequest) -> HttpResponse | None:
        length = stated_length(request)
        if length is None or (length == 0 and "chunked" in request.headers.get("Transfer-Encoding", "")):
            return _problem(411, "length-required", _("Say how long the body is (Content-Length)."))
        if length > settings.API_BODY_BYTES:
            kilobytes = settings.API_BODY_BYTES // 1024
            return _problem(
                413, "request-too-large", _("The request is too large; %(kilobytes)d KB is the most.") % {"kilobytes": kilobytes}
            )
        if length and request.content_type != "application/json":
            return _problem(415, "unsupported-media-type", _("Send the body as application/json."))
        return None


def stated_length(request: HttpRequest) -> int | None:
    """The Content-Length: 0 where nothing is said, None where it is no number. Beyond 15 digits all are equally large."""
    said = request.META.get("CONTENT_LENGTH") or "0"
    return int(said[:15]) if said.isascii() and said.isdigit() else None


def _not_allowed(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    message = _("This address does not take %(method)s requests.") % {"method": (request.method or "")[:20]}
    shaped = _problem(405, "method-not-allowed", message)
    shaped["Allow"] = response.get("Allow", "")
    return shaped


def _problem(status: int, type: str, message: str) -> HttpResponse:
    return JsonResponse({"error": {"type": type, "message": message}}, status=status, json_dumps_params={"ensure_ascii": False})
