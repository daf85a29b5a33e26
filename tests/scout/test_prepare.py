"""bin/manage prepare."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from searches.accounts.models import Membership, User, Workspace
from tests.mongo import documents_at

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, settings: Any) -> None:
    settings.DATA = tmp_path / "made" / "for it"
    settings.STATIC_ROOT = settings.DATA / "static"


def prepare() -> str:
    out = StringIO()
    call_command("prepare", stdout=out)
    return out.getvalue()


def test_it_works(settings: Any) -> None:
    settings.FIRST_PASSWORD = "given-by-hand"
    printed = prepare()
    demo, admin = User.objects.get(username="demo"), User.objects.get(username="admin")
    assert demo.check_password("given-by-hand")
    assert admin.check_password("given-by-hand")
    assert (demo.is_staff, admin.is_staff, admin.is_superuser) == (False, True, True)
    assert {(m.user.username, m.role) for m in Membership.objects.all()} == {("demo", "member"), ("admin", "owner")}
    assert "given-by-hand" not in printed
    assert (settings.STATIC_ROOT / "ninja").is_dir()
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_password_is_made_and_printed_once(settings: Any) -> None:
    settings.FIRST_PASSWORD = ""
    printed = prepare()
    password = printed.split("the password ")[1].split(" ")[0]
    assert len(password) >= 16
    assert User.objects.get(username="demo").check_password(password)
    assert prepare() == ""


def test_again_changes_nothing() -> None:
    prepare()
    before = list(User.objects.values())
    assert prepare() == ""
    assert list(User.objects.values()) == before
    assert Workspace.objects.count() == 1


def test_where_there_are_people_none_are_added() -> None:
    User.objects.create_user("somebody")
    assert prepare() == ""
    assert User.objects.get().username == "somebody"


def test_mongodb_is_away() -> None:
    with (
        documents_at("mongodb://somebody:hunter2@127.0.0.1:1/scout"),
        pytest.raises(CommandError, match=r"^MongoDB \(MONGODB_URI\) does not answer") as stopped,
    ):
        prepare()
    assert "hunter2" not in str(stopped.value)
    assert stopped.value.__suppress_context__
