"""API tokens on their page: made, shown once, revoked; and those that may only read."""

import re

import pytest
import redis
from django.test import Client

from searches.accounts import tokens
from searches.accounts.models import ApiToken, create_token
from searches.search.models import Search
from tests.cast import Cast, page_client
from tests.rows import make_run, make_search


@pytest.fixture(autouse=True)
def _with_redis(live_redis: redis.Redis) -> None:
    """Limits and queues are real."""


def made(page: str) -> str:
    return re.findall(r'value="(scout_[\w-]{32})"', page)[0]


def test_it_works(cast: Cast) -> None:
    client = page_client(cast.alice)
    page = client.post("/account/tokens", {"name": "laptop"}).content.decode()
    token = made(page)
    assert f"Authorization: Bearer {token}" in page
    assert "http://testserver/api/search" in page
    answer = Client().post("/api/search", {"query": "a"}, content_type="application/json", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 202
    again = client.get("/account/tokens").content.decode()
    assert token not in again
    assert token[:12] in again
    assert "laptop" in again


def test_revoke(cast: Cast) -> None:
    token = create_token(cast.alice)
    row = ApiToken.objects.get()
    page_client(cast.bob).post(f"/account/tokens/{row.pk}/revoke")
    assert tokens.person_of(token) == cast.alice, "others cannot"
    assert page_client(cast.alice).get(f"/account/tokens/{row.pk}/revoke").status_code == 405
    page_client(cast.alice).post(f"/account/tokens/{row.pk}/revoke")
    assert tokens.person_of(token) is None
    assert row.prefix not in page_client(cast.alice).get("/account/tokens").content.decode()


def test_others_do_not_see_them(cast: Cast) -> None:
    token = create_token(cast.alice)
    assert token[:12] not in page_client(cast.bob).get("/account/tokens").content.decode()


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "\u200b"])
def test_nonsense(cast: Cast, name: str) -> None:
    assert page_client(cast.alice).post("/account/tokens", {"name": name}).status_code == 400
    assert not ApiToken.objects.exists()


def test_so_many_and_no_more(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST_EACH", 1)
    client = page_client(cast.alice)
    assert client.post("/account/tokens", {"name": "1"}).status_code == 200
    assert client.post("/account/tokens", {"name": "2"}).status_code == 400
    assert ApiToken.objects.count() == 1


def test_read_only(cast: Cast) -> None:
    page = page_client(cast.alice).post("/account/tokens", {"name": "reader", "read_only": "on"}).content.decode()
    assert "may only read" in page
    shown = {"authorization": f"Bearer {made(page)}"}
    search = make_search(cast.alice, make_run())
    assert Client().get(f"/api/search/{search.pk}", headers=shown).status_code == 200
    for path in ("/api/search", f"/api/search/{search.pk}/cancel"):
        refused = Client().post(path, {"query": "a"}, content_type="application/json", headers=shown)
        assert (refused.status_code, refused.json()["error"]["type"]) == (403, "read-only-token")
    assert Search.objects.count() == 1


def test_public_url_is_in_the_example(cast: Cast, settings: object) -> None:
    settings.PUBLIC_URL = "https://scout.example"  # type: ignore[attr-defined]
    assert "curl https://scout.example/api/search" in page_client(cast.alice).post("/account/tokens", {"name": "a"}).content.decode()
