"""Numbers, ages and names as people read them, in the reader's language. What is unknown is a dash, never 0."""

import re
from datetime import UTC, datetime, timedelta
from decimal import ROUND_UP, Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal

from babel.dates import format_date, format_skeleton, format_timedelta
from babel.numbers import format_compact_decimal, format_currency, format_decimal
from django import template
from django.template.base import Node, NodeList, Parser, Token
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from searches.query import DATE_RANGE_NAMES, PLATFORM_NAMES

register = template.Library()
UNKNOWN = "–"
_BLANKS = re.compile(r"[ \t\r\n]+")
Unit = Literal["year", "month", "week", "day", "hour", "minute"]
#: The largest unit of which a whole one has passed is the one that is said; cards.js has the same table.
_UNITS: tuple[tuple[Unit, int], ...] = (
    ("year", 31_536_000),
    ("month", 2_592_000),
    ("week", 604_800),
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
)
#: Where a language begins to count in the next larger word.
_STEPS = {"ko": (1, 1_000, 10_000, 10**8, 10**12), "en": (1, 1_000, 10**6, 10**9, 10**12)}


@register.filter
def compact(value: Any) -> str:
    """12,345 as 12.3K or 1.2만."""
    return _compact(value, _language()) if _is_number(value) else UNKNOWN


@register.filter
def exact(value: Any) -> str:
    """Every digit, for the tooltip of a compact number; nothing where it is unknown."""
    return _exact(value, _language()) if _is_number(value) else ""


@register.filter
def count(value: Any) -> str:
    """A compact number; for an unknown one a dash, which a screen reader calls unknown."""
    if _is_number(value):
        return compact(value)
    return format_html('<span aria-hidden="true">{}</span><span class="vh">{}</span>', UNKNOWN, _("unknown"))


@register.filter
def ratio(value: Any) -> str:
    """A share of something, to two places: 0.35, 12.5."""
    return format_decimal(round(value, 2), locale=_language()) if _is_number(value) else count(value)


@register.filter
def age(moment: Any) -> str:
    """How long ago, of a datetime or of milliseconds since 1970."""
    at = _moment(moment)
    if at is None:
        return UNKNOWN
    seconds = (at - timezone.now()).total_seconds()
    for unit, length in _UNITS:
        if abs(seconds) >= length:
            return _ago(int(seconds / length) * length, unit, _language())
    return _("just now")


@register.filter
def ago(seconds: Any) -> str:
    """How long ago, of an age in seconds."""
    return age(timezone.now() - timedelta(seconds=seconds)) if _is_number(seconds) else UNKNOWN


@register.filter
def absolute(moment: Any) -> str:
    """The moment itself, to the minute, with its time zone."""
    at = _moment(moment)
    if at is None:
        return ""
    local = timezone.localtime(at)
    return f"{format_date(local, 'long', locale=_language())} {local:%H:%M %Z}"


@register.filter
def iso(moment: Any) -> str:
    """For the datetime attribute of <time>."""
    at = _moment(moment)
    return at.isoformat(timespec="seconds") if at else ""


@register.filter
def clock(moment: Any) -> str:
    """09:10 where it is of today, else with its day."""
    at = _moment(moment)
    if at is None:
        return ""
    local = timezone.localtime(at)
    if local.date() == timezone.localdate():
        return f"{local:%H:%M}"
    return f"{format_skeleton('MMMd', local, locale=_language())} {local:%H:%M}"


@register.filter
def duration(seconds: Any) -> str:
    """The length of a video: 0:34, 12:05, 1:02:03."""
    if not _is_number(seconds):
        return UNKNOWN
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def span(seconds: Any) -> str:
    """A wait: 40 seconds, 3 minutes."""
    if not _is_number(seconds):
        return UNKNOWN
    if seconds < 90:
        return format_timedelta(timedelta(seconds=int(seconds)), "second", 1e9, locale=_language())
    return format_timedelta(timedelta(minutes=round(seconds / 60)), "minute", 1e9, locale=_language())


@register.tag
def tight(parser: Parser, _token: Token) -> Node:
    """Blanks and line breaks in a row become one: half of a page of sixty cards would be the indentation of their template."""
    nodes = parser.parse(("endtight",))
    parser.delete_first_token()
    return _Tight(nodes)


class _Tight(Node):
    def __init__(self, nodelist: NodeList) -> None:
        self.nodelist = nodelist

    def render(self, context: Context) -> SafeString:
        # Not the blanks of other scripts, which are characters of somebody's text; and nothing here keeps its own line breaks.
        return mark_safe(_BLANKS.sub(" ", self.nodelist.render(context)))  # noqa: S308 the template's own output


@register.filter
def platform_name(value: Any) -> str:
    return str(PLATFORM_NAMES.get(value, value))


@register.filter
def range_name(value: Any) -> str:
    return str(DATE_RANGE_NAMES.get(value, value))


@register.filter
def usd(value: Any) -> str:
    """US dollars to the cent, upwards: what is asked for is never more than was said."""
    if not isinstance(value, Decimal):
        return UNKNOWN
    return format_currency(value.quantize(Decimal("0.01"), ROUND_UP), "USD", locale=_language())


def _language() -> str:
    return (get_language() or "en").split("-")[0]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    return datetime.fromtimestamp(value / 1000, UTC) if _is_number(value) else None


@lru_cache(maxsize=8192)
def _exact(value: float, language: str) -> str:
    return format_decimal(value, locale=language)


@lru_cache(maxsize=8192)
def _compact(value: float, language: str) -> str:
    # Babel writes 999,950 as 1000K: what rounds up to the next word is given to it as that.
    for lower, upper in pairwise(_STEPS.get(language, _STEPS["en"])):
        if upper - lower / 20 <= value < upper:
            value = upper
    return format_compact_decimal(value, locale=language, fraction_digits=1)


@lru_cache(maxsize=2048)
def _ago(seconds: int, unit: Unit, language: str) -> str:
    return format_timedelta(timedelta(seconds=seconds), unit, 1, add_direction=True, locale=language)
