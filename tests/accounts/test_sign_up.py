"""From a stranger to a person: closed, by invitation, by approval, open."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.core import mail
from django.test import Client
from django.utils import timezone

from searches.accounts import invite, sign_up
from searches.accounts.models import Invitation, Membership, SignUp, User
from tests.accounts.doors import NEW_PASSWORD, is_in, link_in, mails, sign_in
from tests.accounts.doors import sign_up as ask
from tests.cast import Cast


@pytest.fixture(autouse=True)
def _open(live_redis: redis.Redis, settings: Any) -> None:
    settings.SIGNUP = "open"


def press(client: Client, path: str) -> Any:
    """Open the link, and press its button."""
    assert client.get(path).status_code == 200
    return client.post(path)


def test_it_works(db: None) -> None:
    client = Client()
    assert ask(client)["Location"] == "/sign-up/sent"
    assert not User.objects.exists()
    assert not sign_in(client, "dora", NEW_PASSWORD).has_header("Location")
    (message,) = mails(1)
    assert message.to == ["dora@example.com"]
    assert press(client, link_in(message, "/sign-up/"))["Location"] == "/sign-in"
    assert sign_in(client, "dora", NEW_PASSWORD).status_code == 302
    dora = User.objects.get()
    assert (dora.email, dora.language) == ("dora@example.com", "en")
    assert [(m.workspace.name, m.role) for m in dora.memberships.all()] == [("dora", "owner")]
    assert not SignUp.objects.exists()


def test_in_korean(db: None) -> None:
    client = Client(headers={"accept-language": "ko"})
    ask(client)
    (message,) = mails(1)
    assert "주소 확인" in message.subject
    assert "dora님" in message.body
    client.post(link_in(message, "/sign-up/"))
    assert User.objects.get().language == "ko"


# Modes.


@pytest.mark.parametrize(("mode", "words"), [("closed", "takes no sign-ups"), ("invitation", "by invitation")])
def test_closed(db: None, settings: Any, mode: str, words: str) -> None:
    settings.SIGNUP = mode
    assert words in Client().get("/sign-up").content.decode()
    assert ask(Client()).status_code == 403
    assert not SignUp.objects.exists()
    assert "/sign-up" not in Client().get("/sign-in").content.decode()


def test_the_page_says_what_happens(db: None, settings: Any) -> None:
    assert "then you can sign in" in Client().get("/sign-up").content.decode()
    settings.SIGNUP = "approval"
    assert "lets you in" in Client().get("/sign-up").content.decode()


def test_by_approval_staff_decide(db: None, settings: Any) -> None:
    settings.SIGNUP = "approval"
    client = Client()
    ask(client)
    response = press(client, link_in(mails(1)[0], "/sign-up/"))
    assert "you get a mail" in response.content.decode()
    assert not User.objects.exists()
    assert SignUp.objects.get().confirmed_at is not None


def test_closed_meanwhile(db: None, settings: Any) -> None:
    ask(Client())
    settings.SIGNUP = "closed"
    assert Client().post(link_in(mails(1)[0], "/sign-up/")).status_code == 410
    assert not User.objects.exists()


# The link.


def test_a_look_at_the_link_does_nothing(db: None) -> None:
    """Mail scanners open every link."""
    ask(Client())
    Client().get(link_in(mails(1)[0], "/sign-up/"))
    assert not User.objects.exists()


def test_once(db: None) -> None:
    ask(Client())
    link = link_in(mails(1)[0], "/sign-up/")
    assert Client().post(link).status_code == 302
    assert Client().post(link).status_code == 410
    assert Client().get(link).status_code == 410
    assert User.objects.count() == 1


def test_for_a_day(db: None) -> None:
    ask(Client())
    SignUp.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().post(link_in(mails(1)[0], "/sign-up/")).status_code == 410


def test_only_as_it_was_signed(db: None) -> None:
    ask(Client())
    link = link_in(mails(1)[0], "/sign-up/")
    row = SignUp.objects.get()
    for wrong in (link[:-1], link + "x", f"/sign-up/{row.pk}", f"/sign-up/{row.pk.hex}", "/sign-up/x.y", "/sign-up/."):
        assert Client().post(wrong).status_code == 410
    invitation = Invitation(pk=row.pk)
    assert Client().post(invite.path_of(invitation).replace("/invitations/", "/sign-up/")).status_code == 410


# Nobody learns who is here.


def test_known_and_unknown_addresses_look_alike(cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(email="alice@example.com")
    known, unknown = Client(), Client()
    answers = [ask(known, "dora", "ALICE@example.com"), ask(unknown, "emil", "emil@example.com")]
    assert len({(a.status_code, a["Location"]) for a in answers}) == 1
    told, other = mails(2)
    assert told.to == ["alice@example.com"]
    assert "already have an account" in told.subject
    assert "alice" in told.body
    assert "/sign-up/" not in told.body
    assert "Confirm" in other.subject
    again = [ask(Client(), name, "new@example.com") for name in ("dora", "emil")]
    assert [a.status_code for a in again] == [400, 400], "the names are alike taken"


def test_a_known_one_never_becomes_anything(cast: Cast) -> None:
    User.objects.filter(pk=cast.alice.pk).update(email="alice@example.com")
    ask(Client(), "dora", "alice@example.com")
    assert sign_up.confirm(SignUp.objects.get().pk) is sign_up.Outcome.GONE
    assert User.objects.filter(username="dora").count() == 0


# What cannot be.


@pytest.mark.parametrize(
    ("username", "email", "password"),
    [
        ("", "d@example.com", NEW_PASSWORD),
        ("a b", "d@example.com", NEW_PASSWORD),
        ("x" * 151, "d@example.com", NEW_PASSWORD),
        ("ALICE", "d@example.com", NEW_PASSWORD),
        ("dora", "no address", NEW_PASSWORD),
        ("dora", "d@example.com\r\nBcc: x@example.com", NEW_PASSWORD),
        ("dora", "d@example.com", "short"),
        ("dora", "d@example.com", "1234567890123"),
        ("dora", "d@example.com", "password"),
        ("dora", "d@example.com", "x" * 1_001),
        ("doradora", "d@example.com", "doradora1"),
    ],
)
def test_refused(cast: Cast, username: str, email: str, password: str) -> None:
    response = ask(Client(), username, email, password)
    assert response.status_code == 400
    assert "errorlist" in response.content.decode()
    assert f'value="{password}"' not in response.content.decode()
    assert not SignUp.objects.exists()
    assert mail.outbox == []


def test_same_name_twice(db: None) -> None:
    ask(Client())
    assert ask(Client(), email="other@example.com").status_code == 400


def test_same_name_at_the_same_moment(db: None) -> None:
    sign_up.begin("dora", "one@example.com", NEW_PASSWORD, "", None)
    with pytest.raises(sign_up.NameTaken):
        sign_up.begin("dora", "two@example.com", NEW_PASSWORD, "", None)
    assert SignUp.objects.get().email == "one@example.com"


def test_who_mistyped_the_address_tries_again(db: None) -> None:
    client = Client()
    ask(client, email="dorra@example.com")
    assert ask(client, email="dora@example.com").status_code == 302
    assert SignUp.objects.get().email == "dora@example.com"


def test_names_come_free_after_a_day(db: None) -> None:
    ask(Client())
    SignUp.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ask(Client(), email="other@example.com").status_code == 302


def test_a_name_that_was_taken_meanwhile(db: None) -> None:
    ask(Client())
    User.objects.create_user("dora")
    client = Client()
    assert client.post(link_in(mails(1)[0], "/sign-up/"))["Location"] == "/sign-up"
    assert User.objects.count() == 1


def test_a_mail_server_that_is_away(db: None, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    response = ask(Client())
    assert response.status_code == 503
    assert "The mail could not be sent" in response.content.decode()
    assert not SignUp.objects.exists()


def test_one_address_gets_only_so_many_mails(db: None) -> None:
    """And whoever asks for them sees no difference."""
    answers = [ask(Client(), f"dora{i}", "dora@example.com")["Location"] for i in range(8)]
    assert set(answers) == {"/sign-up/sent"}
    assert len(mail.outbox) < 8


def test_sign_ups_of_one_address_are_slowed_down(db: None) -> None:
    statuses = [ask(Client(), f"dora{i}", f"dora{i}@example.com").status_code for i in range(22)]
    assert statuses[-1] == 429


# With an invitation.


@pytest.fixture
def invitation(cast: Cast, settings: Any) -> Invitation:
    settings.SIGNUP = "invitation"
    return invite.invite(cast.workspace, cast.alice, "dora@example.com", Membership.Role.MEMBER)


def test_invited(invitation: Invitation) -> None:
    """The link came to this very address: it needs no second mail."""
    client = Client()
    page = client.get(invite.path_of(invitation)).content.decode()
    assert "alice invites you" in page
    assert 'href="/sign-up"' in page
    assert 'value="dora@example.com"' in client.get("/sign-up").content.decode()
    assert ask(client)["Location"] == "/sign-in"
    assert mail.outbox == []
    sign_in(client, "dora", NEW_PASSWORD)
    assert is_in(client)
    dora = User.objects.get(username="dora")
    assert [m.workspace for m in dora.memberships.all()] == [invitation.workspace]
    assert Client().get(invite.path_of(invitation)).status_code == 410


def test_invited_and_another_address_is_confirmed_first(invitation: Invitation) -> None:
    client = Client()
    client.get(invite.path_of(invitation))
    ask(client, email="other@example.com")
    client.post(link_in(mails(1)[0], "/sign-up/"))
    assert User.objects.get(username="dora").workspace == invitation.workspace


def test_an_invitation_that_is_revoked_before_the_address_is_confirmed(invitation: Invitation) -> None:
    client = Client()
    client.get(invite.path_of(invitation))
    ask(client, email="other@example.com")
    invite.open_ones().update(revoked_at=timezone.now())
    assert client.post(link_in(mails(1)[0], "/sign-up/")).status_code == 410
    assert not User.objects.filter(username="dora").exists()


def test_closed_means_closed(invitation: Invitation, settings: Any) -> None:
    settings.SIGNUP = "closed"
    client = Client()
    client.get(invite.path_of(invitation))
    assert ask(client).status_code == 403
