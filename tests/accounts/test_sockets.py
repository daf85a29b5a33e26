"""Who is at the other end of a socket, and in which language."""

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from searches.accounts.models import ApiToken, User, create_token
from searches.accounts.sockets import headers_of, language_of, person_of_socket
from tests.cast import Cast, page_client
from tests.sockets import kept_connection

__all__ = ["kept_connection"]
pytestmark = pytest.mark.usefixtures("kept_connection")


def scope(session: Any = None, **headers: str) -> dict[str, Any]:
    found = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "websocket", "headers": found, "session": session if session is not None else SessionStore()}


def who(given: dict[str, Any]) -> User | None:
    found: User | None = async_to_sync(person_of_socket)(given)
    return found


def test_it_works(cast: Cast) -> None:
    assert who(scope(authorization=f"Bearer {create_token(cast.alice)}")) == cast.alice
    assert who(scope(page_client(cast.bob).session)) == cast.bob


@pytest.mark.django_db
def test_nobody() -> None:
    assert who(scope()) is None


def test_token_beside_a_session_is_the_one_that_counts(cast: Cast) -> None:
    session = page_client(cast.alice).session
    assert who(scope(session, authorization=f"Bearer {create_token(cast.bob)}")) == cast.bob
    assert who(scope(session, authorization="Bearer scout_wrong")) is None
    assert who(scope(session, authorization="Basic dTpw")) == cast.alice


def test_revoked_token(cast: Cast) -> None:
    token = create_token(cast.alice)
    ApiToken.objects.update(revoked_at=timezone.now())
    assert who(scope(authorization=f"Bearer {token}")) is None


def test_who_may_not_sign_in_any_more(cast: Cast) -> None:
    token, session = create_token(cast.alice), page_client(cast.alice).session
    User.objects.filter(pk=cast.alice.pk).update(is_active=False)
    assert who(scope(authorization=f"Bearer {token}")) is None
    assert who(scope(session)) is None


def test_session_ends_with_the_password(cast: Cast) -> None:
    session = page_client(cast.alice).session
    cast.alice.set_password("another")
    cast.alice.save()
    assert who(scope(session)) is None


def test_headers_are_read_whatever_their_case() -> None:
    assert headers_of({"headers": [(b"Authorization", b"x"), (b"X-A", b"\xe9")]}) == {"authorization": "x", "x-a": "é"}
    assert headers_of({}) == {}


@pytest.mark.parametrize(
    ("cookie", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "ko", "ko"),
        ("", "ko-KR,ko;q=0.9,en-US;q=0.8", "ko"),
        ("", "en-US,en;q=0.9,ko;q=0.8", "en"),
        ("", "en;q=0.1,ko;q=0.9", "ko"),
        ("", "ko;q=0,en", "en"),
        ("", "fr,ko;q=0.5", "ko"),
        ("", "fr,*", "en"),
        ("ko", "en", "ko"),
        ("en", "ko", "en"),
        ("xx", "ko", "ko"),
        ("../../etc", "", "en"),
    ],
)
def test_language(cookie: str, accepted: str, language: str) -> None:
    """As the pages choose it."""
    asked = scope(accept_language=accepted) | {"cookies": {"django_language": cookie} if cookie else {}}
    assert language_of(asked) == language


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cookie=st.text(max_size=600), accepted=st.binary(max_size=600))
def test_no_header_breaks_it(cookie: str, accepted: bytes) -> None:
    asked = {"headers": [(b"accept-language", accepted)], "cookies": {"django_language": cookie}}
    assert language_of(asked) in {"en", "ko"}
