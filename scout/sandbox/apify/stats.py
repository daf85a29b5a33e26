"""What happened so far, in figures that a test or a load trial can check."""

from collections import Counter
from typing import Any

from scout.sandbox.apify import run_view, runs, times
from scout.sandbox.apify.runs import Run
from scout.sandbox.apify.state import Apify


def stats(state: Apify) -> dict[str, Any]:
    now = times.now()
    all_runs = list(state.store.all())
    per_query = Counter(run.query for run in all_runs)
    statuses = Counter(runs.status(run, now) for run in all_runs)
    return {
        "starts": len(all_runs),
        "startCalls": state.calls["start"],
        "aborts": sum(run.abort_at is not None for run in all_runs),
        "getCalls": state.calls["get"],
        "listCalls": state.calls["list"],
        "itemReads": state.calls["items"],
        "recordReads": state.calls["record"],
        "calls": dict(state.calls),
        "answers": {str(status): count for status, count in sorted(state.statuses.items())},
        "runs": dict(statuses),
        "maxRunning": _most_at_once(all_runs, now),
        "startsPerQuery": dict(per_query),
        "duplicates": _repeats(all_runs),
        "overlapping": _repeats(all_runs, overlapping=True),
        "webhooks": {
            "dispatches": len(state.webhooks.recent),
            "delivered": state.webhooks.outcomes["SUCCEEDED"],
            "failed": state.webhooks.outcomes["FAILED"],
        },
        "costUsd": round(sum(run_view.usd(run, runs.at(run, now), now) for run in all_runs), 6),
    }


def _repeats(all_runs: list[Run], overlapping: bool = False) -> dict[str, int]:
    """Per query, runs that repeat another's actor and INPUT; if asked, only those begun before the other's end."""
    repeats: Counter[str] = Counter()
    ends: dict[tuple[str, str, str], float] = {}
    for run in sorted(all_runs, key=lambda run: run.started):
        key = (run.user, run.actor, run.words)
        repeats[run.query] += key in ends and (not overlapping or ends[key] > run.started)
        ends[key] = max(ends.get(key, 0.0), runs.end_of(run)[1])
    return {query: count for query, count in repeats.items() if count}


def _most_at_once(all_runs: list[Run], now: float) -> int:
    """Ends sort before starts of the same moment: one run handing over to the next is one run."""
    edges = [(run.started, 1) for run in all_runs] + [(min(runs.end_of(run)[1], now + 1), -1) for run in all_runs]
    most = level = 0
    for _, step in sorted(edges):
        level += step
        most = max(most, level)
    return most
