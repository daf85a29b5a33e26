"""My name, address, password, language and time zone."""

from typing import Any

import pytest
import redis
from django.test import Client
from django.utils import timezone, translation

from searches.accounts import brake, email_change
from searches.accounts.models import SignIn, User
from searches.search.models import Status
from tests.accounts.doors import NEW_PASSWORD, browser, is_in, link_in, mails, sign_in
from tests.cast import PASSWORD, Cast, api_client, page_client
from tests.rows import make_run, make_search


@pytest.fixture(autouse=True)
def _with_redis(live_redis: redis.Redis) -> None:
    brake._process._kept.clear()
    with translation.override("en"):
        yield


def alice() -> User:
    return User.objects.get(username="alice")


def test_it_works(cast: Cast) -> None:
    client = page_client(cast.alice)
    given = {"display_name": " Alice\tKim ", "language": "ko", "time_zone": "Asia/Seoul"}
    response = client.post("/account", given, follow=True)
    assert "프로필을 저장했습니다" in response.content.decode()
    assert (alice().display_name, alice().language, alice().time_zone) == ("Alice Kim", "ko", "Asia/Seoul")
    assert "Alice Kim" in client.get("/dashboard").content.decode()


@pytest.mark.parametrize("path", ["", "/tokens", "/sessions", "/delete", "/export", "/email/x"])
def test_nobody(db: None, path: str) -> None:
    response = Client().get(f"/account{path}")
    assert (response.status_code, response["Location"]) == (302, f"/sign-in?next=/account{path}")


@pytest.mark.parametrize("path", ["", "/tokens", "/sessions", "/delete", "/export"])
def test_no_cache_keeps_it(cast: Cast, path: str) -> None:
    assert "no-store" in page_client(cast.alice).get(f"/account{path}")["Cache-Control"]


@pytest.mark.parametrize(
    "given", [{"language": "fr"}, {"time_zone": "Mars/Olympus"}, {"time_zone": "../etc/passwd"}, {"display_name": "x" * 81}]
)
def test_nonsense(cast: Cast, given: dict[str, str]) -> None:
    assert page_client(cast.alice).post("/account", given).status_code == 400
    assert (alice().language, alice().time_zone, alice().display_name) == ("", "", "")


def test_names_run_nothing(cast: Cast) -> None:
    page_client(cast.alice).post("/account", {"display_name": "<script>alert(1)</script>"})
    assert b"<script>alert" not in page_client(alice()).get("/account").content


# Language and time.


def test_own_language_wins(cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(language="ko")
    client = page_client(cast.alice)
    client.cookies["django_language"] = "en"
    page = client.get("/dashboard", headers={"accept-language": "en"})
    assert '<html lang="ko">' in page.content.decode()
    assert page["Content-Language"] == "ko"
    told = client.post("/api/search", {"query": ""}, content_type="application/json", headers={"accept-language": "en"})
    assert "검색" in told.json()["error"]["message"]


def test_a_token_says_its_own(cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(language="ko")
    told = api_client(cast.alice).post("/api/search", {"query": ""}, content_type="application/json").json()["error"]["message"]
    assert not any("가" <= sign <= "힣" for sign in told)


def test_the_switch_in_the_header_changes_it(cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(language="ko")
    page = page_client(cast.alice).post("/language", {"language": "en", "next": "/dashboard"}, follow=True)
    assert '<html lang="en">' in page.content.decode()
    assert alice().language == "en"
    page_client(cast.bob).post("/language", {"language": "ko"})
    assert User.objects.get(username="bob").language == "", "who follows the browser still does"
    page_client(cast.alice).post("/language", {"language": "xx"})
    assert alice().language == "en"


def test_times_are_those_of_the_person(cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(time_zone="Asia/Seoul")
    client = browser("alice")
    SignIn.objects.update(created_at="2026-01-01T20:00:00Z", seen_at="2026-01-01T20:00:00Z")
    assert "01/02/2026 5 a.m." in client.get("/account/sessions").content.decode()
    assert timezone.get_current_timezone_name() == "UTC", "the next request of this thread has its own"


def test_a_zone_that_is_gone_is_the_houses(cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(time_zone="Mars/Olympus")
    assert page_client(cast.alice).get("/dashboard").status_code == 200


# The address.


def change_email(client: Client, email: str = "new@example.com", password: str = PASSWORD) -> Any:
    return client.post("/account/email", {"email": email, "password": password})


def test_an_address_counts_once_it_is_confirmed(cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(email="old@example.com")
    client = page_client(cast.alice)
    change_email(client)
    (message,) = mails(1)
    assert message.to == ["new@example.com"]
    link = link_in(message, "/account/email/")
    assert "new@example.com" in client.get(link).content.decode()
    assert alice().email == "old@example.com"
    client.post(link)
    assert alice().email == "new@example.com"
    assert mails(2)[1].to == ["old@example.com"]
    assert client.post(link).status_code == 410, "once"


def test_only_the_person_can_confirm_it(cast: Cast) -> None:
    signed = email_change.link_part(cast.alice, "new@example.com")
    assert page_client(cast.bob).post(f"/account/email/{signed}").status_code == 410
    assert page_client(cast.alice).post(f"/account/email/{signed}x").status_code == 410
    assert {u.email for u in User.objects.all()} == {""}


@pytest.mark.parametrize(("email", "password"), [("new@example.com", "wrong"), ("new@example.com", ""), ("none", PASSWORD)])
def test_address_needs_the_password(cast: Cast, email: str, password: str) -> None:
    assert change_email(page_client(cast.alice), email, password).status_code == 400


def test_an_address_and_a_mail_server_that_is_away(cast: Cast, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    response = change_email(page_client(cast.alice))
    assert response.status_code == 503
    assert "The mail could not be sent" in response.content.decode()


# The password.


def change_password(client: Client, new: str = NEW_PASSWORD, old: str = PASSWORD) -> Any:
    return client.post("/account/password", {"password": old, "new": new})


def test_a_new_password_signs_out_the_others(cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(email="alice@example.com")
    mine, other, bobs = browser("alice"), browser("alice"), browser("bob")
    assert change_password(mine).status_code == 302
    assert (is_in(mine), is_in(other), is_in(bobs)) == (True, False, True)
    assert SignIn.objects.filter(user=cast.alice).count() == 1
    assert "This browser" in mine.get("/account/sessions").content.decode()
    assert sign_in(Client(), "alice", NEW_PASSWORD).status_code == 302
    assert "password was changed" in mails(1)[0].subject


@pytest.mark.parametrize(("new", "old"), [(NEW_PASSWORD, "wrong"), ("short", PASSWORD), ("", PASSWORD), ("alice1234", PASSWORD)])
def test_password_refused(cast: Cast, new: str, old: str) -> None:
    response = change_password(page_client(cast.alice), new, old)
    assert response.status_code == 400
    assert "errorlist" in response.content.decode()
    assert sign_in(Client(), "alice").status_code == 302


def test_a_stolen_session_cannot_guess_the_password(cast: Cast) -> None:
    client = page_client(cast.alice)
    for _i in range(7):
        told = change_password(client, old="wrong").content.decode()
    assert "Too many tries" in told
    assert "Too many tries" in change_password(client).content.decode()


def test_a_form_that_is_refused_changes_no_other(cast: Cast) -> None:
    make_search(cast.alice, make_run(), status=Status.QUEUED)
    response = page_client(cast.alice).post("/account", {"display_name": "x" * 81})
    assert response.content.decode().count("errorlist") == 1
