"""Axes of charts: round numbers, and moments in words."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from babel.dates import format_skeleton
from django.utils import timezone
from django.utils.translation import get_language

_DAY = 86_400_000
_STEPS = (1, 2, 2.5, 5, 10)
MOST_MOMENTS = 4


def ticks(most: float, wanted: int = 4) -> list[float]:
    """Round numbers from 0 to the first that is not below `most`: 3 to 6 of them, and whole ones."""
    if most <= 0:
        return [0, 1]
    rough = most / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = max(next(s * power for s in _STEPS if s * power >= rough * 0.999_999), 1)
    if step < 10:
        step = math.ceil(step)  # no halves of a view
    count = math.ceil(most / step - 1e-9)
    return [step * i for i in range(count + 1)]


def moments(left: float, right: float) -> list[tuple[str, float, str]]:
    """Up to MOST_MOMENTS labels between two moments in milliseconds: text, place in per cent, and which end of the text stands
    there (s, m or e), so that neither the first nor the last is cut off."""
    if right <= left:
        return [(names([left])[0], 50.0, "m")]
    count = MOST_MOMENTS if right - left >= MOST_MOMENTS * 3_600_000 else 2
    at = [left + (right - left) * i / (count - 1) for i in range(count)]
    shown = [_name(moment, days=right - left >= count * _DAY) for moment in at]
    found, last = [], len(at) - 1
    for i, text in enumerate(shown):
        if i and text == shown[i - 1]:
            continue
        found.append((text, 100.0 * i / last, "s" if i == 0 else "e" if i == last else "m"))
    return found


def names(all_moments: Sequence[float]) -> list[str]:
    """Every moment by its day and minute."""
    return [_name(moment, days=False) for moment in all_moments]


def _name(moment: float, days: bool) -> str:
    local = timezone.localtime(datetime.fromtimestamp(moment / 1000, UTC))
    language = (get_language() or "en").split("-")[0]
    day = format_skeleton("MMMd", local, locale=language)
    return day if days else f"{day} {local:%H:%M}"
