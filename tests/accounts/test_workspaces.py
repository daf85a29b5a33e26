"""Workspaces: one is current, people come and go, one owner always stays."""

import threading
from typing import Any

import pytest
import redis
from django.db import connections
from django.test import Client

from searches.accounts import membership, workspaces
from searches.accounts.models import Invitation, Membership, User, Workspace
from searches.accounts.workspaces import Refused, workspace_of
from searches.search.models import Search
from tests.cast import Cast, page_client
from tests.rows import make_search

OWNER, MEMBER = Membership.Role.OWNER, Membership.Role.MEMBER


@pytest.fixture(autouse=True)
def _with_redis(live_redis: redis.Redis) -> None:
    """Pages look at it."""


def roles(workspace: Workspace) -> dict[str, str]:
    return dict(Membership.objects.filter(workspace=workspace).values_list("user__username", "role"))


def test_it_works(cast: Cast) -> None:
    client = page_client(cast.alice)
    made = client.post("/workspaces", {"name": "  New \n place "})
    second = Workspace.objects.get(name="New place")
    assert made["Location"] == f"/workspaces/{second.pk}"
    assert workspace_of(User.objects.get(pk=cast.alice.pk)) == second.pk
    assert client.post(f"/workspaces/{cast.workspace.pk}/switch", {"next": "/searches"})["Location"] == "/searches"
    assert workspace_of(User.objects.get(pk=cast.alice.pk)) == cast.workspace.pk
    assert "Switch to New place" in client.get("/dashboard").content.decode()


def test_without_a_choice_it_is_the_first(cast: Cast) -> None:
    assert workspace_of(cast.alice) == cast.workspace.pk
    assert workspace_of(cast.sam) is None


def test_a_choice_that_one_is_not_in_any_more_counts_for_nothing(cast: Cast) -> None:
    other = cast.charlie.workspaces.get()
    User.objects.filter(pk=cast.alice.pk).update(workspace=other)
    assert workspace_of(User.objects.get(pk=cast.alice.pk)) == cast.workspace.pk


def test_searches_go_to_the_current_one(cast: Cast) -> None:
    second = workspaces.create(cast.alice, "Second")
    page_client(cast.alice).post("/search/", {"q": "a", "platform": "tiktok", "range": "all"})
    assert Search.objects.get().workspace == second


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", ""])
def test_switching_leads_nowhere_else(cast: Cast, elsewhere: str) -> None:
    response = page_client(cast.alice).post(f"/workspaces/{cast.workspace.pk}/switch", {"next": elsewhere})
    assert response["Location"] == "/dashboard"


# Who may.

OWNERS_ONLY: list[tuple[str, dict[str, str]]] = [
    ("", {"name": "x"}),
    ("/delete", {"typed": "Team"}),
    ("/invitations", {"email": "x@example.com", "role": "member"}),
    ("/people/{alice}", {"do": "member"}),
    ("/people/{alice}", {"do": "remove"}),
    ("/people/{bob}", {"do": "owner"}),
]


@pytest.mark.parametrize("who", ["bob", "charlie", "root", ""])
@pytest.mark.parametrize(("path", "given"), OWNERS_ONLY)
def test_owners_only(cast: Cast, who: str, path: str, given: dict[str, str]) -> None:
    client = page_client(getattr(cast, who)) if who else Client()
    where = f"/workspaces/{cast.workspace.pk}" + path.format(alice=cast.alice.pk, bob=cast.bob.pk)
    assert client.post(where, given).status_code == (404 if who else 302)
    assert roles(cast.workspace) == {"alice": "owner", "bob": "member"}
    assert Workspace.objects.get(pk=cast.workspace.pk).name == "Team"
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("path", ["", "/delete", "/switch"])
def test_a_strangers_is_not_there(cast: Cast, path: str) -> None:
    where = f"/workspaces/{cast.workspace.pk}{path}"
    client = page_client(cast.charlie)
    assert (client.post(where) if path == "/switch" else client.get(where)).status_code == 404
    assert client.get("/workspaces/999999999999999999999").status_code == 404


def test_members_see_who_is_in(cast: Cast) -> None:
    page = page_client(cast.bob).get(f"/workspaces/{cast.workspace.pk}").content.decode()
    assert "alice" in page
    assert "Invite somebody" not in page
    assert "Make an owner" not in page
    assert "Leave" in page


# Changes.


