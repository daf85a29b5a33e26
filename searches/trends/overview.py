"""Everything that posts tell about a question, or about all that is known, as plain JSON: the same for the API and the pages.

Whatever is in it says how many posts it stands on; what stands on too few is empty or null.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.utils import timezone

from searches.trends import hours, tags, velocity, words
from searches.trends.load import MAX_POSTS, Snapshots, Tracked, load, millis, snapshots
from searches.trends.rising import MIN_HALF, Rise, Rising, Sample, rising
from searches.trends.seen import keys_of

#: The periods that can be asked for, in days.
DAYS = (7, 30, 90)
KEEP_SECONDS = 300
CHARTED = 4
FASTEST = 10
#: What was last seen so long before the newest reading of all says nothing of now.
_NOW_MS = 48 * 3_600_000
_COUNTS = ("views", "likes", "comments", "shares", "saves")
_NAMES = ("playCount", "likeCount", "commentCount", "shareCount", "collectCount")


def overview(answer_key: str | None, days: int, zone: str) -> dict[str, Any]:
    """Of this question, or of everything where it is None, over the last `days`, by the clock of `zone` (an IANA name).

    Kept for KEEP_SECONDS, or until a run of the question is recorded.
    """
    keys = keys_of(answer_key) if answer_key else None
    known = snapshots(keys)
    named = json.dumps([answer_key, days, zone, known.last_id if keys else None])
    place = f"trends:{hashlib.sha256(named.encode()).hexdigest()}"
    kept: dict[str, Any] | None = cache.get(place)
    if kept is None:
        kept = make(answer_key, days, zone, known)
        cache.set(place, kept, KEEP_SECONDS)
    return kept


def make(answer_key: str | None, days: int, zone: str, known: Snapshots) -> dict[str, Any]:
    """The same, made anew."""
    now = timezone.now()
    since = now - timedelta(days=days)
    posts = load(keys_of(answer_key) if answer_key else None, since)
    period = millis(since), millis(now)
    return {
        "answerKey": answer_key,
        "days": days,
        "timeZone": zone,
        "since": since.isoformat(timespec="seconds"),
        "until": now.isoformat(timespec="seconds"),
        "runCount": known.runs,
        "firstRunAt": known.first_at.isoformat(timespec="seconds") if known.first_at else None,
        "lastRunAt": known.last_at.isoformat(timespec="seconds") if known.last_at else None,
        "postCount": len(posts),
        "pointCount": sum(len(post.readings) for post in posts),
        "cut": len(posts) == MAX_POSTS,
        "series": [_series(post) for post in _most_gained(posts, *period)],
        "fastest": _fastest(posts, *period),
        "risingHashtags": _rising_hashtags(posts, *period),
        "risingCreators": _rising_creators(posts, *period),
        "bestHours": _best_hours(posts, zone),
        "tags": _tags(posts),
        "words": _words(posts),
    }


def _post(post: Tracked) -> dict[str, Any]:
    return {
        "id": post.id,
        "platform": post.platform,
        "title": post.title or None,
        "creator": post.creator or None,
        "webVideoUrl": post.url or None,
        "createTime": post.published,
        "playCount": post.views,
    }


def _series(post: Tracked) -> dict[str, Any]:
    points = [{"at": r.at} | {name: getattr(r, count) for name, count in zip(_NAMES, _COUNTS, strict=True)} for r in post.readings]
    return _post(post) | {"points": points}


def _most_gained(posts: Sequence[Tracked], since: int, until: int) -> list[Tracked]:
    """Those that gained the most views in the period, of those that were seen twice in it."""
    gained = [(grown.views, post) for post in posts if (grown := velocity.growth(post.readings, since, until))]
    gained.sort(key=lambda pair: (-pair[0], pair[1].platform, pair[1].id))
    return [post for _gain, post in gained[:CHARTED]]


def _fastest(posts: Sequence[Tracked], since: int, until: int) -> dict[str, Any]:
    newest = max((post.readings[-1].at for post in posts), default=0)
    lately = [post for post in posts if post.readings[-1].at >= newest - _NOW_MS]
    paced = [(pace, post) for post in lately if (pace := velocity.velocity(post.readings))]
    moving = sorted((p for p in paced if p[0].per_hour > 0), key=lambda pair: (-pair[0].per_hour, pair[1].platform, pair[1].id))
    return {"postCount": len(paced), "posts": [_paced(post, pace, since, until) for pace, post in moving[:FASTEST]]}


def _paced(post: Tracked, pace: velocity.Pace, since: int, until: int) -> dict[str, Any]:
    grown = velocity.growth(post.readings, since, until)
    return _post(post) | {
        "viewsPerHour": _round(pace.per_hour),
        "overHours": _round(pace.hours),
        "viewsPerHourSincePublication": _round(velocity.since_publication(post.published, post.readings)),
        "acceleration": _round(velocity.acceleration(post.readings)),
        "viewsGained": grown.views if grown else None,
        "growth": _round(grown.ratio) if grown else None,
        "growthHours": _round(grown.hours) if grown else None,
    }


def _rising_hashtags(posts: Sequence[Tracked], since: int, until: int) -> dict[str, Any]:
    names = tags.spellings(post.hashtags for post in posts)
    samples = [Sample(post.published, tags.keys(post.hashtags), _creator(post), post.views) for post in posts if post.published is not None]
    found = rising(samples, since, until, min_creators=2)
    return _risen(found, [{"hashtag": names[rise.name]} | _rise(rise) for rise in found.names])


def _rising_creators(posts: Sequence[Tracked], since: int, until: int) -> dict[str, Any]:
    samples = [
        Sample(post.published, (_creator(post),), _creator(post), post.views)
        for post in posts
        if post.published is not None and post.creator
    ]
    found = rising(samples, since, until)
    rows = []
    for rise in found.names:
        platform, _colon, creator = rise.name.partition(":")
        rows.append({"creator": creator, "platform": platform} | _rise(rise))
    return _risen(found, rows)


def _creator(post: Tracked) -> str:
    return f"{post.platform}:{post.creator}"


def _risen(found: Rising, rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "postCount": found.posts,
        "postCountBefore": found.posts_before,
        "enough": min(found.posts, found.posts_before) >= MIN_HALF,
        "items": rows,
    }


def _rise(rise: Rise) -> dict[str, Any]:
    return {
        "postCount": rise.posts,
        "postCountBefore": rise.posts_before,
        "creatorCount": rise.creators,
        "viewsShare": _round(rise.views_share),
        "viewsShareBefore": _round(rise.views_share_before),
        "lift": _round(rise.lift),
    }


def _best_hours(posts: Sequence[Tracked], zone: str) -> dict[str, Any]:
    rates = [(post.published, velocity.since_publication(post.published, post.readings)) for post in posts]
    found = hours.best_hours([hours.Published(at, rate) for at, rate in rates if at is not None and rate is not None], ZoneInfo(zone))
    return {
        "postCount": found.posts,
        "hoursPerSlot": found.width,
        "medianViewsPerHour": _round(found.median),
        "slots": [_slot(slot) for slot in found.slots],
        "best": [_slot(slot) for slot in found.best],
    }


def _slot(slot: hours.Slot) -> dict[str, Any]:
    return {"weekday": slot.weekday, "hour": slot.hour, "postCount": slot.posts, "ratio": _round(slot.ratio)}


def _tags(posts: Sequence[Tracked]) -> dict[str, Any]:
    found = tags.analyse([(post.hashtags, post.views) for post in posts])
    return {
        "postCount": found.posts,
        "items": [{"hashtag": tag.name, "postCount": tag.posts, "playCount": tag.views} for tag in found.tags],
        "pairs": [{"hashtags": list(pair.names), "postCount": pair.posts, "lift": _round(pair.lift)} for pair in found.pairs],
    }


def _words(posts: Sequence[Tracked]) -> dict[str, Any]:
    found = words.analyse(post.title for post in posts)
    items = [{"word": word.word, "language": word.language or None, "postCount": word.posts} for word in found.words]
    return {"postCount": found.posts, "items": items}


def _round(value: float | None) -> float | None:
    """Four digits after the point: enough for any of these, and the same on every machine."""
    return round(value, 4) if value is not None else None
