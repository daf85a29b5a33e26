"""The one result shape, and the coercions that bring hostile upstream values into it.

Every platform maps its raw items to `Item`; JSON, pages, exports and sockets all speak it. The coercions never raise:
what cannot be read is None, because one broken field must not lose a post and one broken post must not lose an answer.
"""

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any, TypedDict, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

MAX_COUNT = 2**53 - 1  # the largest whole number that JSON readers in browsers keep exact
MAX_TITLE = 500
MAX_TEXT = 5_000
MAX_URL = 2_000
MAX_HASHTAGS = 50
EARLIEST = datetime(2005, 1, 1, tzinfo=UTC).timestamp()
LATEST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
MAX_MARKS = 30  # accents on one letter, as in Unicode's stream-safe format; no language comes near
#: Where more could be: no accent is a word character.
_MANY_MARKS = re.compile(rf"[^\w\s]{{{MAX_MARKS + 1},}}")
_SHOWN = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,16})(?:\.([0-9]{1,8}))? ?([kwm千万萬亿億]?)\+?", re.IGNORECASE)
CHINA = timezone(timedelta(hours=8))
_AGO = re.compile(
    r"(?P<n>[0-9]{1,4}) ?(?:(?P<seconds>秒|s|seconds?)|(?P<minutes>分钟|分鐘|分|m|min|minutes?)|(?P<hours>小时|小時|h|hours?)|"
    r"(?P<days>天|日|d|days?)|(?P<weeks>周|星期|w|weeks?)|(?P<months>个月|個月|月|months?)|(?P<years>年|y|years?)) ?(?:前|ago)"
)
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800, "months": 2_592_000, "years": 31_536_000}
_DAY = re.compile(
    r"(?:(?P<back>今天|today|昨天|yesterday|前天)|(?:(?P<year>20[0-9]{2})[-/年])?(?P<month>[0-9]{1,2})[-/月](?P<day>[0-9]{1,2})日?)"
    r"(?: (?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::[0-9]{2})?)?"
)
_DAYS_BACK = {"今天": 0, "today": 0, "昨天": 1, "yesterday": 1, "前天": 2}
#: "Edited on", and the province that a note's page puts behind its date.
_AROUND = re.compile(r"^(?:编辑于|編輯於|发布于|發佈於|edited on|edited|posted) ?| (?!.*前$)[\u4e00-\u9fff]{2,8}$")
_ZEROS = {"": 0, "k": 3, "千": 3, "w": 4, "万": 4, "萬": 4, "m": 6, "亿": 8, "億": 8}
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


def first(coerce: Callable[[Any], T | None], raw: Any, *names: str) -> T | None:
    """The first of raw[name] that the coercion can read: actors and their builds disagree on names."""
    read = (coerce(dig(raw, name)) for name in names)
    return next((value for value in read if value is not None), None)


def text(value: Any, limit: int = MAX_TEXT) -> str | None:
    """Display text: control and direction-override characters removed, at most `limit` characters, never empty."""
    if not isinstance(value, str):
        return None
    # Cut before cleaning: cleaning 100 KB to show 500 characters is work a hostile title would choose for us.
    clean = _composed(_CONTROL.sub("", value[: limit * 2])).strip()
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


def shown_count(value: Any) -> int | None:
    """A count as pages show it: "1,234" exactly; "1.2万", "10万+", "3千", "1.5亿", "1.2w", "2.4k" to the digits shown.

    What is no string is read as `count` does; what is no count ("赞" stands where nobody has liked yet) is None.
    """
    if not isinstance(value, str) or len(value) > 32:
        return count(value)
    shown = _SHOWN.fullmatch(value.strip())
    if shown is None:
        return None
    whole, tenths, unit = shown[1].replace(",", ""), shown[2] or "", shown[3].lower()
    if tenths and not unit:
        return None
    zeros = _ZEROS[unit]
    # Digits are moved, not multiplied: 1.15 x 10,000 is 11,499.999... in binary.
    return count(whole + tenths[:zeros].ljust(zeros, "0"))


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


def moment(value: Any) -> int | None:
    """As `millis`, and Unix milliseconds too: between 2005 and 2100 no number is both seconds and milliseconds."""
    if isinstance(value, str) and value.strip().isdecimal() and len(value) <= 16:
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and EARLIEST * 1000 <= value <= LATEST * 1000:
        value = value / 1000
    return millis(value)


def shown_date(value: Any, scraped_at: Any) -> int | None:
    """Milliseconds since 1970 of a date as a Chinese page showed it at `scraped_at` (what `moment` reads), else None.

    Reads "刚刚", "5分钟前", "3小时前", "昨天 12:30", "3天前", "1周前", "02-10", "2025-02-20", "编辑于 02-10", and the same in
    English. It never looks at the clock, so a row means the same whenever it is read.

    The result is the middle of what the words can mean. Pages round ages down, so "1天前" is a day and a half: as exactly
    a day it would pass for a post of the past day, and none of them is one. A day without an hour is its noon in China, no
    later than `scraped_at`; without a year it is the latest such day that is not after `scraped_at`.
    """
    seen = moment(scraped_at)
    if seen is None or not isinstance(value, str) or len(value) > 40:
        return None
    now = datetime.fromtimestamp(seen / 1000, CHINA)
    words = _AROUND.sub("", " ".join(value.split()).lower())
    if words in {"刚刚", "剛剛", "just now"}:
        return seen
    if ago := _AGO.fullmatch(words):
        unit = next(name for name in _SECONDS if ago[name])
        return millis(seen / 1000 - (int(ago["n"]) + 0.5) * _SECONDS[unit])
    told = _DAY.fullmatch(words)
    day = _day(told, now.date()) if told else None
    if told is None or day is None:
        return None
    try:
        hour = time(int(told["hour"]), int(told["minute"])) if told["hour"] else time(12)
    except ValueError:
        return None
    return millis(min(datetime.combine(day, hour, CHINA), now).timestamp())


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


def _composed(value: str) -> str:
    """NFC, with at most MAX_MARKS accents in a row: sorting thousands of them takes a second, and they hide what is around."""
    if value.isascii():
        return value
    # Composing can also take a mark apart, so they are counted again after it.
    return _MANY_MARKS.sub(_fewer_marks, unicodedata.normalize("NFC", _MANY_MARKS.sub(_fewer_marks, value)))


def _fewer_marks(run: re.Match[str]) -> str:
    kept, marks = [], 0
    for character in run[0]:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def _day(told: re.Match[str], today: date) -> date | None:
    """The day that _DAY has found, if there is one that is not after today."""
    if told["back"]:
        return today - timedelta(days=_DAYS_BACK[told["back"]])
    years = [int(told["year"])] if told["year"] else range(today.year, today.year - 9, -1)  # 8 years hold a 29 February
    for year in years:
        try:
            day = date(year, int(told["month"]), int(told["day"]))
        except ValueError:
            continue
        if day <= today:
            return day
    return None


def _iso_seconds(value: str) -> float | None:
    if value.isdecimal():  # fromisoformat would read "2024010112345" as a day and a time
        return float(value) if len(value) <= 12 else None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
