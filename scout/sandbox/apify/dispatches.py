"""Webhook deliveries: what was sent where, how it went, and how one is sent."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from scout.sandbox.apify import templates, times

#: The platform's patience with a receiver.
RECEIVER_SECONDS = 120


@dataclass(slots=True)
class Dispatch:
    """One event for one webhook. Its id stays the same over retries and duplicates."""

    id: str
    user: str
    event: str
    event_data: dict[str, Any]
    hook: dict[str, Any]
    payload: bytes
    headers: dict[str, str]
    created: float
    status: str = "ACTIVE"
    calls: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "userId": self.user,
            "webhookId": self.hook["id"],
            "createdAt": times.iso(self.created),
            "status": self.status,
            "eventType": self.event,
            "eventData": self.event_data,
            "webhook": {"requestUrl": self.hook["requestUrl"], "isAdHoc": True},
            "calls": self.calls,
        }


def compose(id: str, hook: dict[str, Any], event: str, resource: Mapping[str, Any], moment: float) -> Dispatch:
    """The request as the platform would send it, made once: a retry repeats it to the letter."""
    event_data = {"actorId": resource["actId"], "actorTaskId": None, "actorRunId": resource["id"]}
    variables = {
        "userId": resource["userId"],
        "createdAt": times.iso(moment),
        "eventType": event,
        "eventData": event_data,
        "resource": resource,
        "globals": {"dateISO": times.iso(moment), "dateUnix": int(moment)},
    }
    inside = bool(hook.get("shouldInterpolateStrings"))
    payload = templates.fill(hook.get("payloadTemplate") or templates.DEFAULT_PAYLOAD, variables, inside)
    own = {
        "Content-Type": "application/json",
        "X-Apify-Webhook": "1",
        "X-Apify-Webhook-Dispatch-Id": id,
        "X-Apify-Request-Origin": "WEBHOOK",
        "User-Agent": "Apify-Webhook-Sandbox/1.0",
    }
    asked = _headers(templates.fill(hook.get("headersTemplate") or "{}", variables, inside))
    fixed = {name.lower() for name in own} | {"host", "content-length"}
    headers = {name: value for name, value in asked.items() if name.lower() not in fixed}
    return Dispatch(id, str(resource["userId"]), event, event_data, hook, payload.encode(), headers | own, moment)


def deliver(dispatch: Dispatch) -> bool:
    """One attempt, noted in the dispatch. Only a 2xx is a success; redirects are not followed."""
    call: dict[str, Any] = {
        "startedAt": times.iso(times.now()),
        "errorMessage": None,
        "responseStatus": None,
        "responseBody": None,
    }
    try:
        call["responseStatus"], call["responseBody"] = _post(dispatch)
    except (OSError, http.client.HTTPException, ValueError) as error:
        call["errorMessage"] = f"{type(error).__name__}: {error}"
    call["finishedAt"] = times.iso(times.now())
    dispatch.calls.append(call)
    return 200 <= (call["responseStatus"] or 0) < 300


def _post(dispatch: Dispatch) -> tuple[int, str]:
    target = urlsplit(dispatch.hook["requestUrl"])
    connect = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
    connection = connect(target.hostname or "", target.port, timeout=RECEIVER_SECONDS)
    try:
        path = (target.path or "/") + (f"?{target.query}" if target.query else "")
        connection.request("POST", path, dispatch.payload, dispatch.headers)
        response = connection.getresponse()
        return response.status, response.read(4096).decode("utf-8", "replace")
    finally:
        connection.close()


def _headers(text: str) -> dict[str, str]:
    try:
        given = json.loads(text)
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
