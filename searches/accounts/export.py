"""Everything that is a person's, as one JSON document. Rooms that keep more of people register what they have."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from searches.accounts import sign_ins
from searches.accounts.models import User

_parts: dict[str, Callable[[User], Any]] = {}


def register(name: str, part: Callable[[User], Any]) -> None:
    """Have `part(user)`, anything that JSON takes (dates too), in every export under this name. For `AppConfig.ready`."""
    _parts[name] = part


def export(user: User) -> dict[str, Any]:
    """All that is kept of this person, without secrets."""
    return {"exportedAt": timezone.now()} | {name: part(user) for name, part in _parts.items()}


def _profile(user: User) -> dict[str, Any]:
    return {
        "userName": user.username,
        "displayName": user.display_name,
        "email": user.email,
        "language": user.language,
        "timeZone": user.time_zone,
        "joinedAt": user.date_joined,
        "lastSignInAt": user.last_login,
    }


def _workspaces(user: User) -> list[dict[str, Any]]:
    return [
        {"name": membership.workspace.name, "role": membership.role, "createdAt": membership.workspace.created_at}
        for membership in user.memberships.select_related("workspace").order_by("workspace_id")
    ]


def _tokens(user: User) -> list[dict[str, Any]]:
    return [
        {
            "name": token.name,
            "beginsWith": token.prefix,
            "readOnly": token.read_only,
            "createdAt": token.created_at,
            "lastUsedAt": token.last_used_at,
            "revokedAt": token.revoked_at,
        }
        for token in user.api_tokens.order_by("pk")
    ]


def _sign_ins(user: User) -> list[dict[str, Any]]:
    rows = sign_ins.live(user).values_list("agent", "address", "created_at", "seen_at")
    return [dict(zip(("browser", "address", "signedInAt", "lastSeenAt"), row, strict=True)) for row in rows]


for _name, _part in (("profile", _profile), ("workspaces", _workspaces), ("apiTokens", _tokens), ("signIns", _sign_ins)):
    register(_name, _part)
