"""bin/manage create_token."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from searches.accounts.models import ApiToken, User
from searches.accounts.tokens import person_of
from tests.cast import Cast


def create_token(*args: str) -> str:
    out = StringIO()
    call_command("create_token", *args, stdout=out)
    return out.getvalue()


def test_it_works(cast: Cast) -> None:
    printed = create_token("alice")
    assert printed.endswith("\n")
    assert person_of(printed.strip()) == cast.alice


def test_prints_the_token_and_nothing_else(cast: Cast, capfd: pytest.CaptureFixture[str]) -> None:
    """So that TOKEN=$(bin/manage create_token alice) works."""
    printed = create_token("alice")
    assert printed.count("\n") == 1
    assert " " not in printed
    assert capfd.readouterr() == ("", "")


def test_name(cast: Cast) -> None:
    create_token("alice", "--name", "cron of the shop")
    create_token("alice", "--name", "x" * 200)
    assert list(ApiToken.objects.order_by("pk").values_list("name", flat=True)) == ["cron of the shop", "x" * 80]


@pytest.mark.parametrize("username", ["nobody", "ALICE", "", "alice "])
def test_unknown_person(cast: Cast, username: str) -> None:
    with pytest.raises(CommandError, match="There is no active person named") as refused:
        create_token(username)
    assert refused.value.returncode == 1
    assert "alice" in str(refused.value)
    assert not ApiToken.objects.exists()


def test_inactive_person(cast: Cast) -> None:
    User.objects.filter(username="alice").update(is_active=False)
    with pytest.raises(CommandError) as refused:
        create_token("alice")
    assert "alice," not in str(refused.value)


@pytest.mark.django_db
def test_before_there_is_anybody() -> None:
    with pytest.raises(CommandError, match="bin/up first"):
        create_token("demo")


def test_says_how_it_is_called() -> None:
    with pytest.raises(CommandError, match="username"):
        create_token()
