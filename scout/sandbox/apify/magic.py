"""Faults that people try by hand: words in a query that make its run go wrong in a known way."""

from typing import Any

#: word -> (rule, what a person will see)
MAGIC: dict[str, tuple[dict[str, Any], str]] = {
    "sandbox:fail": ({"kind": "failed"}, "the run ends as FAILED without items"),
    "sandbox:timeout": ({"kind": "timed-out"}, "the run is TIMED-OUT half way, with half of the items"),
    "sandbox:abort": ({"kind": "aborted"}, "the run is ABORTED half way, with half of the items"),
    "sandbox:empty": ({"kind": "empty"}, "the run succeeds and finds nothing"),
    "sandbox:slow": ({"kind": "long"}, "the run takes five times as long"),
    "sandbox:stuck": ({"kind": "stuck"}, "the run never leaves READY"),
    "sandbox:hostile": ({"kind": "hostile"}, "items with scripts, huge texts, absurd numbers, wrong types"),
    "sandbox:sparse": ({"kind": "sparse"}, "items with most fields missing or empty"),
    "sandbox:429": ({"kind": "error", "status": 429, "per_input_times": 2}, "two starts are refused, the third works"),
    "sandbox:402": (
        {"kind": "error", "type": "concurrent-runs-limit-exceeded", "per_input_times": 2},
        "two starts are refused for want of a free slot, the third works",
    ),
    "sandbox:500": (
        {"kind": "error", "status": 500, "per_input_times": 1},
        "the first start fails with 500, nothing was started",
    ),
    "sandbox:502": (
        {"kind": "created-then-502", "per_input_times": 1},
        "the first start works but is answered with 502",
    ),
    "sandbox:lost": (
        {"kind": "created-then-drop", "per_input_times": 1},
        "the first start works but its answer never comes",
    ),
    "sandbox:broke": (
        {"kind": "error", "type": "not-enough-usage-to-run-paid-actor"},
        "the account's credit is used up",
    ),
    "sandbox:denied": ({"kind": "error", "type": "actor-is-not-rented"}, "the account may not use the actor"),
    "sandbox:invalid": ({"kind": "error", "type": "invalid-input"}, "the actor refuses the input"),
}


def rules() -> list[dict[str, Any]]:
    return [{"on": "start", "match": word, **rule} for word, (rule, _) in MAGIC.items()]
