"""Bodies as bytes on the wire: every field that readers count on."""

from collections.abc import Callable

from tests.sandbox.conftest import Sandbox

RUN = {
    "id", "actId", "userId", "actorTaskId", "startedAt", "finishedAt", "status", "statusMessage", "isStatusMessageTerminal", "meta",
    "stats",
    "options", "buildId", "buildNumber", "exitCode", "generalAccess", "defaultKeyValueStoreId", "defaultDatasetId",
    "defaultRequestQueueId", "storageIds", "containerUrl", "isContainerServerReady", "gitBranchName", "usage", "usageTotalUsd",
    "chargedEventCounts", "platformUsageBillingModel", "pricingInfo",
}  # fmt: skip
ROW = {
    "id", "actId", "userId", "actorTaskId", "status", "startedAt", "finishedAt", "buildId", "buildNumber", "buildNumberInt", "meta",
    "usageTotalUsd", "defaultKeyValueStoreId", "defaultDatasetId", "defaultRequestQueueId",
}  # fmt: skip
DATASET = {
    "id", "name", "userId", "createdAt", "modifiedAt", "accessedAt", "itemCount", "cleanItemCount", "actId", "actRunId", "fields", "schema",
    "consoleUrl", "itemsPublicUrl", "generalAccess", "stats",
}  # fmt: skip


