"""bin/manage worker: as a process, with a Redis that is stopped and emptied."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from scout.queues import QUEUES
from tests.environment import ROOT, clean
from tests.redis_server import RedisServer, redis_server
from tests.waiting import until

__all__ = ["redis_server"]
Start = Callable[..., "Process"]


class Process:
    """A worker of its own."""

    def __init__(self, folder: Path, *arguments: str, **env: str) -> None:
        environment = dict(os.environ)
        clean(environment)
        environment |= {"SCOUT_DATA": str(folder), "SECRET_KEY": "only-for-tests", "DJANGO_SETTINGS_MODULE": "scout.settings", **env}
        self.out = folder / "worker.log"
        with self.out.open("w") as out:
            command = [sys.executable, "manage.py", "worker", *arguments]
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)

    @property
    def log(self) -> str:
        return self.out.read_text()

    def leaves(self) -> int:
        """Its exit code, once it has been told to leave."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)


@pytest.fixture
def start(redis_server: RedisServer, tmp_path: Path) -> Iterator[Start]:
    """Start workers on a Redis of their own."""
    started: list[Process] = []

    def begin(*arguments: str, **env: str) -> Process:
        started.append(Process(tmp_path, *arguments, **({"REDIS_URL": redis_server.url} | env)))
        return started[-1]

    yield begin
    for worker in started:
        worker.process.kill()
        worker.process.wait()


def listening(server: RedisServer, name: str = "search") -> set[bytes]:
    found = server.client.smembers(f"rq:workers:{name}")
    return {key for key in found if server.client.hexists(key, "birth")}  # type: ignore[union-attr]


def test_it_works(start: Start, redis_server: RedisServer) -> None:
    worker = start("search", "warm", WORKER_NAME="tokyo")
    until(lambda: listening(redis_server) and listening(redis_server, "warm"))
    (key,) = listening(redis_server)
    assert key.startswith(b"rq:worker:tokyo-")
    assert "is up, listening on search, warm" in worker.log
    # Emptied: it says again that it is there.
    redis_server.client.flushall()
    until(lambda: listening(redis_server) == {key})
    assert worker.leaves() == 0
    assert "has left" in worker.log
    assert listening(redis_server) == set()
    assert "Traceback" not in worker.log


def test_leaves_while_redis_is_stopped(start: Start, redis_server: RedisServer) -> None:
    worker = start("search")
    until(lambda: listening(redis_server))
    redis_server.stop()
    until(lambda: "Redis does not answer" in worker.log)
    assert worker.leaves() == 0
    assert "left without a word to Redis" in worker.log


def test_goes_on_when_redis_is_back(start: Start, redis_server: RedisServer) -> None:
    worker = start("scan", "default")
    until(lambda: listening(redis_server, "scan"))
    redis_server.stop()
    until(lambda: "Redis does not answer" in worker.log)
    redis_server.start()
    until(lambda: listening(redis_server, "scan") and listening(redis_server, "default"))
    assert worker.leaves() == 0


def test_redis_that_was_never_there(start: Start, redis_server: RedisServer) -> None:
    worker = start("search", REDIS_URL="redis://:hunter2@127.0.0.1:1/0")
    assert worker.process.wait(20) == 1
    assert "CommandError: Redis does not answer" in worker.log
    assert "Traceback" not in worker.log
    assert "hunter2" not in worker.log


@pytest.mark.parametrize("names", [["nothing"], ["search", "Search"], ["search,warm"]])
def test_unknown_queue(names: list[str]) -> None:
    with pytest.raises(CommandError, match="No such queue") as refused:
        call_command("worker", *names)
    assert all(name in str(refused.value) for name in QUEUES)


def test_no_queue() -> None:
    with pytest.raises(CommandError, match="queues"):
        call_command("worker")
