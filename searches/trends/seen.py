"""Since when a question has shown a post."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Min

from searches.query import ALL, PLATFORMS
from searches.trends.models import Sighting

_AT_ONCE = 500


def keys_of(answer_key: str) -> list[str]:
    """The keys that a question's posts are recorded under: one for each platform of a question to all of them."""
    platform, _colon, rest = answer_key.partition(":")
    return [f"{name}:{rest}" for name in PLATFORMS] if platform == ALL else [answer_key]


def first_seen(answer_key: str, ids: Iterable[str]) -> dict[str, datetime]:
    """When the question first showed each of these posts, by the post's id; those it has never shown, as far as is recorded,
    are left out. For a question to all platforms, the earliest of what they have called by that id.
    """
    wanted = list(dict.fromkeys(ids))
    found: dict[str, datetime] = {}
    keys = keys_of(answer_key)
    for start in range(0, len(wanted), _AT_ONCE):
        rows = Sighting.objects.filter(answer_key__in=keys, post__post_id__in=wanted[start : start + _AT_ONCE])
        found.update(rows.values_list("post__post_id").annotate(Min("first_seen_at")))
    return found
