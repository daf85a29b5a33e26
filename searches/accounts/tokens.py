"""From a bearer token to its person."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from searches.accounts.models import TOKEN_PREFIX, ApiToken, User, digest

_USED_EVERY = timedelta(minutes=5)


def person_of(token: str) -> User | None:
    """The active person whose live token this is; notes its use, at most every five minutes."""
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
    return row.user
