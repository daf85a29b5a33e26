"""How long it will take and what it will cost: the place in line, and figures from what runs took lately."""

import time
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from statistics import median
from typing import NamedTuple

from django.utils import timezone

from searches.platforms.models import Platform
from searches.platforms.sources import Source
from searches.search.models import OCCUPYING, Run, Status

#: Before a platform has any history: a scrape takes 2 to 10 minutes.
UNKNOWN_SECONDS = 180.0
_REMEMBER_SECONDS = 30.0
#: How old what is known of a line may be: 300 people who look once a second are not to count it 300 times.
LINE_SECONDS = 0.5
_LONGEST_LINE = 2_000
_COST_SECONDS = 60.0
_COST_RUNS = 20
_costs: dict[tuple[str, str], tuple[float, Decimal | None]] = {}
_usual: dict[str, tuple[float, float, int]] = {}
_lines: dict[str, "_Line"] = {}


class Cost(NamedTuple):
    """US dollars. `at_most`: of some source nothing is known yet, and the most that a run of it may cost is counted."""

    usd: Decimal
    at_most: bool


class _Line(NamedTuple):
    """A platform's queue at a moment: each run's place, and how many runs hold a slot."""

    read_at: float
    places: dict[int, int]
    busy: int


def usual_seconds(platform: str) -> float:
    """The median length of the platform's last 50 completed runs; asked of the database twice a minute."""
    return _figures(platform)[0]


def usual_cost(sources: Iterable[Source]) -> Cost:
    """What a search of these sources costs: the average of each source's last 20 completed runs, asked once a minute."""
    usd, at_most = Decimal(0), False
    for source in sources:
        usual = _source_cost(source.platform.name, source.actor)
        usd += source.platform.max_cost_usd if usual is None else usual
        at_most |= usual is None
    return Cost(usd, at_most)


def _source_cost(platform: str, actor: str) -> Decimal | None:
    now = time.monotonic()
    read_at, usual = _costs.get((platform, actor), (float("-inf"), None))
    if now - read_at >= _COST_SECONDS:
        done = Run.objects.filter(platform=platform, actor=actor, status=Status.COMPLETED, usage_usd__isnull=False)
        paid = done.exclude(reason=Run.Reason.TRY).order_by("-finished_at").values_list("usage_usd", flat=True)[:_COST_RUNS]
        known = [usd for usd in paid if usd is not None]
        usual = sum(known, Decimal(0)) / len(known) if known else None
        _costs[platform, actor] = (now, usual)
    return usual


def position(run: Run) -> int:
    """1 for the run that starts next. A run that joined after the line was looked at stands at its end."""
    line = _line(run.platform)
    if len(line.places) < _LONGEST_LINE:
        return line.places.get(run.pk, len(line.places) + 1)
    return line.places.get(run.pk) or _counted(run)


def _counted(run: Run) -> int:
    ahead = Run.objects.filter(platform=run.platform, status=Status.QUEUED, cancelling=False)
    before = ahead.filter(priority__lt=run.priority) | ahead.filter(priority=run.priority, turn__lt=run.turn)
    return (before | ahead.filter(priority=run.priority, turn=run.turn, id__lt=run.pk)).count() + 1


def queued_eta(platform: str, place: int) -> int:
    """Seconds until a run at this place in line is done, counted in rounds of the platform's slots."""
    usual, slots = _figures(platform)
    rounds = max(0, (place + _line(platform).busy - 1) // slots)
    return round(usual * (rounds + 1))


def running_eta(platform: str, started_at: datetime | None, found: int, asked: int) -> int | None:
    """Seconds until a running run is done. Past the usual time, by its own speed; None where there is none to go by."""
    elapsed = (timezone.now() - started_at).total_seconds() if started_at else 0.0
    left = usual_seconds(platform) - elapsed
    if left > 0:
        return round(left) or 1
    return round(elapsed * (asked - found) / found) or 1 if 0 < found < asked else None


def _line(platform: str) -> _Line:
    now = time.monotonic()
    line = _lines.get(platform)
    if line is None or now - line.read_at >= LINE_SECONDS:
        queued = Run.objects.filter(platform=platform, status=Status.QUEUED, cancelling=False).order_by("priority", "turn", "id")
        places = {pk: place for place, pk in enumerate(queued.values_list("pk", flat=True)[:_LONGEST_LINE], 1)}
        busy = Run.objects.filter(platform=platform, status__in=OCCUPYING).count()
        line = _lines[platform] = _Line(now, places, busy)
    return line


def _figures(platform: str) -> tuple[float, int]:
    now = time.monotonic()
    read_at, usual, slots = _usual.get(platform, (float("-inf"), UNKNOWN_SECONDS, 1))
    if now - read_at > _REMEMBER_SECONDS:
        done = Run.objects.filter(platform=platform, status=Status.COMPLETED, started_at__isnull=False, finished_at__isnull=False)
        recent = done.exclude(reason=Run.Reason.TRY).order_by("-finished_at").values_list("started_at", "finished_at")[:50]
        spans = [(end - start).total_seconds() for start, end in recent if start and end]
        row = Platform.objects.filter(pk=platform).first()
        usual, slots = (median(spans) if spans else UNKNOWN_SECONDS), (row.max_running if row else 1)
        _usual[platform] = (now, usual, slots)
    return usual, slots
