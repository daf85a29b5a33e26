"""What a page or a program asks of trends: checked, or refused with a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from searches.query import Query, QueryError, parse
from searches.trends.overview import DAYS, overview

#: Where no period is asked for: that of the question's own date range, so that there are posts in both of its halves.
_USUAL_DAYS = {"yesterday": 7, "7days": 7, "1month": 30, "3months": 90, "all": 90}
DEFAULT_DAYS = 30
#: Offered on the page; any other of the IANA's names is understood as well.
ZONES = ("UTC", "Asia/Seoul", "Asia/Shanghai", "Asia/Tokyo", "Europe/London", "Europe/Paris", "America/New_York", "America/Los_Angeles")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, or None for everything; a period in days; a time zone's name."""

    query: Query | None
    days: int
    zone: str

    def overview(self) -> dict[str, Any]:
        return overview(self.query.key if self.query else None, self.days, self.zone)


def by_key(answer_key: str | None, days: int | None, zone: str) -> Asked:
    """For programs; QueryError for what is none of these."""
    if not zone_is_known(zone):
        raise QueryError("unknown-time-zone", "timeZone", _("Unknown time zone. Give a name like Asia/Seoul."))
    if not answer_key:
        return Asked(None, days or DEFAULT_DAYS, zone)
    platform, _colon, rest = answer_key.partition(":")
    text, _colon, date_range = rest.rpartition(":")
    query = parse(text, platform, date_range)
    return Asked(query, days or usual_days(query), zone)


def by_form(given: Mapping[str, str], with_question: bool) -> Asked:
    """For pages: a period or zone that is none is the usual one; QueryError for a question that is none."""
    zone = given.get("tz", "")
    zone = zone if zone_is_known(zone) else usual_zone()
    query = parse(given.get("q", ""), given.get("platform", "tiktok"), given.get("range", "7days")) if with_question else None
    days = next((d for d in DAYS if str(d) == given.get("days")), usual_days(query))
    return Asked(query, days, zone)


def usual_days(query: Query | None) -> int:
    return _USUAL_DAYS[query.date_range] if query else DEFAULT_DAYS


def zones(chosen: str) -> list[str]:
    """What is offered, with the one that is chosen among them."""
    return sorted({*ZONES, usual_zone(), chosen})


def usual_zone() -> str:
    """That of the person where they have chosen one, else that of the house."""
    name = timezone.get_current_timezone_name()
    return name if zone_is_known(name) else settings.TIME_ZONE


def zone_is_known(name: str) -> bool:
    return name in _known_zones()


@cache
def _known_zones() -> frozenset[str]:
    """Once a process: it looks into hundreds of files."""
    return frozenset(available_timezones())
