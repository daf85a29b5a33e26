"""From a bearer token to its person, and the end of a token."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from searches.accounts.models import TOKEN_PREFIX, ApiToken, User, digest
from searches.accounts.sign_ins import hang_up, token_group

MOST_EACH = 50  # live tokens of a person
_USED_EVERY = timedelta(minutes=5)


def person_of(token: str) -> User | None:
    """The active person whose live token this is; notes its use, at most every five minutes."""
    row = row_of(token)
    return row.user if row else None


def row_of(token: str) -> ApiToken | None:
    """The live token of an active person, with that person; notes its use, at most every five minutes."""
    if not token.startswith(TOKEN_PREFIX) or len(token) > 128:
        return None
    row = ApiToken.objects.select_related("user").filter(sha256=digest(token), revoked_at=None, user__is_active=True).first()
    if row is None:
        return None
    now = timezone.now()
    if row.last_used_at is None or row.last_used_at < now - _USED_EVERY:
        # Conditional, so that a burst of requests with one token writes once.
        unused = Q(last_used_at=None) | Q(last_used_at__lt=now - _USED_EVERY)
        ApiToken.objects.filter(unused, pk=row.pk).update(last_used_at=now)
    return row


def revoke(token_ids: list[int]) -> int:
    """Revoke these tokens and close the sockets that came in with them; how many were live."""
    rows = ApiToken.objects.filter(pk__in=token_ids, revoked_at=None)
    digests = list(rows.values_list("sha256", flat=True))
    count = rows.update(revoked_at=timezone.now())
    hang_up(token_group(sha256) for sha256 in digests)
    return count
