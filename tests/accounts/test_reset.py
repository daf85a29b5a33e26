"""A forgotten password: the same answer for everybody, a link that works once."""

from typing import Any

import pytest
import redis
from django.core import mail
from django.test import Client

from searches.accounts.models import SignIn, User
from tests.accounts.doors import NEW_PASSWORD, browser, is_in, link_in, mails, sign_in
from tests.cast import PASSWORD, Cast


@pytest.fixture(autouse=True)
def _addresses(cast: Cast, live_redis: redis.Redis) -> None:
    User.objects.filter(username="alice").update(email="alice@example.com")


def ask(email: str = "alice@example.com", **headers: str) -> Any:
    return Client(headers=headers or None).post("/password/forgotten", {"email": email})


def choose(client: Client, link: str, password: str = NEW_PASSWORD) -> Any:
    page = client.get(link, follow=True)
    where = page.redirect_chain[-1][0] if page.redirect_chain else link
    return client.post(where, {"new_password1": password, "new_password2": password})


def test_it_works() -> None:
    assert "a link is on its way" in ask("Alice@Example.com").content.decode()
    (message,) = mails(1)
    assert message.to == ["alice@example.com"]
    assert "alice" in message.body
    client = Client()
    assert choose(client, link_in(message, "/password/"))["Location"] == "/sign-in"
    assert sign_in(Client(), "alice").status_code == 200
    assert sign_in(client, "alice", NEW_PASSWORD).status_code == 302


def test_same_answer_for_known_and_unknown() -> None:
    known, unknown = ask(), ask("nobody@example.com")
    assert known.status_code == unknown.status_code == 200
    assert len(known.content) == len(unknown.content)
    mails(1)


def test_in_the_readers_language() -> None:
    User.objects.filter(username="alice").update(language="ko")
    ask(**{"accept-language": "en"})
    assert "새 비밀번호" in mails(1)[0].subject


def test_once() -> None:
    ask()
    link = link_in(mails(1)[0], "/password/")
    choose(Client(), link)
    assert "was used or has run out" in Client().get(link).content.decode()
    choose(Client(), link, "yet-another-one-7")
    assert sign_in(Client(), "alice", NEW_PASSWORD).status_code == 302


def test_the_token_leaves_the_address() -> None:
    ask()
    response = Client().get(link_in(mails(1)[0], "/password/"))
    assert response["Location"].endswith("/set-password")
    assert "no-store" in response["Cache-Control"]


def test_every_browser_is_signed_out() -> None:
    other = browser("alice")
    ask()
    choose(Client(), link_in(mails(1)[0], "/password/"))
    assert not is_in(other)
    assert not SignIn.objects.exists()


def test_gets_the_owner_in_while_somebody_hammers() -> None:
    for _i in range(8):
        sign_in(Client(), "alice", "wrong", "198.51.100.1")
    owner = Client()
    ask()
    choose(owner, link_in(mails(1)[0], "/password/"))
    assert sign_in(Client(), "alice", NEW_PASSWORD).status_code == 429
    assert sign_in(owner, "alice", NEW_PASSWORD).status_code == 302


@pytest.mark.parametrize("password", ["short", "12345678901", "password", "alice@example.com"])
def test_weak_ones_are_refused(password: str) -> None:
    ask()
    client = Client()
    response = choose(client, link_in(mails(1)[0], "/password/"), password)
    assert "errorlist" in response.content.decode()
    assert sign_in(Client(), "alice").status_code == 302


def test_who_is_not_active_gets_none() -> None:
    User.objects.filter(username="alice").update(is_active=False)
    ask()
    User.objects.filter(username="bob").update(email="bob@example.com")
    ask("bob@example.com")
    assert mails(1)[0].to == ["bob@example.com"]


def test_a_mail_server_that_is_away_says_so_to_everybody(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    answers = [ask(), ask("nobody@example.com")]
    assert [a.status_code for a in answers] == [503, 503]
    assert all("The mail could not be sent" in a.content.decode() for a in answers)
    assert sign_in(Client(), "alice", PASSWORD).status_code == 302


def test_one_address_gets_only_so_many() -> None:
    assert {ask().status_code for _i in range(8)} == {200}
    assert len(mail.outbox) < 8


@pytest.mark.parametrize("email", ["", "no address", "a@b\r\nBcc: c@d.example"])
def test_no_address(email: str) -> None:
    assert ask(email).status_code == 400


@pytest.mark.parametrize("path", ["/password/x/y", "/password/MQ/set-password", "/password/////", "/password/OTk5/a-b"])
def test_made_up_links(path: str) -> None:
    response = Client().get(path)
    assert response.status_code in {200, 404}
    assert "new_password1" not in response.content.decode()


def test_a_link_leads_where_public_url_says(settings: Any) -> None:
    settings.PUBLIC_URL = "https://scout.example"
    ask()
    assert "https://scout.example/password/" in mails(1)[0].body
