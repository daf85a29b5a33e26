"""The back door: figures, settings, reset."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.conftest import Sandbox


def test_stats_count_everything(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(run_seconds=0.5)
    runs = [sandbox.start(query) for query in ("a", "b", "a")]
    sandbox.call("GET", "/v2/actor-runs")
    sandbox.items(runs[0])
    sandbox.call("POST", f"/v2/actor-runs/{runs[1]['id']}/abort")
    for run in runs:
        sandbox.finish(run)
    stats = sandbox.stats()
    assert (stats["starts"], stats["startCalls"], stats["aborts"], stats["listCalls"], stats["itemReads"]) == (3, 3, 1, 1, 1)
    assert stats["startsPerQuery"] == {"a": 2, "b": 1}
    assert stats["duplicates"] == stats["overlapping"] == {"a": 1}
    assert stats["runs"] == {"SUCCEEDED": 2, "ABORTED": 1}
    assert stats["maxRunning"] == 3
    assert stats["answers"] == {"200": 6, "201": 3}
    assert stats["costUsd"] > 0


def test_same_query_with_another_input_is_no_duplicate(sandbox: Sandbox) -> None:
    sandbox.post_start({"searchQueries": ["a"], "searchDatePosted": "1"})
    sandbox.post_start({"searchQueries": ["a"], "searchDatePosted": "2"})
    assert sandbox.stats()["duplicates"] == {}
    assert sandbox.stats()["startsPerQuery"] == {"a": 2}


def test_most_at_once_counts_runs_not_starts(sandbox: Sandbox) -> None:
    for query in "abc":
        sandbox.finish(sandbox.start(query))
    assert sandbox.stats()["maxRunning"] == 1


def test_reset_forgets_runs_rules_and_counts_but_not_settings(sandbox: Sandbox) -> None:
    sandbox.call("POST", "/_sandbox/settings", json={"items": 3})
    run = sandbox.start()
    sandbox.faults({"on": "start", "kind": "error", "status": 500})
    assert sandbox.call("POST", "/_sandbox/reset").json() == {"ok": True}
    assert sandbox.call("GET", f"/v2/actor-runs/{run['id']}").status_code == 404
    assert (sandbox.stats()["starts"], sandbox.stats()["duplicates"]) == (0, {})
    assert len(sandbox.items(sandbox.finish(sandbox.start()))) == 3


def test_settings_count_for_new_runs_only(sandbox: Sandbox) -> None:
    run = sandbox.start()
    told = sandbox.call("POST", "/_sandbox/settings", json={"run_seconds": 60, "items": 5}).json()
    assert (told["run_seconds"], told["items"]) == (60.0, 5)
    assert sandbox.call("GET", "/_sandbox/settings").json() == told
    done = sandbox.finish(run)
    assert (done["status"], len(sandbox.items(done))) == ("SUCCEEDED", 12)


@pytest.mark.parametrize("values", [{"nonsense": 1}, {"items": "many"}, {"items": -1}, {"latency": True}, {"public_url": 3}, [1]])
def test_settings_that_make_no_sense_change_nothing(sandbox: Sandbox, values: Any) -> None:
    before = sandbox.call("GET", "/_sandbox/settings").json()
    answer = sandbox.call("POST", "/_sandbox/settings", json=values)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert sandbox.call("GET", "/_sandbox/settings").json() == before


@pytest.mark.parametrize(("method", "path"), [("POST", "stats"), ("GET", "reset"), ("GET", "nothing"), ("DELETE", "settings")])
def test_nothing_else_there(sandbox: Sandbox, method: str, path: str) -> None:
    assert sandbox.call(method, f"/_sandbox/{path}").status_code == 404


def test_body_that_is_no_json(sandbox: Sandbox) -> None:
    assert sandbox.call("POST", "/_sandbox/faults", data=b"{").status_code == 400
