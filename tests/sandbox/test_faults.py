"""Faults on demand: what goes wrong, how often, and that nothing else does."""

import time
from typing import Any

import pytest
import requests

from scout.sandbox.apify import faults
from scout.sandbox.apify.faults import FaultBook
from tests.sandbox.conftest import Sandbox


def statuses(sandbox: Sandbox, *queries: str) -> list[int]:
    return [sandbox.post_start({"searchQueries": [query], "resultsPerPage": 5}).status_code for query in queries]


def test_times(sandbox: Sandbox) -> None:
    sandbox.faults({"on": "start", "kind": "error", "status": 503, "times": 2})
    assert statuses(sandbox, *"abcd") == [503, 503, 201, 201]


def test_every(sandbox: Sandbox) -> None:
    sandbox.faults({"on": "start", "kind": "error", "status": 429, "every": 3})
    assert statuses(sandbox, *"abcdef") == [201, 201, 429, 201, 201, 429]


def test_pattern_two_of_three(sandbox: Sandbox) -> None:
    sandbox.faults({"on": "start", "kind": "error", "status": 429, "pattern": "xx."})
    assert statuses(sandbox, *"abcdef") == [429, 429, 201, 429, 429, 201]


def test_first_calls_of_each_input(sandbox: Sandbox) -> None:
    sandbox.faults({"on": "start", "kind": "error", "status": 429, "per_input_times": 2})
    assert statuses(sandbox, *"ababab") == [429, 429, 429, 429, 201, 201]


def test_match_looks_into_the_input_whatever_its_escapes(sandbox: Sandbox) -> None:
    sandbox.faults({"on": "start", "kind": "error", "status": 500, "match": "메이크업"})
    assert statuses(sandbox, "메이크업 추천", "스킨케어") == [500, 201]


def test_match_on_later_calls_means_the_runs_own_input(sandbox: Sandbox) -> None:
    good, bad = sandbox.start("good"), sandbox.start("bad")
    sandbox.faults({"on": "any", "kind": "error", "status": 500, "match": '"bad"'})
    for run, status in ((good, 200), (bad, 500)):
        assert sandbox.call("GET", f"/v2/actor-runs/{run['id']}").status_code == status
        assert sandbox.call("GET", f"/v2/datasets/{run['defaultDatasetId']}/items").status_code == status
        assert sandbox.call("GET", f"/v2/key-value-stores/{run['defaultKeyValueStoreId']}/records/INPUT").status_code == status
        assert sandbox.call("POST", f"/v2/actor-runs/{run['id']}/abort").status_code == status


@pytest.mark.parametrize(("on", "path"), [("list", "/v2/actor-runs"), ("get", "/v2/actor-runs/{id}")])
def test_only_the_named_calls_are_hit(sandbox: Sandbox, on: str, path: str) -> None:
    run = sandbox.start()
    sandbox.faults({"on": on, "kind": "error", "status": 500})
    assert sandbox.call("GET", path.format(**run)).status_code == 500
    assert sandbox.call("GET", "/v2/users/me").status_code == 200
    assert sandbox.start()["id"] != run["id"]


def test_created_then_502_really_created_one_run_that_can_be_found(sandbox: Sandbox) -> None:
    sandbox.faults({"on": "start", "kind": "created-then-502", "times": 1})
    given = {"searchQueries": ["lost"], "resultsPerPage": 5}
    answer = sandbox.post_start(given)
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    assert "<html>" in answer.text

    rows = sandbox.call("GET", "/v2/actors/clockworks~tiktok-scraper/runs", params={"desc": 1}).json()["data"]["items"]

    assert len(rows) == 1
    path = f"/v2/key-value-stores/{rows[0]['defaultKeyValueStoreId']}/records/INPUT"
    assert sandbox.call("GET", path).json() == given


def test_created_then_drop(sandbox: Sandbox) -> None:
    sandbox.faults({"on": "start", "kind": "created-then-drop", "times": 1})
    with pytest.raises(requests.ConnectionError):
        sandbox.post_start({"searchQueries": ["lost"]})
    assert sandbox.stats()["startsPerQuery"] == {"lost": 1}
    assert sandbox.stats()["answers"] == {"0": 1}


def test_drop_starts_nothing(sandbox: Sandbox) -> None:
    sandbox.faults({"on": "start", "kind": "drop", "times": 1})
    with pytest.raises(requests.ConnectionError):
        sandbox.post_start({"searchQueries": ["lost"]})
    assert sandbox.stats()["starts"] == 0


def test_truncated_answers_are_complete_http_but_no_json(sandbox: Sandbox) -> None:
    run = sandbox.finish(sandbox.start())
    sandbox.faults({"on": "items", "kind": "truncated"}, {"on": "start", "kind": "truncated"})
    items = sandbox.call("GET", f"/v2/datasets/{run['defaultDatasetId']}/items")
    start = sandbox.post_start({"searchQueries": ["x"]})
    assert (items.status_code, start.status_code) == (200, 201)
    for answer in (items, start):
        with pytest.raises(requests.exceptions.JSONDecodeError):
            answer.json()


def test_broken_off_answers_end_before_their_length(sandbox: Sandbox) -> None:
    run = sandbox.finish(sandbox.start())
    sandbox.faults({"on": "items", "kind": "broken-off"})
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        sandbox.call("GET", f"/v2/datasets/{run['defaultDatasetId']}/items")


