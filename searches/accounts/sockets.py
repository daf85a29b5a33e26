"""Who is at the other end of a socket. Browsers come with a session and an Origin of ours; programs with a bearer token."""

from collections.abc import Mapping
from typing import Any

from channels.auth import get_user
from channels.db import database_sync_to_async
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from searches.accounts.auth import bearer, is_bearer
from searches.accounts.models import User


async def person_of_socket(scope: Any) -> User | None:
    """The active person of a socket's scope, or None. A token that is shown is the only thing looked at."""
    shown = headers_of(scope).get("authorization", "")
    if is_bearer(shown):
        found: User | None = await database_sync_to_async(bearer)(shown)
        return found
    user = await get_user(scope)
    return user if isinstance(user, User) and user.is_active else None


def headers_of(scope: Mapping[str, Any]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope.get("headers", [])}


def language_of(scope: Mapping[str, Any]) -> str:
    """The language chosen on our pages, else the one that the browser asks for."""
    chosen = scope.get("cookies", {}).get("django_language", "")
    accepted = parse_accept_lang_header(headers_of(scope).get("accept-language", ""))
    for code in (chosen, *(code for code, _weight in accepted)):
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return translation.get_language() or "en"
