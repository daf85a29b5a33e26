"""Browsers that somebody has signed in with before. Each has a counter of wrong passwords of its own, so that who hammers
an account slows down himself and not its owner. A signed cookie says so; it opens no door by itself."""

import ipaddress
import secrets
import unicodedata
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from searches.accounts.brake import Counter

COOKIE = "scout_device"
_SALT = "accounts.device"
_KEPT = timedelta(days=400)  # browsers keep no cookie longer
_MOST_NAMES = 5
TRIES_OF_ACCOUNT, TRIES_OF_ADDRESS = 5, 20


def counters(request: HttpRequest, username: str) -> list[Counter]:
    """What a wrong password for this name counts against: this browser alone where it is known, else name and address."""
    name = _plain(username)
    device = _read(request)
    if device and _mark(name) in device["names"]:
        return [Counter("device", f"{device['id']}:{name}", TRIES_OF_ACCOUNT)]
    return [Counter("account", name, TRIES_OF_ACCOUNT), Counter("address", network_of(request), TRIES_OF_ADDRESS)]


def remember(request: HttpRequest, response: HttpResponse, username: str) -> None:
    """This browser is that person's from now on; it may be several people's."""
    device = _read(request) or {"id": secrets.token_urlsafe(12), "names": []}
    mark = _mark(_plain(username))
    names = [mark, *(other for other in device["names"] if other != mark)][:_MOST_NAMES]
    response.set_cookie(
        COOKIE,
        signing.dumps({"id": device["id"], "names": names}, salt=_SALT),
        max_age=_KEPT,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def network_of(request: HttpRequest) -> str:
    """Whom an address stands for: itself; in IPv6 its /64, since everybody has a whole one to choose from."""
    try:
        found = ipaddress.ip_address(request.META.get("REMOTE_ADDR") or "")
    except ValueError:
        return "?"
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


def _read(request: HttpRequest) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=_KEPT)
    except signing.BadSignature:
        return None
    return found


def _plain(username: str) -> str:
    return unicodedata.normalize("NFKC", username).casefold()


def _mark(name: str) -> str:
    return salted_hmac(_SALT, name).hexdigest()[:16]
