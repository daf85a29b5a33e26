"""Invitations into a workspace: made, found by their link, accepted once, revoked."""

from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from searches.accounts import links, membership
from searches.accounts.models import Invitation, Membership, User, Workspace
from searches.accounts.workspaces import Refused

MOST_OPEN = 50


def invite(workspace: Workspace, by: User, email: str, role: str) -> Invitation:
    """A new invitation; one that was open for the same address is revoked. Refused: there are too many, or they are in."""
    with transaction.atomic():
        list(Workspace.objects.select_for_update().filter(pk=workspace.pk))
        if email and Membership.objects.filter(workspace=workspace, user__email__iexact=email).exists():
            raise Refused(_("Somebody with this address is in the workspace already."))
        if email:
            open_ones(workspace).filter(email__iexact=email).update(revoked_at=timezone.now())
        if open_ones(workspace).count() >= MOST_OPEN:
            raise Refused(_("There are %(n)d open invitations. That is the most; revoke some first.") % {"n": MOST_OPEN})
        return Invitation.objects.create(workspace=workspace, invited_by=by, email=email, role=Membership.Role(role))


def open_ones(workspace: Workspace | None = None) -> QuerySet[Invitation]:
    """Invitations that can be accepted now."""
    found = Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())
    return found.filter(workspace=workspace) if workspace else found


def path_of(invitation: Invitation) -> str:
    """The path of its link."""
    return reverse("invitation", args=[links.sign("invitation", invitation.pk)])


def find(signed: str) -> Invitation | None:
    """The open invitation of a link."""
    return still_open(links.read("invitation", signed))


def still_open(id: UUID | None) -> Invitation | None:
    return open_ones().select_related("workspace", "invited_by").filter(pk=id).first() if id else None


def accept(invitation: Invitation, user: User) -> bool:
    """Put the person in; False when somebody was faster, or it has run out."""
    with transaction.atomic():
        taken = open_ones().filter(pk=invitation.pk).update(accepted_at=timezone.now(), accepted_by=user)
        if taken:
            membership.join(invitation.workspace, user, invitation.role)
    return bool(taken)


def lets_new_people_in() -> bool:
    """Whether an invitation is enough to become a person here."""
    return settings.SIGNUP != "closed"
