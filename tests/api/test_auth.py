"""Who may ask: a token if one is shown, else the session of a request that our own pages sent."""

import re
from typing import Any

import pytest
import redis
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from searches.accounts import sign_ins
from searches.accounts.models import ApiToken, SignIn, User, create_token
from searches.search.models import Search
from tests.api.conftest import assert_refused, post, press, problem
from tests.cast import PASSWORD, Cast, api_client, page_client
from tests.rows import make_run, make_search

URL = "/api/search"
BODY = {"query": "메이크업"}


@pytest.fixture(autouse=True)
def _with_redis(live_redis: redis.Redis) -> None:
    """Limits and queues are real."""


def test_it_works(cast: Cast) -> None:
    assert post(api_client(cast.alice), URL, BODY).status_code == 202
    assert post(page_client(cast.bob), URL, BODY).status_code == 202
    assert {search.user.username for search in Search.objects.all()} == {"alice", "bob"}


ENDPOINTS = [
    ("POST", "/api/search"),
    ("GET", "/api/search/00000000-0000-0000-0000-000000000000"),
    ("GET", "/api/search/00000000-0000-0000-0000-000000000000/items"),
    ("POST", "/api/search/00000000-0000-0000-0000-000000000000/cancel"),
]


def ask(client: Client, method: str, path: str, headers: dict[str, str]) -> HttpResponse:
    body = b'{"query": "a"}' if path == URL else b""
    return client.generic(method, path, body, "application/json", headers=headers)


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_nobody(method: str, path: str) -> None:
    assert_refused(lambda headers: ask(Client(), method, path, headers), 401, "not-signed-in")
    assert ask(Client(), method, path, {})["WWW-Authenticate"] == "Bearer"


SHOWN = [
    "Bearer scout_wrong",
    "Bearer wrong",
    "Bearer",
    "Bearer ",
    "Bearer scout_" + "x" * 5_000,
    "Bearer scout_é",
]


@pytest.mark.parametrize("shown", SHOWN)
@pytest.mark.parametrize(("method", "path"), ENDPOINTS[:2])
def test_wrong_token(cast: Cast, method: str, path: str, shown: str) -> None:
    for client in (Client(), page_client(cast.alice)):
        response = ask(client, method, path, {"Authorization": shown})
        assert problem(response)[:2] == (401, "invalid-token")
        assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("shown", ["", "Basic YTpi", "scout_x"])
def test_another_kind_of_header(cast: Cast, shown: str) -> None:
    """A proxy's own sign-in is none of ours: the session counts, and without one nobody is let in."""
    response = ask(Client(), "POST", URL, {"Authorization": shown})
    assert problem(response)[:2] == (401, "not-signed-in")
    assert ask(page_client(cast.alice), "POST", URL, {"Authorization": shown}).status_code not in (401, 403)


def test_wrong_token_in_both_languages(cast: Cast) -> None:
    shown = {"Authorization": "Bearer scout_wrong"}
    assert_refused(lambda headers: post(Client(), URL, BODY, headers | shown), 401, "invalid-token")


def test_revoked_token(cast: Cast) -> None:
    client = api_client(cast.alice)
    assert post(client, URL, BODY).status_code == 202
    ApiToken.objects.update(revoked_at=timezone.now())
    assert_refused(lambda headers: post(client, URL, BODY, headers), 401, "invalid-token")


def test_read_only_token(cast: Cast) -> None:
    """It reads what its person may read, and starts and cancels nothing."""
    search = make_search(cast.alice, make_run())
    shown = {"Authorization": f"Bearer {create_token(cast.alice, read_only=True)}"}
    assert Client().get(f"{URL}/{search.pk}", headers=shown).status_code == 200
    assert_refused(lambda headers: post(Client(), URL, BODY, headers | shown), 403, "read-only-token")
    assert_refused(lambda headers: press(Client(), f"{URL}/{search.pk}/cancel", headers | shown), 403, "read-only-token")
    search.refresh_from_db()
    assert (Search.objects.count(), search.status) == (1, "queued")


def test_own_language_with_a_session(cast: Cast) -> None:
    """What is chosen in the profile comes before the cookie and Accept-Language."""
    User.objects.filter(pk=cast.alice.pk).update(language="ko")
    client = page_client(cast.alice)
    client.cookies["django_language"] = "en"
    told = problem(post(client, URL, {"query": ""}, {"Accept-Language": "en"}))
    assert re.search("[가-힣]", told[2])


def test_session_that_was_ended_elsewhere(cast: Cast) -> None:
    client = page_client(cast.alice)
    assert client.get("/dashboard").status_code == 200
    sign_ins.end(SignIn.objects.filter(user=cast.alice))
    assert problem(post(client, URL, BODY))[:2] == (401, "not-signed-in")


def test_token_of_who_may_not_sign_in_any_more(cast: Cast) -> None:
    client = api_client(cast.alice)
    User.objects.filter(pk=cast.alice.pk).update(is_active=False)
    assert_refused(lambda headers: post(client, URL, BODY, headers), 401, "invalid-token")


