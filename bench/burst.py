"""Many different searches at once by a staff token: how long until all are answered, and how many starts were paid."""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.stack import Stack

POLL_SECONDS = 1.0


async def call(port: int, token: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """One request on a connection of its own, as 300 different people would make it."""
    data = json.dumps(body).encode() if body is not None else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n" if data else "\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode() + data)
    raw = await reader.read()
    writer.close()
    top, _blank, rest = raw.partition(b"\r\n\r\n")
    return int(top.split()[1]), json.loads(rest)


async def one(ports: list[int], token: str, i: int, began: float) -> dict[str, float]:
    port = ports[i % len(ports)]
    body = {"query": f"burst {i}", "platform": "tiktok", "dateRange": "all"}
    _status, told = await call(port, token, "POST", "/api/search", body)
    accepted = time.monotonic() - began
    while told["status"] in ("queued", "running"):
        await asyncio.sleep(POLL_SECONDS)
        _status, told = await call(port, token, "GET", f"/api/search/{told['jobId']}")
    return {"accepted": accepted, "done": time.monotonic() - began, "ok": told["status"] == "completed" and len(told["data"]) > 0}


async def burst(ports: list[int], token: str, searches: int) -> list[dict[str, float]]:
    began = time.monotonic()
    return await asyncio.gather(*(one(ports, token, i, began) for i in range(searches)))


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser("bench burst")
    parser.add_argument("--searches", type=int, default=300)
    parser.add_argument("--slots", type=int, default=300)
    parser.add_argument("--run-seconds", type=float, default=5)
    parser.add_argument("--web", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="scout-bench-") as folder:
        stack = Stack(
            Path(folder), web=asked.web, workers=asked.workers, run_seconds=asked.run_seconds, DEFAULT_PLATFORM_SLOTS=str(asked.slots)
        ).start()
        try:
            token = stack.token("admin")
            ports = [stack.ports[name] for name in stack.web_names]
            rows = asyncio.run(burst(ports, token, asked.searches))
            stats = stack.control("GET", "stats")
        finally:
            stack.stop()
    accepted, done = [r["accepted"] for r in rows], [r["done"] for r in rows]
    print(f"searches {len(rows)}, completed {sum(bool(r['ok']) for r in rows)}, starts {stats.get('starts')}")
    print(f"most at once upstream: {stats.get('maxRunning', stats.get('max_running'))} of {asked.slots} slots")
    print(f"accepted: median {statistics.median(accepted):.2f} s, last {max(accepted):.2f} s")
    print(f"done:     median {statistics.median(done):.2f} s, last {max(done):.2f} s after the first POST")
    return 0 if all(r["ok"] for r in rows) else 1
