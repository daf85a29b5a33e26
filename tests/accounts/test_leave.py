"""Everything that is mine, as a file; and the end of an account."""

import json
from typing import Any

import pytest
import redis
from django.test import Client

from searches.accounts import brake, departure, export, membership, tokens
from searches.accounts.models import ApiToken, Membership, SignIn, User, Workspace, create_token
from searches.query import Query
from searches.search.models import Run, Search, Status
from tests.accounts.doors import browser, is_in
from tests.cast import PASSWORD, Cast, page_client
from tests.rows import make_run, make_search


@pytest.fixture(autouse=True)
def _with_redis(live_redis: redis.Redis) -> None:
    brake._process._kept.clear()


def leave(client: Client, typed: str, password: str = PASSWORD) -> Any:
    return client.post("/account/delete", {"typed": typed, "password": password})


def test_it_works(cast: Cast) -> None:
    membership.change_role(cast.workspace.pk, cast.bob.pk, "owner")
    mine, other, token = browser("alice"), browser("alice"), create_token(cast.alice)
    make_search(cast.alice, status=Status.COMPLETED)
    bobs = make_search(cast.bob, status=Status.COMPLETED)
    assert "for good" in mine.get("/account/delete").content.decode()
    assert leave(mine, "alice")["Location"] == "/sign-in"
    assert not User.objects.filter(username="alice").exists()
    assert (is_in(mine), is_in(other), tokens.person_of(token)) == (False, False, None)
    assert not SignIn.objects.exists()
    assert not ApiToken.objects.exists()
    assert list(Search.objects.all()) == [bobs]
    assert Workspace.objects.filter(pk=cast.workspace.pk).exists()


@pytest.mark.parametrize(("typed", "password"), [("bo", PASSWORD), ("BOB", PASSWORD), ("", PASSWORD), ("bob", "wrong"), ("bob", "")])
def test_needs_the_name_and_the_password(cast: Cast, typed: str, password: str) -> None:
    assert leave(page_client(cast.bob), typed, password).status_code == 400
    assert User.objects.filter(username="bob").exists()


def test_the_only_owner_hands_over_first(cast: Cast) -> None:
    client = page_client(cast.alice)
    assert "You are the only owner of: Team" in client.get("/account/delete").content.decode()
    assert leave(client, "alice").status_code == 409
    assert User.objects.filter(username="alice").exists()


def test_workspaces_without_others_go_too(cast: Cast) -> None:
    theirs = cast.charlie.workspaces.get()
    client = page_client(cast.charlie)
    assert f"The workspace {theirs.name} goes with you" in client.get("/account/delete").content.decode()
    leave(client, "charlie")
    assert not Workspace.objects.filter(pk=theirs.pk).exists()
    assert Workspace.objects.filter(pk=cast.workspace.pk).exists()


def test_the_last_administrator_stays(cast: Cast) -> None:
    assert leave(page_client(cast.root), "root").status_code == 409
    User.objects.create_superuser("second")
    assert leave(page_client(cast.root), "root").status_code == 302


def test_what_runs_for_them_alone_is_stopped(cast: Cast) -> None:
    alone, together = make_run(), make_run(asked=Query("b", "tiktok", "all"))
    make_search(cast.bob, alone)
    make_search(cast.bob, together, asked=Query("b", "tiktok", "all"))
    make_search(cast.charlie, together, asked=Query("b", "tiktok", "all"))
    leave(page_client(cast.bob), "bob")
    assert Run.objects.get(pk=alone.pk).status == Status.CANCELLED
    assert Run.objects.get(pk=together.pk).status == Status.QUEUED


def test_an_owner_who_becomes_the_only_one_meanwhile(cast: Cast) -> None:
    """The hindrance is looked at again once the workspaces are locked."""
    membership.change_role(cast.workspace.pk, cast.bob.pk, "owner")

    def meanwhile(user: User) -> None:
        Membership.objects.filter(user=cast.bob).update(role="member")

    departure.register("meanwhile", meanwhile)
    try:
        assert leave(page_client(cast.alice), "alice").status_code == 409
    finally:
        del departure._before["meanwhile"]
    assert User.objects.filter(username="alice").exists()


# The export.


def test_export(cast: Cast) -> None:
    token = create_token(cast.alice, "laptop")
    make_search(cast.alice, status=Status.COMPLETED, item_count=3)
    make_search(cast.bob)
    response = browser("alice").get("/account/export")
    assert response["Content-Disposition"].startswith('attachment; filename="scout-')
    told = json.loads(response.content)
    assert told["profile"]["userName"] == "alice"
    assert [w["name"] for w in told["workspaces"]] == ["Team"]
    assert [t["name"] for t in told["apiTokens"]] == ["laptop"]
    assert [(s["query"], s["itemCount"]) for s in told["searches"]] == [("메이크업", 3)]
    assert len(told["signIns"]) == 1
    text = response.content.decode()
    assert "메이크업" in text
    assert "bob" not in text
    row = User.objects.get(username="alice")
    assert not [secret for secret in (token, ApiToken.objects.get().sha256, row.password, SignIn.objects.get().digest) if secret in text]


def test_rooms_add_to_it(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_parts", dict(export._parts))
    export.register("things", lambda user: [user.username])
    assert export.export(cast.bob)["things"] == ["bob"]
