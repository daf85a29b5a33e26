"""Where I am signed in, and how it ends: the session, its row, its open sockets."""

import asyncio
from typing import Any

import pytest
import redis
from asgiref.sync import async_to_sync, sync_to_async
from channels.routing import URLRouter
from channels.sessions import CookieMiddleware, SessionMiddleware
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client

from searches.accounts import sign_ins, tokens
from searches.accounts.models import ApiToken, SignIn, User, create_token
from searches.accounts.session_store import digest_of
from searches.search import consumers
from searches.search.urls import sockets
from tests.accounts.doors import browser, is_in, sign_in
from tests.cast import Cast, page_client
from tests.rows import make_run, make_search
from tests.sockets import Socket, kept_connection

__all__ = ["kept_connection"]
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
APPLICATION = CookieMiddleware(SessionMiddleware(URLRouter(sockets)))


@pytest.fixture(autouse=True)
def _with_redis(live_redis: redis.Redis) -> Any:
    sign_ins._seen.clear()
    yield
    consumers._REDIS.clear()


def test_it_works(cast: Cast) -> None:
    mine, other = browser("alice", CHROME), browser("alice")
    page = mine.get("/account/sessions").content.decode()
    assert "Chrome on Windows" in page
    assert "Unknown device" in page
    assert "127.0.0.1" in page
    assert page.count("This browser") == 1
    theirs = SignIn.objects.exclude(agent=CHROME).get()
    mine.post("/account/sessions/end", {"which": theirs.pk})
    assert (is_in(mine), is_in(other)) == (True, False)
    assert SignIn.objects.count() == Session.objects.filter(session_key=SignIn.objects.get().digest).count() == 1


def test_all_others(cast: Cast) -> None:
    mine, others, bobs = browser("alice"), [browser("alice") for _i in range(3)], browser("bob")
    page = mine.post("/account/sessions/end", {"which": "others"}, follow=True).content.decode()
    assert "3 browsers signed out" in page
    assert [is_in(client) for client in [mine, *others, bobs]] == [True, False, False, False, True]


@pytest.mark.parametrize("which", ["", "x", "-1", "9" * 30, "²"])
def test_nonsense_ends_nothing(cast: Cast, which: str) -> None:
    mine, other = browser("alice"), browser("alice")
    mine.post("/account/sessions/end", {"which": which})
    assert is_in(other)


def test_others_are_not_mine(cast: Cast) -> None:
    bobs = browser("bob")
    browser("alice").post("/account/sessions/end", {"which": SignIn.objects.get(user=cast.bob).pk})
    assert is_in(bobs)
    assert browser("alice").get("/account/sessions").content.count(b"This browser") == 1


def test_keys_are_nowhere_in_the_database(cast: Cast) -> None:
    key = browser("alice").cookies["sessionid"].value
    assert key not in str(list(SignIn.objects.values()) + list(Session.objects.values()))
    assert SignIn.objects.get().digest == digest_of(key) == Session.objects.get().session_key


def test_what_the_table_says_opens_nothing(cast: Cast) -> None:
    browser("alice")
    client = Client()
    client.cookies["sessionid"] = Session.objects.get().session_key
    assert not is_in(client)


def test_a_session_that_nobody_noted_is_noted(cast: Cast) -> None:
    client = page_client(cast.alice)
    client.get("/dashboard")
    assert SignIn.objects.get().user == cast.alice


def test_seen_is_written_once_in_five_minutes(cast: Cast) -> None:
    client = browser("alice")
    client.get("/dashboard")
    first = SignIn.objects.get().seen_at
    client.get("/dashboard")
    assert SignIn.objects.get().seen_at == first
    sign_ins._seen.clear()
    client.get("/dashboard", REMOTE_ADDR="203.0.113.9")
    row = SignIn.objects.get()
    assert row.seen_at > first
    assert row.address == "203.0.113.9"


