"""Ad-hoc webhooks: who is rung, with what, and how often."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from apify_client._literals import WebhookEventType
from apify_client._models import WebhookRepresentation

from tests.sandbox.conftest import Sandbox
from tests.sandbox.receiver import Receiver

ENDS = ["ACTOR.RUN.SUCCEEDED", "ACTOR.RUN.FAILED", "ACTOR.RUN.ABORTED", "ACTOR.RUN.TIMED_OUT"]


@pytest.fixture
def receiver() -> Iterator[Callable[..., Receiver]]:
    made: list[Receiver] = []

    def make(*statuses: int) -> Receiver:
        made.append(Receiver(*statuses))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def ringing(sandbox_with: Callable[..., Sandbox]) -> Sandbox:
    return sandbox_with(webhook_base_delay=0.02, webhook_retries=3, run_seconds=0.1)


def start(sandbox: Sandbox, receiver: Receiver, query: str = "x", **hook: Any) -> dict[str, Any]:
    hooks = [{"eventTypes": ENDS, "requestUrl": receiver.url, **hook}]
    return sandbox.start(query, webhooks=base64.b64encode(json.dumps(hooks).encode()).decode())


def test_delivery_as_the_platform_sends_it(ringing: Sandbox, receiver: Callable[..., Receiver]) -> None:
    ear = receiver()
    templates = {"headersTemplate": '{"X-Scout-Token": "secret", "X-Apify-Webhook": "mine", "Host": "elsewhere"}'}
    run = start(ringing, ear, **templates)
    headers, body = ear.wait(1)[0]
    assert set(body) == {"userId", "createdAt", "eventType", "eventData", "resource"}
    assert body["eventType"] == "ACTOR.RUN.SUCCEEDED"
    assert body["eventData"] == {"actorId": run["actId"], "actorTaskId": None, "actorRunId": run["id"]}
    assert (body["resource"]["id"], body["resource"]["status"]) == (run["id"], "SUCCEEDED")
    assert headers["x-scout-token"] == "secret"
    assert headers["content-type"] == "application/json"
    assert headers["x-apify-webhook"] != "mine"
    assert headers["host"] != "elsewhere"
    assert {"x-apify-webhook-dispatch-id", "x-apify-request-origin"} <= set(headers)


def test_the_official_client_can_attach_one(ringing: Sandbox, receiver: Callable[..., Receiver]) -> None:
    ear = receiver()
    event: WebhookEventType = "ACTOR.RUN.SUCCEEDED"
    hook = WebhookRepresentation(event_types=[event], request_url=ear.url)
    run = ringing.client().actor(ringing.actor).start(run_input={"searchQueries": ["x"]}, webhooks=[hook])
    assert ear.wait(1)[0][1]["resource"]["id"] == run.id


@pytest.mark.parametrize(
    ("query", "event"),
    [("sandbox:fail", "FAILED"), ("sandbox:timeout", "TIMED_OUT"), ("sandbox:abort", "ABORTED"), ("x", "SUCCEEDED")],
)
def test_every_end_rings_once(ringing: Sandbox, receiver: Callable[..., Receiver], query: str, event: str) -> None:
    ear = receiver()
    ringing.finish(start(ringing, ear, query))
    assert [body["eventType"] for _, body in ear.wait(1)] == [f"ACTOR.RUN.{event}"]


def test_aborting_moves_the_ring(sandbox_with: Callable[..., Sandbox], receiver: Callable[..., Receiver]) -> None:
    sandbox, ear = sandbox_with(run_seconds=60), receiver()
    run = start(sandbox, ear)
    sandbox.call("POST", f"/v2/actor-runs/{run['id']}/abort")
    assert ear.wait(1)[0][1]["eventType"] == "ACTOR.RUN.ABORTED"


def test_only_the_events_asked_for(ringing: Sandbox, receiver: Callable[..., Receiver]) -> None:
    ear, all_ears = receiver(), receiver()
    ringing.finish(start(ringing, ear, eventTypes=["ACTOR.RUN.FAILED"]))
    ringing.finish(start(ringing, all_ears, eventTypes=["ACTOR.RUN.CREATED", "ACTOR.RUN.SUCCEEDED"]))
    assert [body["eventType"] for _, body in all_ears.wait(2)] == ["ACTOR.RUN.CREATED", "ACTOR.RUN.SUCCEEDED"]
    assert ear.calls == []


def test_retries_repeat_the_dispatch_until_it_is_taken(ringing: Sandbox, receiver: Callable[..., Receiver]) -> None:
    ear = receiver(500, 404)
    start(ringing, ear)
    calls = ear.wait(3)
    assert len({headers["x-apify-webhook-dispatch-id"] for headers, _ in calls}) == 1
    dispatch = dispatches(ringing, "SUCCEEDED")[0]
    assert [call["responseStatus"] for call in dispatch["calls"]] == [500, 404, 200]


def test_retries_end(ringing: Sandbox, receiver: Callable[..., Receiver]) -> None:
    ear = receiver(*[500] * 20)
    start(ringing, ear)
    assert len(dispatches(ringing, "FAILED")[0]["calls"]) == 4
    assert len(ear.calls) == 4
    assert ringing.stats()["webhooks"] == {"dispatches": 1, "delivered": 0, "failed": 1}


def test_do_not_retry(ringing: Sandbox, receiver: Callable[..., Receiver]) -> None:
    ear = receiver(500)
    start(ringing, ear, doNotRetry=True)
    assert len(dispatches(ringing, "FAILED")[0]["calls"]) == 1


def test_nobody_listens(ringing: Sandbox, receiver: Callable[..., Receiver]) -> None:
    start(ringing, receiver(), doNotRetry=True, requestUrl="http://127.0.0.1:1/hook")
    call = dispatches(ringing, "FAILED")[0]["calls"][0]
    assert call["responseStatus"] is None
    assert "refused" in call["errorMessage"].lower()


def test_duplicates_on_demand(ringing: Sandbox, receiver: Callable[..., Receiver]) -> None:
    ear = receiver()
    ringing.call("POST", "/_sandbox/settings", json={"webhook_copies": 3})
    start(ringing, ear)
    calls = ear.wait(3)
    assert len(calls) == 3
    assert len({headers["x-apify-webhook-dispatch-id"] for headers, _ in calls}) == 1


def test_idempotency_key_names_one_webhook_not_one_run(ringing: Sandbox, receiver: Callable[..., Receiver]) -> None:
    ear = receiver()
    runs = [start(ringing, ear, query, idempotencyKey="scout-1") for query in "ab"]
    for run in runs:
        ringing.finish(run)
    assert [body["resource"]["id"] for _, body in ear.wait(1)] == [runs[0]["id"]]
    assert ringing.stats()["starts"] == 2


def test_own_payload(ringing: Sandbox, receiver: Callable[..., Receiver]) -> None:
    ear = receiver()
    template = '{"run": {{resource.id}}, "note": "{{eventType}} of {{resource.id}}", "items": "{{resource.chargedEventCounts}}"}'
    run = start(ringing, ear, payloadTemplate=template, shouldInterpolateStrings=True)
    assert ear.wait(1)[0][1] == {
        "run": run["id"],
        "note": f"ACTOR.RUN.SUCCEEDED of {run['id']}",
        "items": {"actor-start": 1, "result-item": 12},
    }


def test_resurrected_run_rings_again(ringing: Sandbox, receiver: Callable[..., Receiver]) -> None:
    ear = receiver()
    run = ringing.finish(start(ringing, ear, eventTypes=[*ENDS, "ACTOR.RUN.RESURRECTED"]))
    ear.wait(1)
    ringing.call("POST", f"/v2/actor-runs/{run['id']}/resurrect")
    events = [body["eventType"] for _, body in ear.wait(3)]
    assert events == ["ACTOR.RUN.SUCCEEDED", "ACTOR.RUN.RESURRECTED", "ACTOR.RUN.SUCCEEDED"]


def dispatches(sandbox: Sandbox, status: str) -> list[dict[str, Any]]:
    """The account's dispatches, once one of them has come to the status."""
    for _ in range(500):
        rows = sandbox.call("GET", "/v2/webhook-dispatches").json()["data"]["items"]
        if any(row["status"] == status for row in rows):
            one = sandbox.call("GET", f"/v2/webhook-dispatches/{rows[0]['id']}").json()["data"]
            assert one == rows[0]
            return list(rows)
    raise AssertionError(rows)
