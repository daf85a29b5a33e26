"""Which picture a page shows of each post: ours, the platform's own, or none."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from searches.thumbnails.models import State, Thumbnail, key_of

_CHUNK = 500


def addresses(items: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Our addresses for these posts, by key, in one query for 500 of them. A picture that has died upstream before it could be
    kept has an empty one; what we know nothing of is left out."""
    keys = [key_of(item["platform"], item["id"]) for item in items]
    found: dict[str, str] = {}
    for start in range(0, len(keys), _CHUNK):
        rows = Thumbnail.objects.filter(key__in=keys[start : start + _CHUNK]).exclude(state=State.WAITING)
        for key, state, digest, error in rows.values_list("key", "state", "digest", "error"):
            if state == State.KEPT:
                found[key] = address(key, digest)
            elif error in {"http-403", "http-404", "http-410"}:
                found[key] = ""
    return found


def address(key: str, digest: str) -> str:
    """Where a kept picture is served; it names the content, so that browsers may keep it for good."""
    platform, _, post_id = key.partition(":")
    return f"/thumbs/{quote(platform, safe='')}/{quote(post_id, safe='')}?v={digest}"
