"""Workspaces: which one a person works in, made, chosen, renamed, deleted."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from searches.accounts.models import Invitation, Membership, User, Workspace

MOST_OWNED = 20


class Refused(Exception):
    """What was asked for is not done, for the reason that its text tells people."""


class Contents(NamedTuple):
    """What of one kind goes with a workspace."""

    name: str
    rows: int


#: Rooms with rows that are deleted with a workspace say here what they are called and how many there are.
_counts: dict[str, tuple[Any, Callable[[Workspace], int]]] = {}


def register_contents(key: str, name: Any, count: Callable[[Workspace], int]) -> None:
    """Have `count` rows of `name` (lazily translated) told to who is about to delete a workspace. For `AppConfig.ready`."""
    _counts[key] = (name, count)


def contents(workspace: Workspace) -> list[Contents]:
    """What would be deleted with this workspace, where there is any."""
    found = [Contents(str(name), count(workspace)) for name, count in _counts.values()]
    return [each for each in found if each.rows]


def workspace_of(user: User) -> int | None:
    """The id of the person's current workspace, else of the first one that they are in; None without one."""
    return mine(user).values_list("workspace_id", flat=True).first()


def mine(user: User) -> QuerySet[Membership]:
    """The person's memberships, that of the current workspace first."""
    current = Case(When(workspace_id=user.workspace_id, then=Value(0)), default=Value(1), output_field=IntegerField())
    return Membership.objects.filter(user=user).order_by(current, "workspace_id")


def choices(user: User) -> list[Workspace]:
    """The person's workspaces, the current one first."""
    return [membership.workspace for membership in mine(user).select_related("workspace")]


def choose(user: User, workspace: Workspace) -> None:
    """Make this the current workspace of one of its members."""
    user.workspace = workspace
    user.save(update_fields=["workspace"])


def create(user: User, name: str) -> Workspace:
    """A new workspace of this person's own, which becomes the current one. Refused: they own too many."""
    if Membership.objects.filter(user=user, role=Membership.Role.OWNER).count() >= MOST_OWNED:
        raise Refused(_("You own %(n)d workspaces. That is the most; delete one first.") % {"n": MOST_OWNED})
    with transaction.atomic():
        workspace = Workspace.objects.create(name=name)
        Membership.objects.create(workspace=workspace, user=user, role=Membership.Role.OWNER)
        choose(user, workspace)
    return workspace


def delete(workspace: Workspace) -> None:
    """Delete it with what is in it. Refused: others are still in it."""
    with transaction.atomic():
        locked = Workspace.objects.select_for_update().get(pk=workspace.pk)
        if Membership.objects.filter(workspace=locked).count() > 1:
            raise Refused(_("There are others in this workspace. Remove them first, so that nobody is surprised."))
        Invitation.objects.filter(workspace=locked).delete()
        locked.delete()


def _open_invitations(workspace: Workspace) -> int:
    return Invitation.objects.filter(workspace=workspace, accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()).count()


register_contents("invitations", gettext_lazy("Open invitations"), _open_invitations)
