"""Who asks, for the API: a bearer token if one is shown, else the session of a request that our own pages sent."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from searches.accounts.models import ApiToken, User
from searches.accounts.tokens import row_of

_SAFE = {"GET", "HEAD", "OPTIONS"}


class AuthError(Exception):
    """Not let in. `status` is 401 (who are you?) or 403 (not from there)."""

    def __init__(self, status: int, type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.type = type


def api_auth(request: HttpRequest) -> User:
    """The person behind an API request; AuthError when there is none. A token that is shown is the only thing looked at;
    an Authorization header of another kind is a proxy's business, not ours."""
    shown = request.headers.get("Authorization", "")
    if is_bearer(shown):
        token = bearer(shown)
        if token is None:
            raise AuthError(401, "invalid-token", _("This API token is not valid. It may have been revoked."))
        if token.read_only and request.method not in _SAFE:
            raise AuthError(403, "read-only-token", _("This API token may only read."))
        request.user = token.user
        return token.user
    if not isinstance(request.user, User):
        raise AuthError(401, "not-signed-in", _("Sign in, or send an API token: Authorization: Bearer ..."))
    if request.method not in _SAFE and not from_here(request):
        raise AuthError(403, "foreign-origin", _("This request came from another site and was refused."))
    return request.user


def is_bearer(header: str) -> bool:
    """Whether an Authorization header shows a token."""
    return header.partition(" ")[0].lower() == "bearer"


def bearer(header: str) -> ApiToken | None:
    """The live token of an Authorization header, with its person."""
    return row_of(shown_token(header)) if is_bearer(header) else None


def shown_token(header: str) -> str:
    return header.partition(" ")[2].strip()


def from_here(request: HttpRequest) -> bool:
    """Whether our own pages sent it. Every browser says where a POST comes from; what says nothing is no browser, and
    carries no cookie that somebody else's page could use."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        return False
    return host == request.get_host() or origin in getattr(settings, "CSRF_TRUSTED_ORIGINS", [])
