"""Sockets under test."""

import json
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator


@pytest.fixture
def kept_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels closes the thread's database connection around its work there; the thread is the test's own, whose
    transaction is to be rolled back at its end."""
    monkeypatch.setattr("channels.db.close_old_connections", lambda: None)


class Socket:
    """One end of a socket: `async with Socket(app, path, ...) as page`, then what comes, message by message."""

    def __init__(self, application: Any, path: str, **headers: str) -> None:
        found = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        self.wire = WebsocketCommunicator(application, path, headers=found)
        self.code: int | None = None

    async def __aenter__(self) -> "Socket":
        connected, _protocol = await self.wire.connect(timeout=10)
        assert connected
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if not self.wire.future.done():
            await self.wire.disconnect(timeout=10)

    async def next(self) -> dict[str, Any]:
        """The next message, or what says that the other end has closed."""
        output = await self.wire.receive_output(timeout=10)
        if output["type"] == "websocket.close":
            self.code = output["code"]
            return {"type": "close", "code": self.code}
        told: dict[str, Any] = json.loads(output["text"])
        return told

    async def until(self, *kinds: str) -> list[dict[str, Any]]:
        """Messages up to the first of these kinds; `close` is one of them."""
        told = [await self.next()]
        while told[-1]["type"] not in kinds:
            assert self.code is None, told
            told.append(await self.next())
        return told

    async def say(self, text: str | None = None, data: bytes | None = None) -> None:
        await self.wire.send_to(text_data=text, bytes_data=data)


def numbers(told: list[dict[str, Any]]) -> list[int]:
    """The numbers of the items in these messages (see tests/rows.py)."""
    return [int(row["id"].split("-")[1]) for message in told if message["type"] == "items" for row in message["items"]]


def kinds(told: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in told]
