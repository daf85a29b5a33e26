"""Every row of the error table, as the official client meets it."""

import base64
import json
from typing import Any

import pytest
from apify_client.errors import (
    ApifyApiError,
    ForbiddenError,
    InvalidRequestError,
    InvalidResponseBodyError,
    NotFoundError,
    RateLimitError,
    ServerError,
    UnauthorizedError,
)

from scout.sandbox.apify.errors import ERRORS
from tests.sandbox.conftest import Sandbox

INPUT = {"searchQueries": ["lipstick"], "resultsPerPage": 5}
CLASSES = {400: InvalidRequestError, 401: UnauthorizedError, 403: ForbiddenError, 404: NotFoundError, 429: RateLimitError}


def webhooks(hook: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps([hook]).encode()).decode()


@pytest.mark.parametrize("type", ERRORS)
def test_every_row_can_be_injected(sandbox: Sandbox, type: str) -> None:
    sandbox.faults({"on": "start", "kind": "error", "type": type})
    with pytest.raises(ApifyApiError) as caught:
        sandbox.client().actor(sandbox.actor).start(run_input=INPUT)
    status, message = ERRORS[type]
    assert (caught.value.status_code, caught.value.type, caught.value.message) == (status, type, message)
    if status >= 500:
        assert isinstance(caught.value, ServerError)
    assert isinstance(caught.value, CLASSES.get(status, ApifyApiError))
    assert sandbox.stats()["starts"] == 0


def test_429_is_got_over_by_the_clients_own_retries(sandbox: Sandbox) -> None:
    sandbox.faults({"on": "start", "kind": "error", "status": 429, "times": 1})
    run = sandbox.client(max_retries=2).actor(sandbox.actor).start(run_input=INPUT)
    assert run.status in {"READY", "RUNNING"}
    assert sandbox.stats()["answers"] == {"201": 1, "429": 1}


def test_retried_start_after_a_lost_answer_starts_twice(sandbox: Sandbox) -> None:
    """There is no idempotency key for starts, so this is what a careless caller pays for."""
    sandbox.faults({"on": "start", "kind": "created-then-502", "times": 1})
    sandbox.client(max_retries=2).actor(sandbox.actor).start(run_input=INPUT)
    assert sandbox.stats()["starts"] == 2
    assert sandbox.stats()["duplicates"] == {"lipstick": 1}
    assert sandbox.stats()["overlapping"] == {}


def test_truncated_answer_is_an_unreadable_body(sandbox: Sandbox) -> None:
    run = sandbox.start()
    sandbox.faults({"on": "get", "kind": "truncated", "times": 1})
    with pytest.raises(InvalidResponseBodyError):
        sandbox.client().run(run["id"]).get()
    assert sandbox.client().run(run["id"]).get() is not None


@pytest.mark.parametrize("token", ["revoked-token", "invalid"])
def test_revoked_token(sandbox: Sandbox, token: str) -> None:
    with pytest.raises(UnauthorizedError) as caught:
        Sandbox(sandbox.url, token).client().user().limits()
    assert caught.value.type == "user-or-token-not-found"


@pytest.mark.parametrize(
    ("body", "type"),
    [
        ({"searchQueries": "not a list"}, "invalid-input"),
        ({"searchQueries": ["x"], "resultsPerPage": "ten"}, "invalid-input"),
        ({"searchQueries": ["x"], "resultsPerPage": 0}, "invalid-input"),
        ({"searchQueries": ["x"], "resultsPerPage": True}, "invalid-input"),
        (["not", "an", "object"], "input-json-not-object"),
    ],
)
def test_input_that_the_actor_refuses(sandbox: Sandbox, body: object, type: str) -> None:
    answer = sandbox.post_start(body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, type)


@pytest.mark.parametrize(
    ("params", "status", "type"),
    [
        ({"memory": "1000"}, 400, "invalid-parameter"),
        ({"memory": "64"}, 400, "invalid-parameter"),
        ({"timeout": "-1"}, 400, "invalid-parameter"),
        ({"timeout": "soon"}, 400, "invalid-parameter"),
        ({"build": "nightly"}, 404, "unknown-build-tag"),
        ({"webhooks": "%%%"}, 400, "invalid-parameter"),
        ({"webhooks": "e30="}, 400, "invalid-parameter"),
        ({"webhooks": webhooks({"requestUrl": "http://127.0.0.1:1"})}, 400, "invalid-parameter"),
        ({"webhooks": webhooks({"requestUrl": "http://127.0.0.1:1", "eventTypes": [], "payloadTemplate": {}})}, 400, "invalid-parameter"),
    ],
)
def test_options_that_make_no_sense(sandbox: Sandbox, params: dict[str, str], status: int, type: str) -> None:
    answer = sandbox.post_start(INPUT, **params)
    assert (answer.status_code, answer.json()["error"]["type"]) == (status, type)
    assert sandbox.stats()["starts"] == 0


def test_unknown_actor(sandbox: Sandbox) -> None:
    with pytest.raises(NotFoundError) as caught:
        sandbox.client().actor("nobody/nothing").start(run_input=INPUT)
    assert caught.value.type == "record-or-token-not-found"
    assert caught.value.message == "Actor was not found or access denied"
