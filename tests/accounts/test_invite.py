"""Invitations: by mail or as a link, accepted once, for a week."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.test import Client
from django.utils import timezone

from searches.accounts import brake, invite, views_workspaces
from searches.accounts.models import Invitation, Membership, User
from tests.accounts.doors import link_in, mails, sign_in
from tests.cast import Cast, page_client

MEMBER = Membership.Role.MEMBER


@pytest.fixture(autouse=True)
def _with_redis(live_redis: redis.Redis) -> None:
    brake._process._kept.clear()


def ask(cast: Cast, email: str = "", role: str = "member", by: User | None = None) -> Any:
    return page_client(by or cast.alice).post(f"/workspaces/{cast.workspace.pk}/invitations", {"email": email, "role": role}, follow=True)


def test_it_works(cast: Cast) -> None:
    User.objects.filter(pk=cast.charlie.pk).update(email="charlie@example.com", language="ko")
    assert "We have sent an invitation to charlie@example.com" in ask(cast, "charlie@example.com", "owner").content.decode()
    (message,) = mails(1)
    assert "초대" in message.subject
    link = link_in(message, "/invitations/")
    client = page_client(User.objects.get(pk=cast.charlie.pk))
    assert "Team" in client.get(link).content.decode()
    assert client.post(link)["Location"] == "/dashboard"
    charlie = User.objects.get(pk=cast.charlie.pk)
    assert (charlie.workspace, charlie.memberships.get(workspace=cast.workspace).role) == (cast.workspace, "owner")
    row = Invitation.objects.get()
    assert (row.accepted_by, row.invited_by) == (charlie, cast.alice)


def test_as_a_link(cast: Cast) -> None:
    page = ask(cast).content.decode()
    path = invite.path_of(Invitation.objects.get())
    assert f'value="http://testserver{path}"' in page
    assert page_client(cast.charlie).post(path).status_code == 302
    assert "no-store" in page_client(cast.sam).get(path)["Cache-Control"]


def test_once(cast: Cast) -> None:
    ask(cast)
    path = invite.path_of(Invitation.objects.get())
    assert page_client(cast.charlie).post(path).status_code == 302
    response = page_client(cast.sam).post(path)
    assert response.status_code == 410
    assert "invitations are good for seven days" in response.content.decode()
    assert not cast.sam.memberships.exists()


def test_a_second_who_looked_at_the_same_time(cast: Cast) -> None:
    row = invite.invite(cast.workspace, cast.alice, "", MEMBER)
    assert (invite.accept(row, cast.charlie), invite.accept(row, cast.sam)) == (True, False)
    assert not cast.sam.memberships.exists()


@pytest.mark.parametrize("change", [{"expires_at": timezone.now() - timedelta(days=1)}, {"revoked_at": timezone.now()}])
def test_run_out_or_revoked(cast: Cast, change: dict[str, Any]) -> None:
    row = invite.invite(cast.workspace, cast.alice, "", MEMBER)
    Invitation.objects.update(**change)
    assert page_client(cast.charlie).post(invite.path_of(row)).status_code == 410
    assert not cast.charlie.memberships.filter(workspace=cast.workspace).exists()


def test_revoke(cast: Cast) -> None:
    row = invite.invite(cast.workspace, cast.alice, "x@example.com", MEMBER)
    where = f"/workspaces/{cast.workspace.pk}/invitations/{row.pk}/revoke"
    assert page_client(cast.bob).post(where).status_code == 404
    assert page_client(cast.charlie).post(where).status_code == 404
    other = f"/workspaces/{cast.charlie.workspaces.get().pk}/invitations/{row.pk}/revoke"
    page_client(cast.charlie).post(other)
    assert invite.open_ones().exists(), "that of another workspace is not touched"
    page_client(cast.alice).post(where)
    assert not invite.open_ones().exists()


def test_it_lasts_a_week(cast: Cast) -> None:
    row = invite.invite(cast.workspace, cast.alice, "", MEMBER)
    assert timedelta(days=6, hours=23) < row.expires_at - timezone.now() <= timedelta(days=7)


def test_signed_in_with_another_address(cast: Cast) -> None:
    row = invite.invite(cast.workspace, cast.alice, "dora@example.com", MEMBER)
    page = page_client(cast.charlie).get(invite.path_of(row)).content.decode()
    assert "This invitation was sent to dora@example.com. You are signed in as charlie." in page
    assert "Accept as charlie" in page


def test_who_is_in_already_keeps_their_role(cast: Cast) -> None:
    row = invite.invite(cast.workspace, cast.alice, "", MEMBER)
    client = page_client(cast.alice)
    assert "You are in this workspace already" in client.get(invite.path_of(row)).content.decode()
    client.post(invite.path_of(row))
    assert cast.alice.memberships.get().role == "owner"
    assert invite.open_ones().exists(), "it is still there for whom it was meant"


def test_signed_out_one_signs_in_first(cast: Cast) -> None:
    path = invite.path_of(invite.invite(cast.workspace, cast.alice, "", MEMBER))
    client = Client()
    page = client.get(path).content.decode()
    assert f'href="/sign-in?next={path}"' in page
    assert "/sign-up" not in page, "it is closed"
    assert sign_in(client, "charlie", next=path)["Location"] == path


@pytest.mark.parametrize("signed", ["x", "x.y", "." * 50, "00000000000000000000000000000000.AAAA", "a" * 5_000])
def test_made_up(cast: Cast, signed: str) -> None:
    assert page_client(cast.charlie).post(f"/invitations/{signed}").status_code == 410


def test_a_second_to_the_same_address_replaces_the_first(cast: Cast) -> None:
    first = invite.invite(cast.workspace, cast.alice, "x@example.com", MEMBER)
    second = invite.invite(cast.workspace, cast.alice, "X@example.com", MEMBER)
    assert list(invite.open_ones()) == [second]
    assert first != second


HOSTILE = "x@example.com\r\nBcc: y@z.example"


@pytest.mark.parametrize(("email", "role"), [("no address", "member"), (HOSTILE, "member"), ("", "king"), ("", "")])
def test_nonsense(cast: Cast, email: str, role: str) -> None:
    assert ask(cast, email, role).status_code == 400
    assert not Invitation.objects.exists()


def test_who_is_in_already_is_not_invited(cast: Cast) -> None:
    User.objects.filter(pk=cast.bob.pk).update(email="bob@example.com")
    assert "in the workspace already" in ask(cast, "Bob@example.com").content.decode()
    assert not Invitation.objects.exists()


def test_a_mail_server_that_is_away_leaves_the_link(cast: Cast, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    page = ask(cast, "x@example.com").content.decode()
    assert "The mail could not be sent just now. Pass the link on yourself" in page
    assert invite.path_of(Invitation.objects.get()) in page


def test_so_many_and_no_more(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invite, "MOST_OPEN", 2)
    for _i in range(2):
        ask(cast)
    assert "That is the most" in ask(cast).content.decode()
    monkeypatch.setattr(invite, "MOST_OPEN", 50)
    monkeypatch.setattr(views_workspaces, "INVITATIONS_AN_HOUR", 3)
    assert [ask(cast).status_code for _i in range(3)] == [200, 429, 429]


def test_subjects_are_one_line(cast: Cast) -> None:
    cast.workspace.name = "Team\r\nBcc: evil@example.com"
    cast.workspace.save()
    ask(cast, "x@example.com")
    (message,) = mails(1)
    assert "\n" not in message.subject
    assert message.recipients() == ["x@example.com"]
