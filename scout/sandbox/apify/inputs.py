"""Reading actor inputs: values of any type come in, and actors make the best of them."""

from typing import Any

from scout.sandbox.apify import times
from scout.sandbox.apify.catalogue import DAY

UNIT_DAYS = {"hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.0, "year": 365.0}


def texts(value: Any) -> list[str]:
    """The non-empty texts of a list; rows that are objects give their `url`."""
    rows = value if isinstance(value, list) else []
    found = [str(row.get("url", "")) if isinstance(row, dict) else str(row) for row in rows]
    return [text.strip() for text in found if text.strip()]


def count(value: Any, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else default


def date(value: Any, moment: float) -> float | None:
    """An absolute date, or an age such as `7 days`; what can't be read is no limit."""
    text = str(value or "").strip()
    number, _, unit = text.partition(" ")
    if number.isdigit() and unit:
        return moment - int(number) * UNIT_DAYS.get(unit.strip().rstrip("s"), 1.0) * DAY
    try:
        return times.parse(text) if text else None
    except ValueError:
        return None
