"""The people of the tests. Alice and Bob share a workspace; Charlie is a stranger; Sam is staff, Vera staff who may see
the queue, Root may everything."""

from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.test import Client

from searches.accounts.models import Membership, User, Workspace, create_token

PASSWORD = "a-password-for-tests"


@dataclass
class Cast:
    alice: User
    bob: User
    charlie: User
    sam: User
    vera: User
    root: User
    workspace: Workspace


def make_cast() -> Cast:
    """Everybody, in the database."""
    team, other = Workspace.objects.create(name="Team"), Workspace.objects.create(name="Other")
    people = {name: User.objects.create_user(name, password=PASSWORD) for name in ("alice", "bob", "charlie")}
    staff = {name: User.objects.create_user(name, password=PASSWORD, is_staff=True) for name in ("sam", "vera")}
    root = User.objects.create_superuser("root", password=PASSWORD)
    staff["vera"].groups.add(Group.objects.get(name="Queue viewer"))
    Membership.objects.bulk_create(
        [
            Membership(workspace=team, user=people["alice"], role=Membership.Role.OWNER),
            Membership(workspace=team, user=people["bob"]),
            Membership(workspace=other, user=people["charlie"], role=Membership.Role.OWNER),
        ]
    )
    return Cast(**people, **staff, root=root, workspace=team)


def api_client(user: User, language: str = "en") -> Client:
    """A client that shows the person's token, as a program would."""
    return Client(headers={"authorization": f"Bearer {create_token(user)}", "accept-language": language})


def page_client(user: User) -> Client:
    """A client that is signed in, as a browser would be."""
    client = Client()
    client.force_login(user)
    return client
