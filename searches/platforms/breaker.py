"""When an actor is suspended, and for how long. Pure functions; ActorHealth keeps the numbers.

A question that an actor cannot answer says nothing about the actor, however often it is asked. What counts is how many
different questions have failed since the last good run; of a refusal that means everybody, one is enough.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
MOST_KEYS = 20

#: What a run ended with -> why its actor is suspended, and after how many different questions.
ENOUGH: Mapping[str, tuple[str, int]] = {
    "rate-limited": ("rate-limited", 1),
    "upstream-access": ("blocked", 1),
    "platform-blocked": ("blocked", 5),
    "upstream-input": ("failing", 5),
    "actor-failed": ("failing", 5),
    "timed-out": ("failing", 5),
}

#: What actors say (statusMessage) when the platform keeps them out, and when the Apify plan does.
_BLOCKED = re.compile(
    r"captcha|human|robot|unusual traffic|block|verif|\blog[ -]?in\b|forbidden|\b403\b|\b429\b|too many requests|rate.?limit",
    re.IGNORECASE,
)
_PLAN = re.compile(r"non.?paying|paid plan|paying users|upgrade", re.IGNORECASE)

#: A field counts as empty when fewer than one item in ten has it; fewer than ten items say nothing.
ENOUGH_ITEMS = 10
#: So many runs in a row with empty fields, and staff are told.
EMPTY_RUNS = 3


def error_of(message: str) -> str:
    """The error type of a run that ended FAILED, by what the actor said."""
    if _PLAN.search(message):
        return "upstream-access"
    return "platform-blocked" if _BLOCKED.search(message) else "actor-failed"


def reason_to_suspend(error_type: str, questions: int) -> str:
    """Why an actor is to be suspended after this error, the last of so many different questions; empty: it is not."""
    reason, enough = ENOUGH.get(error_type, ("", 0))
    return reason if reason and questions >= enough else ""


def pause(trips: int) -> timedelta:
    """How long the suspension after `trips` earlier ones lasts: a minute, doubled each time, an hour at most."""
    return min(FIRST_PAUSE * 2 ** min(trips, 10), LONGEST_PAUSE)


def empty_fields(fills: Iterable[str], items: Sequence[Mapping[str, Any]]) -> list[str]:
    """Those of the fields an actor normally fills in that are empty in these items."""
    if len(items) < ENOUGH_ITEMS:
        return []
    return sorted(f for f in fills if sum(item[f] not in (None, []) for item in items) * 10 < len(items))