def test_what_has_run_out_is_not_listed(cast: Cast) -> None:
    mine = browser("alice")
    browser("alice")
    Session.objects.exclude(session_key=digest_of(mine.cookies["sessionid"].value)).update(expire_date="2020-01-01T00:00:00Z")
    assert sign_ins.live(cast.alice).count() == 1
    Session.objects.filter(expire_date__year=2020).delete()
    sign_in(Client(), "alice")
    assert SignIn.objects.count() == 2, "rows go with their sessions"


def test_a_request_on_its_way_does_not_bring_it_back(cast: Cast) -> None:
    client = browser("alice")
    session = client.session
    assert session["_auth_user_id"]
    sign_ins.end(SignIn.objects.all())
    session["x"] = 1
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()


# Open sockets.


@pytest.fixture
def people(cast: Cast, kept_connection: None, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """Sockets hear of it after the commit, which a test that is rolled back never has."""
    monkeypatch.setattr(transaction, "on_commit", lambda then: then())
    return cast


def closes(path: str, end: Any, **headers: str) -> int | None:
    """The code that the socket closes with, once `end()` is done."""

    async def watch() -> int | None:
        async with Socket(APPLICATION, path, **headers) as page:
            await page.until("snapshot")
            await sync_to_async(end)()
            await page.until("close")
            await asyncio.sleep(0)
            return page.code

    return async_to_sync(watch)()


def test_signing_out_closes_its_sockets(people: Cast) -> None:
    client = browser("alice")
    search = make_search(people.alice, make_run())
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    assert closes(f"/ws/search/{search.pk}", lambda: client.post("/sign-out"), cookie=cookie) == 4401


def test_signing_out_another_browser_closes_its_sockets(people: Cast) -> None:
    mine, other = browser("alice"), browser("alice")
    search = make_search(people.alice, make_run())
    cookie = f"sessionid={other.cookies['sessionid'].value}"
    assert closes(f"/ws/search/{search.pk}", lambda: mine.post("/account/sessions/end", {"which": "others"}), cookie=cookie) == 4401


def test_revoking_a_token_closes_its_sockets(people: Cast) -> None:
    token = create_token(people.alice)
    search = make_search(people.alice, make_run())
    ids = list(ApiToken.objects.values_list("pk", flat=True))
    assert closes(f"/ws/search/{search.pk}", lambda: tokens.revoke(ids), authorization=f"Bearer {token}") == 4401


def test_others_sockets_stay(people: Cast) -> None:
    token, other = create_token(people.alice), create_token(people.alice)
    search = make_search(people.alice, make_run())

    async def watch() -> str:
        async with Socket(APPLICATION, f"/ws/search/{search.pk}", authorization=f"Bearer {token}") as page:
            await page.until("snapshot")
            await sync_to_async(lambda: tokens.revoke([ApiToken.objects.order_by("-pk")[0].pk]))()
            await page.say('{"type": "cancel"}')
            return str((await page.until("cancelled", "close"))[-1]["type"])

    assert async_to_sync(watch)() == "cancelled"
    assert tokens.person_of(other) is None


def test_a_read_only_token_cannot_cancel(people: Cast) -> None:
    token = create_token(people.alice, read_only=True)
    search = make_search(people.alice, make_run())

    async def watch() -> None:
        async with Socket(APPLICATION, f"/ws/search/{search.pk}", authorization=f"Bearer {token}") as page:
            await page.until("snapshot")
            await page.say('{"type": "cancel"}')
            await page.wire.receive_nothing(0.3, 0.05)

    async_to_sync(watch)()
    search.refresh_from_db()
    assert search.status == "queued"


def test_own_language_wins_on_sockets(people: Cast) -> None:
    User.objects.filter(username="alice").update(language="ko")
    client = browser("alice")
    search = make_search(people.alice, make_run())

    async def watch() -> str:
        cookie = f"sessionid={client.cookies['sessionid'].value}; django_language=en"
        async with Socket(APPLICATION, f"/ws/search/{search.pk}", cookie=cookie) as page:
            return str((await page.until("snapshot"))[-1]["message"])

    assert any("가" <= sign <= "힣" for sign in async_to_sync(watch)())
