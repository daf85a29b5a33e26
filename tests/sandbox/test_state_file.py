"""Runs survive the end of the sandbox, however it came about."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.sandbox.conftest import Sandbox
from tests.sandbox.receiver import Receiver
from tests.sandbox.test_webhooks import start as start_ringing


def reopened(launch: Callable[..., Any], path: Path, token: str) -> Sandbox:
    sandbox, _ = launch("--state-file", str(path), "--run-seconds", "60")
    return Sandbox(sandbox.url, token)


def test_runs_survive_a_kill(launch: Callable[..., Any], tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state.jsonl"
    sandbox, process = launch("--state-file", str(path), "--run-seconds", "60")
    run, aborted = sandbox.start("메이크업"), sandbox.start("other")
    sandbox.call("POST", f"/v2/actor-runs/{aborted['id']}/abort")
    process.kill()
    process.wait()
    with path.open("ab") as file:
        file.write(b'{"event":"start","run":{"id":"Rhalf')  # what a kill in the middle of a write leaves

    again = reopened(launch, path, sandbox.token)

    rows = again.call("GET", "/v2/actor-runs").json()["data"]["items"]
    assert [row["id"] for row in rows] == [run["id"], aborted["id"]]
    assert [row["startedAt"] for row in rows] == [run["startedAt"], aborted["startedAt"]]
    assert again.finish(aborted)["status"] == "ABORTED"
    record = again.call("GET", f"/v2/key-value-stores/{run['defaultKeyValueStoreId']}/records/INPUT")
    assert record.json() == {"searchQueries": ["메이크업"], "resultsPerPage": 50}
    assert again.start("new")["id"] not in {run["id"], aborted["id"]}


def test_items_are_the_same_after_a_restart(sandbox_with: Callable[..., Sandbox], tmp_path: Path) -> None:
    first = sandbox_with(state_file=tmp_path / "state", public_url="http://pictures.example")
    run = first.finish(first.start())
    second = sandbox_with(state_file=tmp_path / "state")
    assert second.items(run) == first.items(run)
    assert without_cost(Sandbox(second.url, first.token).finish(run)) == without_cost(run)


def without_cost(run: dict[str, Any]) -> dict[str, Any]:
    """All but the figure that still moves for a moment after the end."""
    return {name: value for name, value in run.items() if name != "usageTotalUsd"}


def test_resurrection_survives(sandbox_with: Callable[..., Sandbox], tmp_path: Path) -> None:
    first = sandbox_with(state_file=tmp_path / "state")
    run = first.finish(first.start())
    first.call("POST", f"/v2/actor-runs/{run['id']}/resurrect")
    done = first.finish(run)
    second = Sandbox(sandbox_with(state_file=tmp_path / "state").url, first.token)
    assert second.finish(run)["finishedAt"] == done["finishedAt"]
    assert second.finish(run)["stats"]["resurrectCount"] == 1


def test_delivered_webhooks_stay_delivered_and_missed_ones_are_made_up_for(sandbox_with: Callable[..., Sandbox], tmp_path: Path) -> None:
    told, untold = Receiver(), Receiver(*[500] * 50)
    first = sandbox_with(state_file=tmp_path / "state", run_seconds=0.1, webhook_base_delay=60)
    first.finish(start_ringing(first, told))
    missed = first.finish(start_ringing(first, untold))
    told.wait(1)
    untold.wait(1)
    untold._statuses.clear()

    sandbox_with(state_file=tmp_path / "state")

    assert untold.wait(2)[1][1]["resource"]["id"] == missed["id"]
    assert len(told.calls) == 1
    told.close()
    untold.close()


def test_runs_older_than_a_month_are_gone_after_a_restart(sandbox_with: Callable[..., Sandbox], tmp_path: Path) -> None:
    path = tmp_path / "state"
    first = sandbox_with(state_file=path, run_seconds=60)
    old, new = first.start("old"), first.start("new")
    for run in (old, new):
        first.call("POST", f"/v2/actor-runs/{run['id']}/abort")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[0]["run"]["started"] -= 32 * 86400
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    second = Sandbox(sandbox_with(state_file=path).url, first.token)

    assert [row["id"] for row in second.call("GET", "/v2/actor-runs").json()["data"]["items"]] == [new["id"]]
    assert old["id"] not in path.read_text()
    assert second.finish(new)["status"] == "ABORTED"


def test_reset_empties_the_file(sandbox_with: Callable[..., Sandbox], tmp_path: Path) -> None:
    sandbox = sandbox_with(state_file=tmp_path / "state")
    sandbox.start()
    sandbox.call("POST", "/_sandbox/reset")
    assert (tmp_path / "state").read_bytes() == b""
    sandbox.start("after")
    assert Sandbox(sandbox_with(state_file=tmp_path / "state").url, sandbox.token).stats()["startsPerQuery"] == {"after": 1}
