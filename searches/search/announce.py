"""Tells whoever watches a run that there is more: writes its state where watchers read it, then rings their group.

A group message carries nothing but the run's id; a lost one is made up for by the next, or by the watcher's own look.
"""

import hashlib
import logging
from collections.abc import Iterable
from typing import Any

from scout.hints import ring_groups
from scout.queues import connections
from scout.redis import Unavailable
from searches.platforms.health import suspensions
from searches.platforms.registry import ACTORS
from searches.platforms.sources import source_in
from searches.query import DATE_RANGE_DAYS
from searches.search import estimate, live
from searches.search.models import PUBLIC_STATUS, Run, Status

log = logging.getLogger("scout.search")


def group(run_id: int) -> str:
    return f"run.{run_id}"


def search_group(search_id: object) -> str:
    return f"search.{search_id}"


def answer_group(answer_key: str) -> str:
    """Whom a new answer under this key concerns. A digest: names of groups are short and of few characters."""
    return f"answer.{hashlib.sha256(answer_key.encode()).hexdigest()[:40]}"


def state(run: Run) -> dict[str, Any]:
    """What watchers are told of a run. `rows`: how many ordinals it has, known at its end. `window` and `native`: the days
    asked for, and those that the actor itself filters on."""
    status = PUBLIC_STATUS.get(Status(run.status), Status(run.status))
    place = estimate.position(run) if run.status == Status.QUEUED else None
    eta = None
    if place is not None:
        eta = estimate.queued_eta(run.platform, place)
    elif status == Status.RUNNING:
        eta = estimate.running_eta(run.platform, run.started_at, run.items_found, run.item_limit)
    actor = ACTORS.get(run.actor)
    held = suspensions().get(run.actor) if status == Status.QUEUED or run.error_type == "suspended" else None
    return {
        "platform": run.platform,
        "actor": run.actor,
        "beside": source_in(run.answer_key) != run.platform,
        "window": DATE_RANGE_DAYS.get(run.date_range),
        "native": actor.windows.get(run.date_range) if actor else None,
        "suspended": {"reason": held.reason, "until": held.until.isoformat()} if held else None,
        "status": str(status),
        "found": run.items_found,
        "asked": run.item_limit,
        "rows": run.row_count,
        "position": place,
        "eta": eta,
        "partial": run.partial,
        "error": run.error_type,
    }


def changed(run_ids: Iterable[int]) -> None:
    """Announce these runs as they stand in the database now. Call it after the commit, once a batch."""
    states = {run.pk: state(run) for run in Run.objects.filter(pk__in=list(run_ids))}
    if not states:
        return
    try:
        with connections().guarded() as client:
            live.put_states(client, states)
        ring_groups([(group(run_id), {"type": "run.changed"}) for run_id in states])
    except Unavailable as error:
        log.warning("%d changes not announced: %s", len(states), error)


def refreshed(answer_keys: Iterable[str]) -> None:
    """Tell pages that show these answers that newer ones were written. Call it after every web process was told to drop
    what it remembers."""
    messages = [(answer_group(key), {"type": "answer.refreshed"}) for key in dict.fromkeys(answer_keys)]
    if messages:
        ring_groups(messages)


def left(search_id: object) -> None:
    """Tell a person's other open pages that they have left this search."""
    ring_groups([(search_group(search_id), {"type": "search.left"})])
