"""The door: who comes in, and how guessing is slowed down without shutting the owner out."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from django.test import Client

from searches.accounts import brake, devices
from searches.accounts.models import SignIn, User
from tests.accounts.doors import browser, is_in, sign_in
from tests.cast import PASSWORD, Cast, page_client
from tests.redis_server import without_redis

__all__ = ["without_redis"]


@pytest.fixture(autouse=True)
def _with_redis(live_redis: redis.Redis) -> None:
    brake._process._kept.clear()


def hammer(username: str, times: int, address: str = "198.51.100.1") -> list[int]:
    """Wrong passwords from a new browser each; the statuses."""
    return [sign_in(Client(), username, "wrong", address).status_code for _i in range(times)]


def test_it_works(cast: Cast) -> None:
    client = Client()
    response = sign_in(client, "alice", next="/searches")
    assert (response.status_code, response["Location"]) == (302, "/searches")
    assert is_in(client)
    assert SignIn.objects.get().user == cast.alice


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example", "http:evil"])
def test_next_leads_nowhere_else(cast: Cast, elsewhere: str) -> None:
    assert sign_in(Client(), "alice", next=elsewhere)["Location"] == "/dashboard"


def test_session_gets_a_new_key(cast: Cast) -> None:
    client = Client()
    client.get("/sign-up")
    session = client.session
    session["x"] = 1
    session.save()
    client.cookies["sessionid"] = before = session.session_key
    sign_in(client, "alice")
    assert client.cookies["sessionid"].value != before


def test_wrong_is_said_alike_for_all(cast: Cast) -> None:
    User.objects.filter(pk=cast.bob.pk).update(is_active=False)
    pages = {sign_in(Client(), name, "wrong").content.replace(name.encode(), b"") for name in ("alice", "nobody")}
    told = [page.split(b'role="alert"')[1].split(b"</p>")[0] for page in pages]
    assert len(set(told)) == 1
    assert sign_in(Client(), "bob").status_code == 200


def test_guessing_is_slowed_down(cast: Cast) -> None:
    assert hammer("alice", 8) == [200] * 6 + [429] * 2
    response = sign_in(Client(), "alice")
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 60
    assert "Too many tries. Please wait" in response.content.decode()
    assert 'value="alice"' in response.content.decode()
    assert PASSWORD not in response.content.decode()


def test_the_sentence_in_korean(cast: Cast) -> None:
    hammer("alice", 7)
    response = Client(headers={"accept-language": "ko"}).post("/sign-in", {"username": "alice", "password": "x"})
    assert "시도 횟수가 너무 많습니다" in response.content.decode()


def test_names_are_counted_in_every_spelling(cast: Cast) -> None:
    assert hammer("alice", 3) + hammer("ALICE", 3) + hammer("Ａlice", 1) == [200] * 6 + [429]


def test_nobodys_name_is_slowed_down_as_well(db: None) -> None:
    assert hammer("nobody-here", 7)[-1] == 429


def test_an_attacker_does_not_lock_the_owner_out(cast: Cast) -> None:
    """A browser that has been here has a counter of its own."""
    owner = browser("alice")
    owner.post("/sign-out")
    assert hammer("alice", 10)[-1] == 429
    assert sign_in(Client(), "alice").status_code == 429
    assert sign_in(owner, "alice").status_code == 302


def test_nor_from_the_owners_own_address(cast: Cast) -> None:
    owner = browser("alice")
    owner.post("/sign-out")
    for name in ("a", "b", "c", "d"):
        hammer(name, 6, "127.0.0.1")
    assert sign_in(Client(), "bob").status_code == 429
    assert sign_in(owner, "alice").status_code == 302


def test_a_known_browser_is_slowed_down_too(cast: Cast) -> None:
    thief = browser("alice")
    thief.post("/sign-out")
    assert [sign_in(thief, "alice", "wrong").status_code for _i in range(7)][-1] == 429


def test_a_known_browser_is_known_for_its_own_people_alone(cast: Cast) -> None:
    mine = browser("bob")
    mine.post("/sign-out")
    hammer("alice", 7)
    assert sign_in(mine, "alice").status_code == 429


@pytest.mark.parametrize("cookie", ["", "x", "eyJpZCI6MX0:1:x", "a:b:c" * 500])
def test_a_made_up_device_is_none(cast: Cast, cookie: str) -> None:
    hammer("alice", 7)
    client = Client()
    client.cookies[devices.COOKIE] = cookie
    assert sign_in(client, "alice").status_code == 429


def test_device_cookie_is_for_us_alone(cast: Cast) -> None:
    cookie = browser("alice").cookies[devices.COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert "alice" not in cookie.value


def test_one_address_that_tries_many_names(cast: Cast) -> None:
    statuses = [sign_in(Client(), f"name{i}", "wrong", "203.0.113.5").status_code for i in range(22)]
    assert statuses[:20] == [200] * 20
    assert statuses[-1] == 429
    assert sign_in(Client(), "alice", address="203.0.113.6").status_code == 302


def test_ipv6_counts_by_the_64(cast: Cast) -> None:
    statuses = [sign_in(Client(), f"name{i}", "wrong", f"2001:db8::{i:x}").status_code for i in range(22)]
    assert statuses[-1] == 429
    assert sign_in(Client(), "alice", address="2001:db8:0:1::1").status_code == 302


def test_an_own_account_does_not_buy_tries_from_an_address(cast: Cast) -> None:
    statuses = []
    for i in range(22):
        statuses.append(sign_in(Client(), f"name{i}", "wrong", "203.0.113.5").status_code)
        sign_in(Client(), "charlie", address="203.0.113.5")
    assert statuses[-1] == 429


def test_right_ones_are_not_counted(cast: Cast) -> None:
    assert [sign_in(Client(), "alice", address="203.0.113.5").status_code for _i in range(25)] == [302] * 25


def test_empty_forms_are_not_counted(cast: Cast) -> None:
    assert {sign_in(Client(), "alice", "").status_code for _i in range(10)} == {200}
    assert sign_in(Client(), "alice").status_code == 302


def test_many_at_once_are_each_counted(live_redis: redis.Redis) -> None:
    counter = brake.Counter("account", "alice", 5)
    with ThreadPoolExecutor(10) as threads:
        waits = list(threads.map(lambda _i: brake.attempt(counter), range(40)))
    assert sum(wait == 0 for wait in waits) == 6


@pytest.mark.usefixtures("without_redis")
def test_without_redis_each_process_counts(cast: Cast) -> None:
    assert hammer("alice", 8) == [200] * 6 + [429] * 2


def test_admin_has_the_same_door(cast: Cast) -> None:
    response = Client().get("/admin/", follow=True)
    assert response.redirect_chain[-1][0] == "/sign-in?next=/admin/"
    client = Client()
    assert sign_in(client, "sam", next="/admin/")["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert client.post("/admin/login/", {"username": "root", "password": PASSWORD}).status_code == 302
    assert page_client(cast.alice).get("/admin/", follow=True).status_code == 403
    assert Client().get("/admin/login/?next=https://evil.example")["Location"].startswith("/sign-in?next=")


def test_sign_out_ends_it(cast: Cast) -> None:
    client = browser("alice")
    stolen = client.cookies["sessionid"].value
    assert client.get("/sign-out").status_code == 405
    client.post("/sign-out")
    assert not SignIn.objects.exists()
    client.cookies["sessionid"] = stolen
    assert not is_in(client)


def test_another_sites_form_is_refused(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client, "alice").status_code == 403
