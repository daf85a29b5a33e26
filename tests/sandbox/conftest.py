"""A sandbox to talk to: in this process (fast, any settings) or in one of its own (as people run it)."""

import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from apify_client import ApifyClient

from scout.sandbox.apify.settings import Settings
from scout.sandbox.server import Server
from scout.sandbox.site import Site

ROOT = Path(__file__).resolve().parents[2]
TOKENS = itertools.count()


@dataclass
class Sandbox:
    """One running sandbox and an account of its own on it."""

    url: str
    token: str = field(default_factory=lambda: f"token-{next(TOKENS)}")
    actor: str = "clockworks/tiktok-scraper"

    def client(self, **options: Any) -> ApifyClient:
        return ApifyClient(self.token, api_url=self.url, **{"max_retries": 0, **options})

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return requests.request(method, self.url + path, headers=headers, timeout=20, **options)

    def start(self, query: str = "lipstick", **options: Any) -> dict[str, Any]:
        answer = self.post_start({"searchQueries": [query], "resultsPerPage": 50}, **options)
        assert answer.status_code == 201, answer.text
        return dict(answer.json()["data"])

    def post_start(self, body: Any, **params: Any) -> requests.Response:
        return self.call("POST", f"/v2/actors/{self.actor.replace('/', '~')}/runs", json=body, params=params)

    def finish(self, run: dict[str, Any]) -> dict[str, Any]:
        return dict(self.call("GET", f"/v2/actor-runs/{run['id']}", params={"waitForFinish": 20}).json()["data"])

    def items(self, run: dict[str, Any], **params: Any) -> list[Any]:
        return list(self.call("GET", f"/v2/datasets/{run['defaultDatasetId']}/items", params=params).json())

    def faults(self, *rules: dict[str, Any]) -> None:
        answer = self.call("POST", "/_sandbox/faults", json=list(rules))
        assert answer.status_code == 200, answer.text

    def stats(self) -> dict[str, Any]:
        return dict(self.call("GET", "/_sandbox/stats").json())


@pytest.fixture
def sandbox_with() -> Iterator[Callable[..., Sandbox]]:
    """Starts sandboxes in this process, with the settings given."""
    servers: list[Server] = []

    def start(state_file: Path | None = None, **settings: Any) -> Sandbox:
        quick = {"run_seconds": 0.05, "items": 12, "rate": 0.0, "start_rate": 0.0, "settle_seconds": 0.1, "abort_seconds": 0.1}
        server = Server("127.0.0.1", 0, Site(Settings(**{**quick, **settings}), state_file).answer)
        server.start(poll_seconds=0.005)
        servers.append(server)
        return Sandbox(server.url)

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def sandbox(sandbox_with: Callable[..., Sandbox]) -> Sandbox:
    return sandbox_with()


@pytest.fixture
def launch() -> Iterator[Callable[..., tuple[Sandbox, subprocess.Popen[str]]]]:
    """Starts sandboxes as people do, each a process of its own."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> tuple[Sandbox, subprocess.Popen[str]]:
        command = [sys.executable, "-m", "scout.sandbox", "--port", "0", *arguments]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        processes.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("sandbox listening on http://127.0.0.1:"), line
        return Sandbox(line.split()[-1]), process

    yield start
    for process in processes:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
