"""What the header of every page knows of who is signed in."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from searches.accounts.models import User
from searches.accounts.workspaces import choices


def account(request: HttpRequest) -> dict[str, Any]:
    """`my_workspaces`: the person's workspaces, the current one first. Read only where a template looks at it."""
    user = getattr(request, "user", None)
    return {"my_workspaces": SimpleLazyObject(lambda: choices(user) if isinstance(user, User) else [])}
