"""Looks upstream for starts whose fate is unknown: adopts what is there, and lets start again only what surely is not.

Apify has no idempotency key for starts, so a run is known again by its INPUT. A start may be made again only when a list
that was asked after the intent and the POST's ceiling shows no match; adopting is safe at any time.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from searches.platforms.apify import START_CEILING_SECONDS, ApifyError, NotFound, UpstreamRun
from searches.platforms.registry import ACTORS
from searches.search import announce, putback
from searches.search.finish import mark_running
from searches.search.models import Run, Status
from searches.search.start import mark_started, threads
from searches.search.upstream import apify

log = logging.getLogger("scout.worker")
BATCH = 64
_LEASE = timedelta(seconds=START_CEILING_SECONDS)
_SKEW = timedelta(seconds=5)
_PAGE = 1000
#: Then a start that could not be looked for fails and gives its slot back. It is not made again: it may be running.
GIVE_UP = timedelta(minutes=30)


def seek_lost(platform_name: str) -> int:
    """Look for the platform's starts whose lease ran out; how many were looked for."""
    runs = _claim(platform_name)
    by_actor: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_actor[run.actor].append(run)
    for actor, lost in by_actor.items():
        _seek(actor, lost)
    return len(runs)


def _claim(platform_name: str) -> list[Run]:
    now = timezone.now()
    with transaction.atomic():
        lost = Run.objects.select_for_update().filter(platform=platform_name, status=Status.STARTING, lease_until__lt=now)
        runs = list(lost.order_by("intent_at")[:BATCH])
        Run.objects.filter(pk__in=[run.pk for run in runs]).update(fence=F("fence") + 1, lease_until=now + _LEASE)
    for run in runs:
        run.fence += 1
    return runs


def _seek(actor: str, lost: list[Run]) -> None:
    asked_at = timezone.now()
    since = min(run.intent_at or run.created_at for run in lost) - _SKEW
    try:
        listed = _listed(actor, since)
        others = _on_their_way(actor, lost)
        strangers = _strangers(listed)  # last, so that each run of another start is either on its way or known by now
        inputs = dict(zip([s.id for s in strangers], threads().map(_input, strangers), strict=True))
    except ApifyError as error:
        log.warning("%s: cannot look for %d starts: %s", actor, len(lost), error)
        strangers, inputs, others, asked_at = [], {}, [], since  # nothing was seen, so nothing may be concluded
    adopted: list[int] = []
    for run in lost:
        wanted = _wanted(run)
        match = _match(run, wanted, strangers, inputs)
        if wanted is None:
            with transaction.atomic():
                putback.fail(run, "start-unknown", f"no input for {run.actor}")
        elif match is None:
            _absent(run, asked_at, certain=None not in inputs.values())
        elif wanted in others:
            putback.unknown(run, "another start with the same input is on its way")
        else:
            strangers.remove(match)
            if _adopt(run, match):
                adopted.append(run.pk)
    with transaction.atomic():
        mark_running(adopted)
    putback.ring_cancelled(adopted)
    announce.changed(run.pk for run in lost)


def _listed(actor: str, since: datetime) -> list[UpstreamRun]:
    """Upstream runs of this actor since then, oldest first."""
    found: dict[str, UpstreamRun] = {}
    while True:
        page = apify().list_runs(actor, since, limit=_PAGE, offset=len(found))
        found.update((run.id, run) for run in page)
        if len(page) < _PAGE:
            return list(reversed(found.values()))


def _strangers(listed: list[UpstreamRun]) -> list[UpstreamRun]:
    """Those that no row of ours has."""
    ours = set(Run.objects.filter(upstream_id__in=[run.id for run in listed]).values_list("upstream_id", flat=True))
    return [run for run in listed if run.id not in ours]


def _on_their_way(actor: str, lost: list[Run]) -> list[Any]:
    """INPUTs of other starts whose answers may still come: their runs are there already and no row knows them yet."""
    sent = Run.objects.filter(actor=actor, status=Status.STARTING, intent_at__gt=timezone.now() - _LEASE)
    return [_wanted(run) for run in sent.exclude(pk__in=[run.pk for run in lost])]


def _input(upstream: UpstreamRun) -> Any:
    """The INPUT of a run, empty where it has none; None when it cannot be read now, which leaves everything open."""
    try:
        return apify().input_of(upstream.store_id)
    except NotFound:
        return {}
    except ApifyError as error:
        log.warning("input of %s cannot be read: %s", upstream.id, error)
        return None


def _wanted(run: Run) -> Any:
    """The INPUT it was started with; None for a row that cannot be started (its actor is gone, say)."""
    try:
        return ACTORS[run.actor].build_input(run.asked, run.item_limit)
    except Exception:
        log.exception("run %s: no input for %s", run.pk, run.actor)
        return None


def _match(run: Run, wanted: Any, strangers: list[UpstreamRun], inputs: Mapping[str, Any]) -> UpstreamRun | None:
    earliest = (run.intent_at or run.created_at) - _SKEW
    return next((s for s in strangers if inputs[s.id] == wanted and (s.started_at is None or s.started_at >= earliest)), None)


def _adopt(run: Run, upstream: UpstreamRun) -> bool:
    """The row gets this run, unless the row has moved on, or the run has got a row meanwhile."""
    with transaction.atomic():
        taken = Run.objects.filter(upstream_id=upstream.id).exists()
        if taken or not mark_started(Run.objects.filter(pk=run.pk, fence=run.fence, status=Status.STARTING), upstream):
            return False
    log.info("run %s adopted: %s is %s at Apify", run.pk, run.answer_key, upstream.id)
    return True


def _absent(run: Run, asked_at: datetime, certain: bool) -> None:
    since = run.intent_at or run.created_at
    if certain and asked_at >= since + _LEASE:
        with transaction.atomic():
            putback.retry(run, "start-unknown", "not found upstream", seconds=0.0)
    elif timezone.now() > since + GIVE_UP:
        with transaction.atomic():
            putback.fail(run, "start-unknown", "could not be looked for upstream")
    else:
        putback.unknown(run, "not seen yet")