def test_slow_holds_the_answer_and_then_gives_it(sandbox: Sandbox) -> None:
    sandbox.faults({"on": "list", "kind": "slow", "seconds": 0.2})
    before = time.monotonic()
    assert sandbox.call("GET", "/v2/actor-runs").status_code == 200
    assert time.monotonic() - before >= 0.2


def test_slow_beyond_the_callers_patience(sandbox: Sandbox) -> None:
    sandbox.faults({"on": "start", "kind": "slow", "seconds": 0.5})
    url = f"{sandbox.url}/v2/actors/clockworks~tiktok-scraper/runs"
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, json={"searchQueries": ["x"]}, headers={"Authorization": "Bearer t"}, timeout=0.1)


def test_html_from_a_proxy(sandbox: Sandbox) -> None:
    sandbox.faults({"on": "get", "kind": "html", "status": 503})
    answer = sandbox.call("GET", f"/v2/actor-runs/{sandbox.start()['id']}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html")


def test_records_may_be_redirected(sandbox: Sandbox) -> None:
    run = sandbox.start()
    sandbox.faults({"on": "record", "kind": "redirect"})
    path = f"/v2/key-value-stores/{run['defaultKeyValueStoreId']}/records/INPUT"
    assert sandbox.call("GET", path, allow_redirects=False).status_code == 302
    assert sandbox.call("GET", path).json()["searchQueries"] == ["lipstick"]
    assert sandbox.client().key_value_store(run["defaultKeyValueStoreId"]).get_record("INPUT") is not None


@pytest.mark.parametrize(
    ("rule", "status", "found"),
    [
        ({"kind": "failed"}, "FAILED", 0),
        ({"kind": "failed", "items": 4}, "FAILED", 4),
        ({"kind": "timed-out"}, "TIMED-OUT", 6),
        ({"kind": "aborted"}, "ABORTED", 6),
        ({"kind": "empty"}, "SUCCEEDED", 0),
    ],
)
def test_how_a_run_goes_can_be_chosen_at_its_start(sandbox: Sandbox, rule: dict[str, Any], status: str, found: int) -> None:
    sandbox.faults({"on": "start", **rule})
    run = sandbox.finish(sandbox.start())
    assert run["status"] == status
    assert len(sandbox.items(run)) == found


def test_stuck_run_waits_until_it_is_aborted(sandbox: Sandbox) -> None:
    sandbox.faults({"on": "start", "kind": "stuck"})
    run = sandbox.start()
    path = f"/v2/actor-runs/{run['id']}"
    assert sandbox.call("GET", path, params={"waitForFinish": "0.3"}).json()["data"]["status"] == "READY"
    assert sandbox.call("POST", f"{path}/abort").json()["data"]["status"] == "ABORTING"
    assert sandbox.finish(run)["status"] == "ABORTED"


def test_a_spoilt_answer_and_a_fate_can_go_together(sandbox: Sandbox) -> None:
    sandbox.faults({"on": "start", "kind": "created-then-502"}, {"on": "start", "kind": "failed"})
    sandbox.post_start({"searchQueries": ["x"]})
    run = sandbox.call("GET", "/v2/actor-runs").json()["data"]["items"][0]
    assert sandbox.finish(run)["status"] == "FAILED"


def test_rules_are_shown_with_how_often_they_struck_and_can_be_dropped(sandbox: Sandbox) -> None:
    sandbox.faults({"on": "start", "kind": "error", "status": 429, "times": 1})
    statuses(sandbox, "a", "b")
    rule = sandbox.call("GET", "/_sandbox/faults").json()["rules"][0]
    assert (rule["seen"], rule["struck"]) == (2, 1)
    sandbox.faults({"on": "start", "kind": "error", "status": 429})
    assert sandbox.call("DELETE", "/_sandbox/faults").json()["rules"] == []
    assert statuses(sandbox, "a") == [201]


@pytest.mark.parametrize(
    "rule",
    [
        {"on": "start"},
        {"on": "start", "kind": "nonsense"},
        {"on": "nowhere", "kind": "error", "status": 500},
        {"on": "get", "kind": "failed"},
        {"on": "start", "kind": "error"},
        {"on": "start", "kind": "error", "status": 500, "tymes": 3},
        {"on": "start", "kind": "error", "status": 500, "times": "3"},
        {"on": "start", "kind": "error", "status": True},
        "not a rule",
    ],
)
def test_rules_that_make_no_sense_are_refused_with_a_reason(sandbox: Sandbox, rule: Any) -> None:
    answer = sandbox.call("POST", "/_sandbox/faults", json=[rule])
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_null_means_not_given() -> None:
    rule = faults.parse({"on": "start", "kind": "error", "status": 429, "every": None, "times": None})
    assert (rule.every, rule.times) == (None, None)


def test_refusal_leaves_a_runs_fate_for_the_start_that_works() -> None:
    book = FaultBook()
    book.set([{"on": "start", "kind": "failed", "times": 1}, {"on": "start", "kind": "error", "status": 429, "times": 1}])
    first, second = book.judge("start", "{}"), book.judge("start", "{}")
    assert first.answer is not None
    assert first.plan is None
    assert second.answer is None
    assert second.plan is not None