def test_run_object(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(run_seconds=60)
    run = sandbox.start(timeout="300", memory="512", maxItems="100", maxTotalChargeUsd="1.5")
    assert set(run) == RUN
    assert run["options"] == {
        "build": "latest", "timeoutSecs": 300, "memoryMbytes": 512, "diskMbytes": 1024, "maxItems": 100, "maxTotalChargeUsd": 1.5,
    }  # fmt: skip
    assert (run["finishedAt"], run["exitCode"], run["usageTotalUsd"]) == (None, None, 0.0)
    assert run["meta"]["origin"] == "API"
    assert run["startedAt"].endswith("Z")
    assert len(run["startedAt"]) == len("2026-11-20T10:00:00.120Z")


def test_list(sandbox: Sandbox) -> None:
    run = sandbox.finish(sandbox.start())
    page = sandbox.call("GET", "/v2/actor-runs", params={"desc": "true", "limit": "7"}).json()["data"]
    assert {name: page[name] for name in page if name != "items"} == {"total": 1, "offset": 0, "limit": 7, "desc": True, "count": 1}
    row = page["items"][0]
    assert set(row) == ROW
    assert {name: row[name] for name in ("id", "status", "startedAt", "finishedAt")} == {
        name: run[name] for name in ("id", "status", "startedAt", "finishedAt")
    }


def test_bad_dates_and_numbers_in_lists(sandbox: Sandbox) -> None:
    for params in ({"startedAfter": "yesterday"}, {"limit": "-1"}, {"offset": "x"}):
        answer = sandbox.call("GET", "/v2/actor-runs", params=params)
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid-parameter")


def test_cost_grows_with_items_and_is_final_soon_after_the_end(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(run_seconds=0.4, settle_seconds=0.2, items=50)
    run, seen = sandbox.start(), [0.0]
    while (now := sandbox.call("GET", f"/v2/actor-runs/{run['id']}").json()["data"])["status"] != "SUCCEEDED":
        seen.append(now["usageTotalUsd"])
    at_end = now["usageTotalUsd"]
    while (final := sandbox.call("GET", f"/v2/actor-runs/{run['id']}").json()["data"]["usageTotalUsd"]) == at_end:
        pass
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    assert seen[-1] <= at_end < final == 0.001 + 50 * 0.0037
    row = sandbox.call("GET", "/v2/actor-runs").json()["data"]["items"][0]
    assert row["usageTotalUsd"] == final


def test_items_become_visible_while_the_run_goes_on(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(run_seconds=0.6, items=50)
    run, seen = sandbox.start(), [0]
    while seen[-1] < 50:
        answer = sandbox.call("GET", f"/v2/datasets/{run['defaultDatasetId']}/items", params={"offset": seen[-1]})
        assert int(answer.headers["X-Apify-Pagination-Count"]) == len(answer.json())
        seen.append(int(answer.headers["X-Apify-Pagination-Total"]))
    assert seen == sorted(seen)
    assert len(set(seen)) > 4


def test_items_past_the_end(sandbox: Sandbox) -> None:
    run = sandbox.finish(sandbox.start())
    answer = sandbox.call("GET", f"/v2/datasets/{run['defaultDatasetId']}/items", params={"offset": 12, "limit": 5})
    assert answer.json() == []
    assert {name: answer.headers[f"X-Apify-Pagination-{name}"] for name in ("Offset", "Limit", "Count", "Total", "Desc")} == {
        "Offset": "12", "Limit": "5", "Count": "0", "Total": "12", "Desc": "false",
    }  # fmt: skip


def test_unknown_format(sandbox: Sandbox) -> None:
    run = sandbox.finish(sandbox.start())
    answer = sandbox.call("GET", f"/v2/datasets/{run['defaultDatasetId']}/items", params={"format": "xlsx"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid-value")


def test_dataset_object(sandbox: Sandbox) -> None:
    run = sandbox.finish(sandbox.start())
    data = sandbox.call("GET", f"/v2/datasets/{run['defaultDatasetId']}").json()["data"]
    assert set(data) == DATASET
    assert data["stats"]["writeCount"] == data["itemCount"]


def test_item_counts_trail_behind_the_items(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(settle_seconds=60)
    run = sandbox.finish(sandbox.start())
    assert len(sandbox.items(run)) == 12
    assert sandbox.call("GET", f"/v2/datasets/{run['defaultDatasetId']}").json()["data"]["itemCount"] == 0


def test_run_timeout_keeps_the_items_found_so_far(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(run_seconds=2, items=50)
    run = sandbox.finish(sandbox.start(timeout="1"))
    assert (run["status"], run["exitCode"]) == ("TIMED-OUT", 143)
    assert len(sandbox.items(run)) == 25


def test_sync_items(sandbox: Sandbox) -> None:
    path = "/v2/actors/clockworks~tiktok-scraper/run-sync-get-dataset-items"
    answer = sandbox.call("POST", path, json={"searchQueries": ["x"], "resultsPerPage": 9}, params={"limit": 4, "fields": "id"})
    assert answer.status_code == 201
    assert [list(item) for item in answer.json()] == [["id"]] * 4
    assert answer.headers["X-Apify-Pagination-Total"] == "9"


def test_sync_output(sandbox: Sandbox) -> None:
    path = "/v2/actors/clockworks~tiktok-scraper/run-sync"
    answer = sandbox.call("POST", path, json={"searchQueries": ["x"], "resultsPerPage": 9})
    assert (answer.status_code, answer.json()) == (201, {"query": "x", "results": 9})
    other = sandbox.call("POST", path, json={"searchQueries": ["x"]}, params={"outputRecordKey": "NOTHING"})
    assert (other.status_code, other.content) == (201, b"")


def test_sync_failures(sandbox: Sandbox) -> None:
    path = "/v2/actors/clockworks~tiktok-scraper/run-sync-get-dataset-items"
    failed = sandbox.call("POST", path, json={"searchQueries": ["sandbox:fail"]})
    assert (failed.status_code, failed.json()["error"]["type"]) == (400, "run-failed")
    sandbox.call("POST", "/_sandbox/settings", json={"max_sync_wait": 0.05, "run_seconds": 60})
    late = sandbox.call("POST", path, json={"searchQueries": ["x"]})
    assert (late.status_code, late.json()["error"]["type"]) == (408, "run-timeout-exceeded")
    assert sandbox.stats()["runs"].get("READY", 0) + sandbox.stats()["runs"].get("RUNNING", 0) == 1


def test_last_run_and_paths_below_the_actor(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(run_seconds=60)
    base = "/v2/actors/clockworks~tiktok-scraper/runs"
    assert sandbox.call("GET", f"{base}/last").status_code == 404
    sandbox.start("a")
    run = sandbox.start("b")
    assert sandbox.call("GET", f"{base}/last").json()["data"]["id"] == run["id"]
    assert sandbox.call("POST", f"{base}/{run['id']}/abort").json()["data"]["status"] == "ABORTING"


def test_long_poll_is_clamped(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(run_seconds=60, max_wait=0.1)
    run = sandbox.start(waitForFinish="999999")
    assert run["status"] in {"READY", "RUNNING"}
    answer = sandbox.call("GET", f"/v2/actor-runs/{run['id']}", params={"waitForFinish": "999999"})
    assert answer.json()["data"]["finishedAt"] is None
