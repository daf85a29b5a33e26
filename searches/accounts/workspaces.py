"""Which workspace a person works in."""

from searches.accounts.models import Membership, User


def workspace_of(user: User) -> int | None:
    """The id of the person's first workspace; None without one."""
    return Membership.objects.filter(user=user).order_by("workspace_id").values_list("workspace_id", flat=True).first()
