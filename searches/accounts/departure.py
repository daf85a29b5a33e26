"""A person leaves for good: what goes, what stays, and why they can't go yet."""

from collections.abc import Callable

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from searches.accounts import sign_ins
from searches.accounts.models import Membership, User, Workspace
from searches.accounts.workspaces import Refused

_before: dict[str, Callable[[User], None]] = {}


def register(name: str, before: Callable[[User], None]) -> None:
    """Have `before(user)` stop and delete what a room keeps of somebody who leaves, in batches of its own: it is called
    outside of any transaction, may be called again, and must not fail for one who has nothing. For `AppConfig.ready`."""
    _before[name] = before


def alone_in(user: User) -> QuerySet[Workspace]:
    """Workspaces with nobody else in them: they go with the person."""
    return Workspace.objects.annotate(people_in=Count("memberships", distinct=True)).filter(people_in=1, memberships__user=user)


def hindrance(user: User) -> str:
    """Why the person can't leave yet, in a sentence; empty when they can."""
    owners = Count("memberships", filter=Q(memberships__role=Membership.Role.OWNER))
    owned = Workspace.objects.filter(pk__in=user.memberships.filter(role=Membership.Role.OWNER).values("workspace_id"))
    stuck = owned.annotate(owners=owners, people_in=Count("memberships")).filter(owners=1, people_in__gt=1)
    names = ", ".join(stuck.order_by("pk").values_list("name", flat=True)[:5])
    if names:
        return _("You are the only owner of: %(names)s. Make somebody else an owner there, or delete it, first.") % {"names": names}
    if user.is_superuser and not User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk).exists():
        return _("You are the only administrator of this Scout. Make somebody else one first.")
    return ""


def leave(user: User) -> None:
    """Delete the person and all that is theirs alone; sign them out everywhere. Refused, with the hindrance."""
    if reason := hindrance(user):
        raise Refused(reason)
    for before in _before.values():
        before(user)
    with transaction.atomic():
        # The order of the locks is that of the ids, as for everybody who takes several.
        mine = Workspace.objects.filter(memberships__user=user).values("pk")
        list(Workspace.objects.select_for_update().filter(pk__in=mine).order_by("pk"))
        if reason := hindrance(user):
            raise Refused(reason)
        sign_ins.end_all(user)
        Workspace.objects.filter(pk__in=list(alone_in(user).values_list("pk", flat=True))).delete()
        user.delete()
