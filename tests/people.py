"""Many people at once, from outside: HTTP and sockets against a whole Scout, as programs of theirs would do it."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import websockets

ENDED = ("completed", "failed", "cancelled")


@dataclass
class Seen:
    """What one asker saw of one search."""

    query: str
    job_id: str = ""
    status: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    accepted_after: float = 0.0
    ended_after: float = 0.0


async def call(address: str, token: str, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """One request on a connection of its own. OSError when the server is not there."""
    host, port = address.removeprefix("http://").split(":")
    data = json.dumps(body).encode() if body is not None else b""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}:{port}", f"Authorization: Bearer {token}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"] if data else []
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode() + data)
        raw = await asyncio.wait_for(reader.read(), 60)
    finally:
        writer.close()
    top, _blank, rest = raw.partition(b"\r\n\r\n")
    if not top:
        raise ConnectionResetError("no answer")
    return int(top.split()[1]), json.loads(rest)


async def ask(
    address: str, token: str, query: str, began: float, poll: float = 1.0, patience: float = 120.0, platform: str = "tiktok"
) -> Seen:
    """Search, then look once in `poll` seconds until it has ended; a server that is away for a moment is asked again."""
    seen = Seen(query)
    body = {"query": query, "platform": platform, "dateRange": "all"}
    _status, seen.told = await _patient(lambda: call(address, token, "POST", "/api/search", body), began + patience)
    seen.accepted_after, seen.job_id = time.monotonic() - began, seen.told["jobId"] or ""
    path = f"/api/search/{seen.job_id}"
    while seen.told["status"] not in ENDED and time.monotonic() < began + patience:
        await asyncio.sleep(poll)
        _status, seen.told = await _patient(lambda: call(address, token, "GET", path), began + patience)
    seen.status, seen.ended_after = seen.told["status"], time.monotonic() - began
    return seen


async def ask_all(
    addresses: Sequence[str], token: str, queries: Sequence[str], poll: float = 1.0, patience: float = 120.0, platform: str = "tiktok"
) -> list[Seen]:
    """All queries at once, spread over the web processes."""
    began = time.monotonic()
    asked = (ask(addresses[i % len(addresses)], token, query, began, poll, patience, platform) for i, query in enumerate(queries))
    return await asyncio.gather(*asked)


async def ask_alike(addresses: Sequence[str], tokens: Sequence[str], query: str) -> list[Seen]:
    """One question by everybody at once, each with a token of their own."""
    began = time.monotonic()
    asked = (ask(addresses[i % len(addresses)], token, query, began) for i, token in enumerate(tokens))
    return await asyncio.gather(*asked)


async def _patient(request: Callable[[], Any], until: float) -> tuple[int, Any]:
    while True:
        try:
            status, told = await request()
            if status < 500:
                return status, told
        except (OSError, ValueError, TimeoutError):
            pass
        if time.monotonic() > until:
            raise AssertionError("the server stayed away")
        await asyncio.sleep(0.3)


async def watch(address: str, token: str, job_id: str, patience: float = 60.0) -> list[dict[str, Any]]:
    """Every message of a search's socket until the server closes it."""
    messages: list[dict[str, Any]] = []
    url = f"{address.replace('http', 'ws', 1)}/ws/search/{job_id}"
    async with asyncio.timeout(patience), websockets.connect(url, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        async for text in socket:
            messages.append(json.loads(text))
    return messages