def test_session_of_who_may_not_sign_in_any_more(cast: Cast) -> None:
    client = page_client(cast.alice)
    User.objects.filter(pk=cast.alice.pk).update(is_active=False)
    assert problem(post(client, URL, BODY))[:2] == (401, "not-signed-in")


def test_signed_out(cast: Cast) -> None:
    client = page_client(cast.alice)
    client.logout()
    assert problem(post(client, URL, BODY))[:2] == (401, "not-signed-in")


def test_session_ends_with_the_password(cast: Cast) -> None:
    client = page_client(cast.alice)
    cast.alice.set_password(PASSWORD + "!")
    cast.alice.save()
    assert problem(post(client, URL, BODY))[:2] == (401, "not-signed-in")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_scheme_is_read_as_http_says(cast: Cast, scheme: str) -> None:
    assert post(Client(), URL, BODY, {"Authorization": f"{scheme} {create_token(cast.alice)}"}).status_code == 202


def test_token_beside_a_session_is_the_one_that_counts(cast: Cast) -> None:
    client = page_client(cast.alice)
    told = post(client, URL, BODY, {"Authorization": f"Bearer {create_token(cast.bob)}"}).json()
    assert Search.objects.get(pk=told["jobId"]).user == cast.bob
    assert problem(post(client, URL, BODY, {"Authorization": "Bearer scout_wrong"}))[:2] == (401, "invalid-token")


def test_token_needs_no_origin(cast: Cast) -> None:
    """Browsers cannot set that header on another site's behalf without asking us first, and we never allow it."""
    headers = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    assert post(api_client(cast.alice), URL, BODY, headers).status_code == 202


# Another site's page with my session.


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Origin": "https://evil.example"}, id="evil"),
        pytest.param({"Origin": "null"}, id="null"),
        pytest.param({"Origin": ""}, id="empty"),
        pytest.param({"Origin": "http://testserver.evil.example"}, id="looks alike"),
        pytest.param({"Origin": "http://testserver@evil.example"}, id="name in front"),
        pytest.param({"Origin": "http://testserver:81"}, id="another port"),
        pytest.param({"Origin": "http://[::1"}, id="no address"),
        pytest.param({"Origin": "testserver"}, id="no scheme"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="cross-site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="same-site"),
        pytest.param({"Sec-Fetch-Site": "none"}, id="none"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, id="cross-site though of ours"),
        pytest.param({"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}, id="same-origin though of theirs"),
    ],
)
def test_another_sites_post(cast: Cast, headers: dict[str, str]) -> None:
    client = page_client(cast.alice)
    assert_refused(lambda language: post(client, URL, BODY, headers | language), 403, "foreign-origin")
    assert not Search.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": "http://testserver"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_our_own_pages_post(cast: Cast, headers: dict[str, str]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.alice)
    assert post(client, URL, BODY, headers).status_code == 202


def test_the_public_address_is_ours(cast: Cast, settings: Any) -> None:
    """Behind a proxy that does not pass the name on."""
    origin = {"Origin": "https://scout.example", "Sec-Fetch-Site": "same-origin"}
    assert post(page_client(cast.alice), URL, BODY, origin).status_code == 403
    settings.CSRF_TRUSTED_ORIGINS = ["https://scout.example"]
    assert post(page_client(cast.alice), URL, BODY, origin).status_code == 202


def test_another_site_may_not_read_what_it_may_ask_for(cast: Cast) -> None:
    """A GET changes nothing, and no header lets another site's page see its answer."""
    search = make_search(cast.alice, make_run())
    response = page_client(cast.alice).get(f"/api/search/{search.pk}", headers={"Origin": "https://evil.example"})
    assert response.status_code == 200
    assert not [name for name in response.headers if name.lower().startswith("access-control")]


def test_a_form_of_another_site_is_refused_before_anything_is_read(cast: Cast) -> None:
    response = page_client(cast.alice).post(URL, {"query": "a"}, headers={"Origin": "https://evil.example"})
    assert response.status_code in {403, 415}
    assert press(page_client(cast.alice), f"{URL}/x/cancel", {"Origin": "https://evil.example"}).status_code == 403


# What is kept and told.


def test_token_is_stored_as_a_digest_only(cast: Cast) -> None:
    token = create_token(cast.alice)
    row = ApiToken.objects.values().get()
    assert token not in str(row)
    assert re.fullmatch(r"[0-9a-f]{64}", row["sha256"])
    assert token.startswith(row["prefix"])
    assert len(row["prefix"]) <= 12


def test_token_is_in_no_answer_and_no_log(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    token = create_token(cast.alice)
    ApiToken.objects.update(revoked_at=timezone.now())
    response = post(Client(), URL, BODY, {"Authorization": f"Bearer {token}"})
    assert token not in response.content.decode() + caplog.text
