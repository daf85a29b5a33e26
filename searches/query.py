"""A question: what to look for, where, and how far back. Normalises it, checks it, names its answer key."""

import re
import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

PLATFORMS = ("tiktok", "douyin", "xiaohongshu")
ALL = "all"
PLATFORM_CHOICES = (*PLATFORMS, ALL)

#: Days back from now that a date range covers; `all` is unbounded.
DATE_RANGE_DAYS: dict[str, int | None] = {"all": None, "yesterday": 1, "7days": 7, "1month": 30, "3months": 90}
DATE_RANGES = tuple(DATE_RANGE_DAYS)

MAX_LENGTH = 100

PLATFORM_NAMES = {
    "tiktok": _("TikTok"),
    "douyin": _("Douyin"),
    "xiaohongshu": _("Xiaohongshu"),
    ALL: _("All platforms"),
}
DATE_RANGE_NAMES = {
    "all": _("Any time"),
    "yesterday": _("Past day"),
    "7days": _("Past 7 days"),
    "1month": _("Past month"),
    "3months": _("Past 3 months"),
}

#: Characters that only steer the display of text; a joiner (U+200D) stays, emoji families need it.
_STEERING = "\u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
#: Letters and symbols that are drawn as blanks: two Hangul fillers and the empty Braille cell.
_BLANKS = "\u2800\u3164\uffa0"
_INVISIBLE: dict[int, str | None] = {**dict.fromkeys(map(ord, _STEERING)), **dict.fromkeys(map(ord, _BLANKS), " ")}
#: Control characters that are no white space, and halves of surrogate pairs.
_REFUSED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
#: Composing is quadratic in a run of accents: what is longer than this is too long without composing it first.
_MAX_RAW = 20 * MAX_LENGTH


class QueryError(ValueError):
    """What was asked cannot be searched. `type` is for programs, `str(error)` a sentence in the asker's language."""

    def __init__(self, type: str, field: str, message: object) -> None:
        super().__init__(type, field, message)
        self.type = type
        self.field = field
        self.message = message

    def __str__(self) -> str:
        return str(self.message)


@dataclass(frozen=True, slots=True)
class Query:
    """A valid question. `text` is as typed (trimmed, NFC); two texts that mean the same share one `key`."""

    text: str
    platform: str
    date_range: str

    @property
    def key(self) -> str:
        return answer_key(self.platform, self.text, self.date_range)

    def on(self, platform: str) -> "Query":
        return Query(self.text, platform, self.date_range)


def parse(text: object, platform: object = "tiktok", date_range: object = "7days") -> Query:
    """The Query for raw input, or QueryError for the first thing wrong with it."""
    if not isinstance(text, str):
        raise QueryError("invalid-query", "query", _("The query must be text."))
    if _REFUSED.search(text):
        raise QueryError("invalid-query", "query", _("The query has control characters in it. Please retype it."))
    clean = _clean(text)
    if len(clean) > MAX_LENGTH:
        raise QueryError(
            "query-too-long",
            "query",
            _("The query is %(length)d characters long; %(limit)d is the most.") % {"length": len(clean), "limit": MAX_LENGTH},
        )
    if all(unicodedata.category(c) in {"Cf", "Mn", "Zs"} for c in clean):
        raise QueryError("empty-query", "query", _("Type something to search for."))
    if not isinstance(platform, str) or platform not in PLATFORM_CHOICES:
        raise QueryError(
            "unknown-platform",
            "platform",
            _("Unknown platform. Choose one of: %(choices)s.") % {"choices": ", ".join(PLATFORM_CHOICES)},
        )
    if not isinstance(date_range, str) or date_range not in DATE_RANGES:
        raise QueryError(
            "unknown-date-range",
            "dateRange",
            _("Unknown date range. Choose one of: %(choices)s.") % {"choices": ", ".join(DATE_RANGES)},
        )
    return Query(clean, platform, date_range)


def answer_key(platform: str, text: str, date_range: str) -> str:
    """`platform:normalised query:dateRange`, e.g. `tiktok:메이크업:7days`."""
    return f"{platform}:{normalise(text)}:{date_range}"


def normalise(text: str) -> str:
    """NFC, case folded, inner space collapsed: case folding may undo NFC, so it is composed again after."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return " ".join(folded.split())


def _clean(text: str) -> str:
    # Tabs and line breaks come from pasting; they are spaces between words, not control characters to refuse.
    spaced = " ".join(text.translate(_INVISIBLE).split())
    return unicodedata.normalize("NFC", spaced) if len(spaced) <= _MAX_RAW else spaced
