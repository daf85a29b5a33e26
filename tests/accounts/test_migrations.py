"""From an installation of before: people, workspaces and tokens keep what they had."""

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from searches.accounts.models import User
from searches.accounts.workspaces import workspace_of
from tests.accounts.doors import sign_in
from tests.cast import PASSWORD

BEFORE = ("accounts", "0001_initial")


def migrate(*targets: tuple[str, str | None]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets))
    return MigrationExecutor(connection).loader.project_state(list(targets)).apps


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_it_works() -> None:
    leaves = MigrationExecutor(connection).loader.graph.leaf_nodes()
    # Others stand on it: what they made goes first and comes back.
    apps = migrate(BEFORE)
    try:
        user = apps.get_model("accounts", "User").objects.create(username="old", email="old@example.com")
        team = apps.get_model("accounts", "Workspace").objects.create(name="Team")
        apps.get_model("accounts", "Membership").objects.create(user=user, workspace=team, role="owner")
        apps.get_model("accounts", "ApiToken").objects.create(user=user, prefix="scout_abc", sha256="0" * 64)
    finally:
        migrate(*leaves)
    person = User.objects.get(username="old")
    assert (person.is_active, person.language, person.workspace, person.email) == (True, "", None, "old@example.com")
    assert workspace_of(person) == team.pk
    assert not person.api_tokens.get().read_only
    person.set_password(PASSWORD)
    person.save()
    assert sign_in(Client(), "old").status_code == 302, "who was here before has nothing to confirm"
