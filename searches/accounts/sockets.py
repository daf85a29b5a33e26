"""Who is at the other end of a socket. Browsers come with a session and an Origin of ours; programs with a bearer token."""

import contextlib
from collections.abc import Mapping
from typing import Any

import redis
from channels.auth import get_user
from channels.db import database_sync_to_async
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from searches.accounts.auth import bearer, is_bearer, shown_token
from searches.accounts.models import ApiToken, User, digest
from searches.accounts.session_store import digest_of
from searches.accounts.sign_ins import session_group, token_group

NOT_SIGNED_IN = 4401


async def person_of_socket(scope: Any) -> User | None:
    """The active person of a socket's scope, or None. A token that is shown is the only thing looked at. What else is known
    of them stays in the scope: the language of who came with a session, and whether a token may only read."""
    shown = headers_of(scope).get("authorization", "")
    if is_bearer(shown):
        token: ApiToken | None = await database_sync_to_async(bearer)(shown)
        scope["read_only"] = token is not None and token.read_only
        return token.user if token else None
    user = await get_user(scope)
    if not isinstance(user, User) or not user.is_active:
        return None
    scope["language"] = user.language
    return user


class EndsWithSignIn:
    """A consumer whose socket closes with 4401 when the session or the token that it came with is ended.

    `await self.listen_for_the_end()` comes before `person_of_socket`, so that nothing can end unheard in between;
    `await self.stop_listening()` belongs in `disconnect`.
    """

    async def listen_for_the_end(self) -> None:
        self.way_in = group_of(self.scope)  # type: ignore[attr-defined]
        with contextlib.suppress(OSError, redis.RedisError):
            await self.channel_layer.group_add(self.way_in, self.channel_name)  # type: ignore[attr-defined]

    async def stop_listening(self) -> None:
        with contextlib.suppress(OSError, redis.RedisError, AttributeError):
            await self.channel_layer.group_discard(self.way_in, self.channel_name)  # type: ignore[attr-defined]

    async def signed_out(self, event: dict[str, Any]) -> None:
        await self.close(NOT_SIGNED_IN)  # type: ignore[attr-defined]


def group_of(scope: Mapping[str, Any]) -> str:
    """The group of what a socket came in with: its token, else its session."""
    shown = headers_of(scope).get("authorization", "")
    if is_bearer(shown):
        return token_group(digest(shown_token(shown)))
    return session_group(digest_of(scope["session"].session_key or ""))


def may_write(scope: Mapping[str, Any]) -> bool:
    """Whether who is at the other end may start and cancel things; asked after `person_of_socket`."""
    return not scope.get("read_only")


def headers_of(scope: Mapping[str, Any]) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope.get("headers", [])}


def language_of(scope: Mapping[str, Any]) -> str:
    """The language of who came with a session, the one chosen on our pages, or the one that the browser asks for."""
    own = scope.get("language", "")
    chosen = scope.get("cookies", {}).get("django_language", "")
    accepted = parse_accept_lang_header(headers_of(scope).get("accept-language", ""))
    for code in (own, chosen, *(code for code, _weight in accepted)):
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return translation.get_language() or "en"
