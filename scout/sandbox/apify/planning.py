"""Turns an input and its options into a run's plan: how long, how many items, and how it will end."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scout.sandbox.apify import actors
from scout.sandbox.apify.actors import Actor
from scout.sandbox.apify.catalogue import Ask
from scout.sandbox.apify.faults import Rule
from scout.sandbox.apify.runs import Plan
from scout.sandbox.apify.settings import Settings

TIMES_AS_LONG = 5


def plan(actor: Actor, asks: list[Ask], options: Mapping[str, Any], settings: Settings, fate: Rule | None) -> Plan:
    items = sum(capped(ask, settings.items) for ask in asks)
    if (ceiling := options.get("maxTotalChargeUsd")) is not None:
        items = min(items, actors.affordable(actor, ceiling))
    base = Plan(
        seconds=settings.run_seconds,
        items=items,
        items_per_query=settings.items,
        time_limit=float(options["timeoutSecs"]),
        settle=settings.settle_seconds,
        grace=settings.abort_seconds,
    )
    if not asks:
        return replace(base, ending="FAILED", ends_at=0.1)
    return _fated(base, fate) if fate else base


def capped(ask: Ask, most: int) -> int:
    """A query brings no more than the sandbox is set to; posts looked up by link are all answered for."""
    return ask.wanted if ask.links else min(ask.wanted, most)


def _fated(base: Plan, fate: Rule) -> Plan:
    changes: dict[str, Any]
    match fate.kind:
        case "failed":
            # Given items, it fails once they are all there.
            changes = {"items": fate.items or 0, "ending": "FAILED", "ends_at": 0.95 if fate.items else 0.5}
        case "timed-out" | "aborted":
            changes = {"ending": fate.kind.upper(), "ends_at": 0.5}
        case "empty":
            changes = {"items": 0}
        case "stuck":
            changes = {"stuck": True}
        case "long":
            changes = {"seconds": base.seconds * TIMES_AS_LONG}
        case _:
            changes = {"flavour": fate.kind}
    return replace(base, **changes)
