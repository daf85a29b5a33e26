"""Who is in a workspace, and as what. A workspace never is without an owner: each change locks it first."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils.translation import gettext as _

from searches.accounts.models import Membership, User, Workspace
from searches.accounts.workspaces import Refused


def role_in(workspace_id: int, user: User) -> str:
    """The person's role there; empty when they are not in it."""
    return Membership.objects.filter(workspace_id=workspace_id, user=user).values_list("role", flat=True).first() or ""


def join(workspace: Workspace, user: User, role: str) -> None:
    """Put the person in, and make it their current workspace; who is in it already keeps their role."""
    with transaction.atomic():
        Membership.objects.get_or_create(workspace=workspace, user=user, defaults={"role": role})
        User.objects.filter(pk=user.pk).update(workspace=workspace)
        user.workspace = workspace


def change_role(workspace_id: int, user_id: int, role: str) -> None:
    """Refused: it would leave the workspace without an owner."""
    with _keeping_an_owner(workspace_id):
        Membership.objects.filter(workspace_id=workspace_id, user_id=user_id).update(role=Membership.Role(role))


def remove(workspace_id: int, user_id: int) -> None:
    """Take somebody out, or leave. Refused: it would leave the workspace without an owner."""
    with _keeping_an_owner(workspace_id):
        Membership.objects.filter(workspace_id=workspace_id, user_id=user_id).delete()
        User.objects.filter(pk=user_id, workspace_id=workspace_id).update(workspace=None)


@contextmanager
def _keeping_an_owner(workspace_id: int) -> Iterator[None]:
    """Two owners who each make the other a member at once wait for one another here; the second is refused."""
    with transaction.atomic():
        list(Workspace.objects.select_for_update().filter(pk=workspace_id))
        yield
        if not Membership.objects.filter(workspace_id=workspace_id, role=Membership.Role.OWNER).exists():
            raise Refused(_("A workspace needs an owner. Make somebody else an owner first, or delete the workspace."))
