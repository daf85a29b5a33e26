"""Whether a request is our own pages', and whose it is."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from searches.accounts.auth import AuthError, api_auth, bearer, from_here
from searches.accounts.models import User, create_token
from tests.cast import Cast


def request(method: str = "POST", user: User | AnonymousUser | None = None, **headers: str) -> HttpRequest:
    made = RequestFactory().generic(method, "/api/search", headers={name.replace("_", "-"): value for name, value in headers.items()})
    made.user = user or AnonymousUser()
    return made


def test_it_works(cast: Cast) -> None:
    by_token = request(Authorization=f"Bearer {create_token(cast.alice)}")
    assert api_auth(by_token) == by_token.user == cast.alice
    assert api_auth(request(user=cast.bob)) == cast.bob


def test_nobody() -> None:
    with pytest.raises(AuthError) as refused:
        api_auth(request())
    assert (refused.value.status, refused.value.type) == (401, "not-signed-in")


@pytest.mark.django_db
@pytest.mark.parametrize("shown", ["Bearer", "bearer x", "Bearer nothing"])
def test_a_shown_token_is_the_only_thing_looked_at(shown: str) -> None:
    with pytest.raises(AuthError) as refused:
        api_auth(request(user=User(username="signed-in"), Authorization=shown))
    assert (refused.value.status, refused.value.type) == (401, "invalid-token")


@pytest.mark.parametrize("shown", ["", "Basic dTpw", "scout_x"])
def test_what_a_proxy_shows_is_none_of_ours(shown: str) -> None:
    user = User(username="signed-in")
    assert api_auth(request(user=user, Authorization=shown)) is user


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_may_come_from_anywhere(method: str) -> None:
    user = User(username="signed-in")
    assert api_auth(request(method, user, Origin="https://evil.example")) is user


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "BREW"])
def test_changing_may_not(method: str) -> None:
    with pytest.raises(AuthError) as refused:
        api_auth(request(method, User(username="signed-in"), Origin="https://evil.example"))
    assert (refused.value.status, refused.value.type) == (403, "foreign-origin")


@pytest.mark.django_db
def test_bearer_of_nobody() -> None:
    assert bearer("Bearer scout_x") is None


@given(origin=st.text(st.characters(min_codepoint=33, max_codepoint=255), max_size=30))
def test_no_origin_breaks_it_and_none_but_ours_is_ours(origin: str) -> None:
    assert from_here(request(Origin=origin)) is False


@given(site=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20))
def test_only_same_origin_is_ours(site: str) -> None:
    assert from_here(request(Sec_Fetch_Site=site)) is (site == "same-origin")


@pytest.mark.parametrize(("origin", "ours"), [("http://testserver", True), ("http://testserver:80", False), ("http://TESTSERVER", False)])
def test_origin_is_compared_as_browsers_write_it(origin: str, ours: bool) -> None:
    assert from_here(request(Origin=origin)) is ours
