"""Writes down how actors do, run by run, and tells which are suspended.

What is written is written after the caller's commit, in a transaction of its own: a row that all runs of an actor share must
not be locked together with rows of theirs.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from searches.platforms import breaker
from searches.platforms.models import ActorHealth, Platform
from searches.platforms.registry import ACTORS

log = logging.getLogger("scout.platforms")
_REMEMBER_SECONDS = 1.0
_read: tuple[float, dict[str, "Suspension"]] = (float("-inf"), {})


@dataclass(frozen=True, slots=True)
class Suspension:
    """Why an actor starts nothing just now, and until when. `reason`: a value of ActorHealth.Reason."""

    reason: str
    until: datetime


def suspended() -> dict[str, ActorHealth]:
    """Every suspended actor, also those whose time is over and whose canary has not come back yet."""
    return {health.actor: health for health in ActorHealth.objects.filter(suspended_until__isnull=False)}


def stopped() -> dict[str, Suspension]:
    """The actors whose runs wait: suspended just now, and without a fall-back that could do their work."""
    held, now = suspended(), timezone.now()
    if not held:
        return {}
    helped = {p.actor for p in Platform.objects.filter(actor__in=held).exclude(fallback="") if p.fallback not in held}
    until = {actor: health.suspended_until for actor, health in held.items() if actor not in helped}
    return {actor: Suspension(held[actor].reason, end) for actor, end in until.items() if end and end > now}


def suspensions() -> Mapping[str, Suspension]:
    """What `stopped` says, read once a second: for telling people, whose every look asks."""
    global _read
    if time.monotonic() - _read[0] > _REMEMBER_SECONDS:
        _read = (time.monotonic(), stopped())
    return _read[1]


def good(actor: str, run_id: int, items: Sequence[Mapping[str, Any]]) -> None:
    """A run of this actor has completed. The canary's ends a suspension; one that began before it does not."""
    transaction.on_commit(lambda: _good(actor, run_id, items))


def bad(actor: str, run_id: int, answer_key: str, error_type: str, detail: str = "") -> None:
    """A run of this actor has failed."""
    if error_type in breaker.ENOUGH:
        transaction.on_commit(lambda: _bad(actor, run_id, answer_key, error_type, detail))


def release(actor: str) -> None:
    """Staff end a suspension by hand."""
    ended: dict[str, Any] = {"suspended_until": None, "canary": None, "reason": "", "detail": "", "failed_keys": [], "trips": 0}
    ActorHealth.objects.filter(pk=actor).update(**ended)


def _good(actor: str, run_id: int, items: Sequence[Mapping[str, Any]]) -> None:
    empty = breaker.empty_fields(ACTORS[actor].fills if actor in ACTORS else (), items)
    before = ActorHealth.objects.filter(pk=actor).first()
    if not empty and (before is None or not (before.failed_keys or before.suspended_until or before.empty_runs)):
        return  # nearly always: without a transaction, which on SQLite would keep every other writer waiting
    with transaction.atomic():
        _improve(_locked(actor), run_id, empty, len(items))


def _improve(health: ActorHealth, run_id: int, empty: list[str], items: int) -> None:
    if health.suspended_until is None or health.canary == run_id:
        if health.suspended_until:
            log.warning("%s works again: it is no longer suspended", health.actor)
        health.failed_keys, health.trips = [], 0
        health.suspended_until, health.canary, health.reason, health.detail = None, None, "", ""
    if items >= breaker.ENOUGH_ITEMS:
        health.empty_fields, health.empty_runs = empty, health.empty_runs + 1 if empty else 0
        if health.empty_runs == breaker.EMPTY_RUNS:
            log.error("%s: %d runs in a row came without %s: has its output changed?", health.actor, health.empty_runs, ", ".join(empty))
    health.save()


@transaction.atomic
def _bad(actor: str, run_id: int, answer_key: str, error_type: str, detail: str) -> None:
    health = _locked(actor)
    if health.suspended_until and health.canary != run_id:
        return  # it began before the suspension, and says nothing new
    failed = [key for key in health.failed_keys if key != answer_key]
    health.failed_keys = [*failed, answer_key][-breaker.MOST_KEYS :]
    reason = breaker.reason_to_suspend(error_type, len(health.failed_keys))
    if health.suspended_until:
        reason = reason or health.reason  # the canary failed: again, and for longer
    if reason:
        health.suspended_until = timezone.now() + breaker.pause(health.trips)
        health.reason, health.detail, health.canary = reason, detail[:300], None
        health.trips += 1
        log.error("%s is suspended until %s: %s (%s)", actor, health.suspended_until.isoformat(timespec="seconds"), reason, detail[:200])
    health.save()


def _locked(actor: str) -> ActorHealth:
    ActorHealth.objects.get_or_create(actor=actor)
    return ActorHealth.objects.select_for_update().get(pk=actor)
