"""Apify rings when a run has ended. Only a hint: the run is read again through the API before anything is concluded."""

import json
import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from searches.search import handover

log = logging.getLogger("scout.hooks")
_MAX_BYTES = 262_144


@csrf_exempt
@require_POST
def apify(request: HttpRequest) -> HttpResponse:
    """204 for whatever comes with the secret; a repeated or unknown hint does nothing. 403 without it."""
    shown = request.headers.get("X-Scout-Token", "")
    if not settings.WEBHOOK_SECRET or not constant_time_compare(shown, settings.WEBHOOK_SECRET):
        return HttpResponse(status=403)
    length = request.META.get("CONTENT_LENGTH") or ""
    if not (length.isascii() and length.isdigit()) or len(length) > 9 or int(length) > _MAX_BYTES:
        return HttpResponse(status=413)
    run_id = _run_id(request.body)
    if run_id and handover.ended([run_id]):
        log.info("webhook: %s has ended", run_id)
    return HttpResponse(status=204)


def _run_id(body: bytes) -> str | None:
    try:
        found = json.loads(body)["eventData"]["actorRunId"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if isinstance(found, str) and 0 < len(found) <= 64 and found.isascii() and found.isprintable() else None
