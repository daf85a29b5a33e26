"""The one result shape, and the coercions that bring hostile upstream values into it.

Every platform maps its raw items to `Item`; JSON, pages, exports and sockets all speak it. The coercions never raise:
what cannot be read is None, because one broken field must not lose a post and one broken post must not lose an answer.
"""

import math
import re
import unicodedata
from datetime import UTC, datetime
from typing import Any, TypedDict
from urllib.parse import urlsplit

MAX_COUNT = 2**53 - 1  # the largest whole number that JSON readers in browsers keep exact
MAX_TITLE = 500
MAX_TEXT = 5_000
MAX_URL = 2_000
MAX_HASHTAGS = 50
EARLIEST = datetime(2005, 1, 1, tzinfo=UTC).timestamp()
LATEST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
#: Nothing to see: spaces, joiners, direction marks, and the fillers that people take for an empty name.
_BLANK = re.compile(r"[\s\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2060-\u2064\u2800\u3164\ufe0f\ufeff\uffa0]*")


class Item(TypedDict):
    """A post. What the platform did not give is None, never 0. `createTime` is milliseconds since 1970, UTC."""

    id: str
    platform: str
    title: str | None
    description: str | None
    creator: str | None
    creatorUrl: str | None
    followerCount: int | None
    playCount: int | None
    likeCount: int | None
    commentCount: int | None
    shareCount: int | None
    collectCount: int | None
    createTime: int | None
    durationSeconds: float | None
    hashtags: list[str]
    thumbnail: str | None
    videoUrl: str | None
    webVideoUrl: str | None


def dig(raw: Any, *path: str) -> Any:
    """raw[path[0]][path[1]]... or None as soon as a step is missing or not a mapping."""
    for step in path:
        if not isinstance(raw, dict):
            return None
        raw = raw.get(step)
    return raw


def text(value: Any, limit: int = MAX_TEXT) -> str | None:
    """Display text: control and direction-override characters removed, at most `limit` characters, never empty."""
    if not isinstance(value, str):
        return None
    # Cut before cleaning: cleaning 100 KB to show 500 characters is work a hostile title would choose for us.
    clean = unicodedata.normalize("NFC", _CONTROL.sub("", value[: limit * 2])).strip()
    return None if _BLANK.fullmatch(clean) else clean[:limit].rstrip()


def title(value: Any) -> str | None:
    """One line of display text."""
    line = text(value, MAX_TITLE * 2)
    return _SPACE.sub(" ", line)[:MAX_TITLE].rstrip() if line else None


def identifier(value: Any) -> str | None:
    """A post's id: a short printable string without blanks in it, or a whole number written out."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value) if 0 < value < 2**80 else None
    if not isinstance(value, str) or len(value) > 128:
        return None
    value = value.strip()
    return value if value and value.isprintable() and " " not in value else None


def count(value: Any) -> int | None:
    """A count: whole, 0 or more, at most 2**53 - 1. Digits in a string are read ("1,234"); anything else is None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        digits = value.replace(",", "").strip()
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 16):
            return None
        value = int(digits)
    if isinstance(value, float):
        if not math.isfinite(value) or value != int(value):
            return None
        value = int(value)
    return value if isinstance(value, int) and 0 <= value <= MAX_COUNT else None


def seconds(value: Any) -> float | None:
    """A length of time in seconds to a tenth, more than 0 and less than a day."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 86_400:
        return None
    tenths = round(float(value), 1)
    return tenths if 0 < tenths < 86_400 else None


def millis(value: Any) -> int | None:
    """Milliseconds since 1970 from Unix seconds or an ISO 8601 string; None outside 2005 to 2100."""
    if isinstance(value, str):
        stamp = _iso_seconds(value.strip())
    elif isinstance(value, int | float) and not isinstance(value, bool) and -1e15 < value < 1e15:
        stamp = float(value)
    else:
        return None
    if stamp is None or not EARLIEST <= stamp <= LATEST:
        return None
    return round(stamp * 1000)


def url(value: Any) -> str | None:
    """A link that is safe to put into href or src: absolute http or https with a host, no blanks or quotes."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_URL or re.search(r"[\s\"'<>\\^`{|}]", value):
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
        _ = parts.port
    except ValueError:
        return None
    return value if usable and value.isprintable() else None


def hashtags(values: Any, name: str = "name") -> list[str]:
    """Tags without their '#', each once, in order. Accepts strings, or mappings that hold the tag under `name`."""
    found: dict[str, None] = {}
    for value in values[: MAX_HASHTAGS * 4] if isinstance(values, list) else []:
        tag = title(value.get(name) if isinstance(value, dict) else value)
        if tag and (tag := tag.lstrip("# ")[:100].rstrip()):
            found.setdefault(tag)
    return list(found)[:MAX_HASHTAGS]


def _iso_seconds(value: str) -> float | None:
    if value.isdecimal():  # fromisoformat would read "2024010112345" as a day and a time
        return float(value) if len(value) <= 12 else None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
