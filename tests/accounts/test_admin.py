"""What staff see of people, and do: approve, refuse, sign out, revoke."""

from typing import Any

import pytest
import redis
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from searches.accounts import invite
from searches.accounts.models import ApiToken, SignIn, SignUp, User, create_token
from searches.accounts.session_store import digest_of
from tests.accounts.doors import NEW_PASSWORD, browser, is_in, mails, sign_in
from tests.cast import Cast, page_client


@pytest.fixture(autouse=True)
def _with_redis(live_redis: redis.Redis) -> None:
    """Pages look at it."""


def act(cast: Cast, what: str, action: str, *ids: Any, by: User | None = None) -> Any:
    given = {"action": action, "_selected_action": [str(id) for id in ids]}
    return page_client(by or cast.root).post(f"/admin/accounts/{what}/", given, follow=True)


@pytest.fixture
def waiting(cast: Cast, settings: Any) -> SignUp:
    settings.SIGNUP = "approval"
    password = make_password(NEW_PASSWORD)
    values = {"email": "dora@example.com", "password": password, "language": "ko", "confirmed_at": timezone.now()}
    return SignUp.objects.create(username="dora", **values)


def test_it_works(cast: Cast, waiting: SignUp) -> None:
    assert "dora@example.com" in page_client(cast.root).get("/admin/accounts/signup/").content.decode()
    assert "People let in: 1" in act(cast, "signup", "approve", waiting.pk).content.decode()
    (message,) = mails(1)
    assert message.to == ["dora@example.com"]
    assert "환영합니다" in message.subject
    assert sign_in(Client(), "dora", NEW_PASSWORD).status_code == 302
    assert not SignUp.objects.exists()
    act(cast, "signup", "approve", waiting.pk)
    assert User.objects.filter(username="dora").count() == 1


def test_refuse(cast: Cast, waiting: SignUp) -> None:
    act(cast, "signup", "refuse", waiting.pk)
    assert not SignUp.objects.exists()
    assert not User.objects.filter(username="dora").exists()
    assert mails(1)[0].to == ["dora@example.com"]


def test_a_mail_server_that_is_away_decides_nothing(cast: Cast, waiting: SignUp, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert act(cast, "signup", "approve", waiting.pk).status_code == 200
    assert User.objects.filter(username="dora").exists()


def test_not_before_the_address_is_confirmed(cast: Cast, waiting: SignUp) -> None:
    SignUp.objects.update(confirmed_at=None)
    assert "People let in: 0" in act(cast, "signup", "approve", waiting.pk).content.decode()
    assert not User.objects.filter(username="dora").exists()


def test_known_ones_are_not_shown_nor_let_in(cast: Cast, waiting: SignUp) -> None:
    SignUp.objects.update(known=True)
    assert "dora" not in page_client(cast.root).get("/admin/accounts/signup/").content.decode().replace("dora.", "")
    act(cast, "signup", "approve", waiting.pk)
    assert not User.objects.filter(username="dora").exists()


def test_deciding_is_for_who_may_add_people(cast: Cast, waiting: SignUp) -> None:
    cast.sam.user_permissions.add(Permission.objects.get(codename="view_signup"))
    act(cast, "signup", "approve", waiting.pk, by=cast.sam)
    assert not User.objects.filter(username="dora").exists()
    cast.sam.user_permissions.add(Permission.objects.get(codename="add_user"))
    act(cast, "signup", "approve", waiting.pk, by=User.objects.get(pk=cast.sam.pk))
    assert User.objects.filter(username="dora").exists()


def test_passwords_are_on_no_page(cast: Cast, waiting: SignUp) -> None:
    page = page_client(cast.root).get(f"/admin/accounts/signup/{waiting.pk}/change/").content.decode()
    assert "dora@example.com" in page
    assert waiting.password not in page


@pytest.mark.parametrize("what", ["user", "workspace", "membership", "signup", "invitation", "signin", "apitoken"])
@pytest.mark.parametrize("search", ["", "?q=alice"])
def test_lists(cast: Cast, what: str, search: str) -> None:
    browser("alice")
    create_token(cast.alice)
    invite.invite(cast.workspace, cast.alice, "x@example.com", "member")
    assert page_client(cast.root).get(f"/admin/accounts/{what}/{search}").status_code == 200


def test_pages(cast: Cast) -> None:
    browser("alice")
    row = invite.invite(cast.workspace, cast.alice, "", "member")
    create_token(cast.alice)
    token = ApiToken.objects.get()
    pages = (f"user/{cast.alice.pk}/change/", "user/add/", f"workspace/{cast.workspace.pk}/change/", f"invitation/{row.pk}/change/")
    for page in (*pages, f"signin/{SignIn.objects.get(user=cast.alice).pk}/change/", f"apitoken/{token.pk}/change/"):
        assert page_client(cast.root).get(f"/admin/accounts/{page}").status_code == 200, page


def test_sign_out(cast: Cast) -> None:
    client = browser("alice")
    act(cast, "signin", "sign_out", SignIn.objects.get(user=cast.alice).pk)
    assert not is_in(client)


def test_deleting_a_sign_in_signs_out(cast: Cast) -> None:
    one, other = browser("alice"), browser("bob")
    page_client(cast.root).post(f"/admin/accounts/signin/{SignIn.objects.get(user=cast.alice).pk}/delete/", {"post": "yes"})
    given = {"action": "delete_selected", "_selected_action": [SignIn.objects.get(user=cast.bob).pk], "post": "yes"}
    page_client(cast.root).post("/admin/accounts/signin/", given)
    assert (is_in(one), is_in(other)) == (False, False)


def test_who_is_deactivated_is_signed_out(cast: Cast) -> None:
    client, given = browser("bob"), {"username": "bob", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    forms = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    response = page_client(cast.root).post(f"/admin/accounts/user/{cast.bob.pk}/change/", given | forms)
    assert response.status_code == 302, response.content.decode()
    assert not User.objects.get(pk=cast.bob.pk).is_active
    assert not is_in(client)
    assert not SignIn.objects.filter(user=cast.bob).exists()


def test_who_is_deleted_is_signed_out(cast: Cast) -> None:
    one, other = browser("bob"), browser("charlie")
    page_client(cast.root).post(f"/admin/accounts/user/{cast.bob.pk}/delete/", {"post": "yes"})
    given = {"action": "delete_selected", "_selected_action": [cast.charlie.pk], "post": "yes"}
    page_client(cast.root).post("/admin/accounts/user/", given)
    assert not User.objects.filter(username__in=["bob", "charlie"]).exists()
    assert Session.objects.filter(session_key__in=[digest_of(c.cookies["sessionid"].value) for c in (one, other)]).count() == 0


def test_a_password_that_staff_set_signs_out(cast: Cast) -> None:
    client = browser("bob")
    given = {"usable_password": "true", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert page_client(cast.root).post(f"/admin/accounts/user/{cast.bob.pk}/password/", given).status_code == 302
    assert not is_in(client)
    assert not SignIn.objects.filter(user=cast.bob).exists()


def test_revoke(cast: Cast) -> None:
    create_token(cast.alice)
    row = invite.invite(cast.workspace, cast.alice, "", "member")
    assert "Tokens revoked: 1" in act(cast, "apitoken", "revoke", ApiToken.objects.get().pk).content.decode()
    assert "Invitations revoked: 1" in act(cast, "invitation", "revoke", row.pk).content.decode()
    assert not invite.open_ones().exists()
