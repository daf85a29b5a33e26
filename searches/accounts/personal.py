"""A page in the reader's own language and time zone, and the note that they were here."""

import logging
import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from searches.accounts import sign_ins
from searches.accounts.auth import is_bearer
from searches.accounts.models import User

log = logging.getLogger("scout.accounts")
_FOR_MACHINES = ("/healthz", "/readyz", "/metrics", "/hooks/", settings.STATIC_URL)  # these ask nobody's session


class PersonalMiddleware:
    """After those of sessions, languages and people: who has chosen a language sees it whatever the browser asks for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = _person(request)
        if user is None:
            return self.get_response(request)
        if user.language:
            translation.activate(user.language)
            request.LANGUAGE_CODE = translation.get_language()
        # Threads serve one request after another: what is set for one is taken back.
        with timezone.override(zone_of(user)):
            response = self.get_response(request)
        if isinstance(request.user, User):
            try:
                sign_ins.seen(request, request.user)
            except DatabaseError:
                log.warning("a sign-in was not noted", exc_info=True)  # an answer that is there is not lost for it
        return response


def zone_of(user: User) -> zoneinfo.ZoneInfo | None:
    """The person's time zone; None for the one of the house, also where the system does not know theirs any more."""
    try:
        return zoneinfo.ZoneInfo(user.time_zone) if user.time_zone else None
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        return None


def _person(request: HttpRequest) -> User | None:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or request.path.startswith(_FOR_MACHINES):
        return None
    if is_bearer(request.headers.get("Authorization", "")):
        return None
    return request.user if isinstance(request.user, User) else None