def change(cast: Cast, who: User, do: str, by: User | None = None) -> Any:
    return page_client(by or cast.alice).post(f"/workspaces/{cast.workspace.pk}/people/{who.pk}", {"do": do}, follow=True)


def test_roles(cast: Cast) -> None:
    change(cast, cast.bob, "owner")
    change(cast, cast.alice, "member")
    assert roles(cast.workspace) == {"alice": "member", "bob": "owner"}


def test_nonsense_changes_nothing(cast: Cast) -> None:
    change(cast, cast.bob, "king")
    change(cast, cast.charlie, "owner")
    assert roles(cast.workspace) == {"alice": "owner", "bob": "member"}


def test_remove_and_leave(cast: Cast) -> None:
    workspaces.choose(cast.bob, cast.workspace)
    change(cast, cast.bob, "remove")
    assert roles(cast.workspace) == {"alice": "owner"}
    assert User.objects.get(pk=cast.bob.pk).workspace is None
    membership.join(cast.workspace, cast.bob, MEMBER)
    assert "You have left Team" in change(cast, cast.bob, "remove", by=cast.bob).content.decode()
    assert roles(cast.workspace) == {"alice": "owner"}


@pytest.mark.parametrize("do", ["member", "remove"])
def test_the_last_owner_stays(cast: Cast, do: str) -> None:
    assert "needs an owner" in change(cast, cast.alice, do).content.decode()
    assert roles(cast.workspace)["alice"] == "owner"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_owners_who_demote_each_other_at_once(live_redis: redis.Redis) -> None:
    team = Workspace.objects.create(name="Team")
    people = [User.objects.create(username=name) for name in ("anna", "ben")]
    for person in people:
        membership.join(team, person, OWNER)
    barrier, refused = threading.Barrier(2), []

    def demote(person: User) -> None:
        barrier.wait()
        try:
            membership.change_role(team.pk, person.pk, MEMBER)
        except Refused:
            refused.append(person)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=demote, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert sorted(roles(team).values()) == ["member", "owner"]


def test_rename(cast: Cast) -> None:
    where = f"/workspaces/{cast.workspace.pk}"
    assert page_client(cast.alice).post(where, {"name": "  Crew "}).status_code == 302
    assert Workspace.objects.get(pk=cast.workspace.pk).name == "Crew"
    for wrong in ("", "   ", "x" * 81, "\u200b"):
        assert page_client(cast.alice).post(where, {"name": wrong}).status_code == 400
    assert Workspace.objects.get(pk=cast.workspace.pk).name == "Crew"


def test_names_run_nothing(cast: Cast) -> None:
    Workspace.objects.update(name="<script>alert(1)</script>")
    for path in ("/dashboard", "/workspaces", f"/workspaces/{cast.workspace.pk}"):
        assert b"<script>alert" not in page_client(cast.alice).get(path).content


def test_so_many_and_no_more(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspaces, "MOST_OWNED", 2)
    assert page_client(cast.alice).post("/workspaces", {"name": "2"}).status_code == 302
    response = page_client(cast.alice).post("/workspaces", {"name": "3"})
    assert "That is the most" in response.content.decode()
    assert not Workspace.objects.filter(name="3").exists()


# The end of one.


def test_delete(cast: Cast) -> None:
    """Not while others are in it, and not without its name; searches stay with their people."""
    search = make_search(cast.alice, workspace=cast.workspace)
    client, where = page_client(cast.alice), f"/workspaces/{cast.workspace.pk}/delete"
    assert "There are others" in client.get(where).content.decode()
    assert client.post(where, {"typed": "Team"}).status_code == 400
    membership.remove(cast.workspace.pk, cast.bob.pk)
    client.post(f"/workspaces/{cast.workspace.pk}/invitations", {"email": "", "role": "member"})
    assert "Open invitations: 1" in client.get(where).content.decode()
    assert client.post(where, {"typed": "team"}).status_code == 400
    assert client.post(where, {"typed": " Team "})["Location"] == "/workspaces"
    assert not Workspace.objects.filter(pk=cast.workspace.pk).exists()
    search.refresh_from_db()
    assert search.workspace is None


def test_what_rooms_keep_there_is_told(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspaces, "_counts", {})
    workspaces.register_contents("things", "Things", lambda workspace: 3)
    workspaces.register_contents("nothing", "Nothing", lambda workspace: 0)
    assert workspaces.contents(cast.workspace) == [("Things", 3)]
