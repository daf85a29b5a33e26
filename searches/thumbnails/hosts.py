"""Where pictures may be fetched from: the platforms' own servers for pictures, and what `THUMBNAIL_HOSTS` adds.

Seen in the actors' recorded rows (tests/platforms/fixtures) and in public projects that list them for the same purpose:

- TikTok signs covers on p16-sign-va.tiktokcdn.com, p19-sign.tiktokcdn-us.com, p16-common-sign.tiktokcdn-eu.com and so on.
- Douyin: p3-pc-sign.douyinpic.com, p9-pc-sign.douyinpic.com.
- Xiaohongshu: sns-webpic-qc.xhscdn.com, and ci.xiaohongshu.com. It gives http:// addresses; the same servers speak https.

Only domains that serve nothing but files: www.tiktok.com or xiaohongshu.com could answer with anything.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from scout.outgoing import OutgoingError, Rules, checked, under
from searches.thumbnails.models import MAX_SOURCE

PLATFORMS: Mapping[str, tuple[str, ...]] = {
    "tiktok": ("tiktokcdn.com", "tiktokcdn-us.com", "tiktokcdn-eu.com"),
    "douyin": ("douyinpic.com",),
    "xiaohongshu": ("xhscdn.com", "ci.xiaohongshu.com"),
}
MOST_BYTES = 5 * 1024 * 1024


def rules(platform: str) -> Rules:
    """What fetching a picture of this platform may do."""
    allowed = under((*PLATFORMS.get(platform, ()), *settings.THUMBNAIL_HOSTS))
    return Rules(allowed, MOST_BYTES, redirects=3, loopback=settings.APIFY_BASE_URL if settings.SANDBOX else "")


def source_of(item: Mapping[str, Any]) -> str:
    """Where the picture of a post is to be fetched, or nothing where it has none or may not be fetched."""
    given, allowed = item["thumbnail"], rules(item["platform"])
    if not given or len(given) >= MAX_SOURCE:
        return ""
    if given.startswith("http://") and not (allowed.loopback and given.startswith(f"{allowed.loopback}/")):
        given = "https://" + given.removeprefix("http://")
    try:
        checked(given, allowed)
    except OutgoingError:
        return ""
    return given
