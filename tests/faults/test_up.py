"""bin/up as a person uses it: start, second start, Ctrl-C, kill, and again with the same data."""

import contextlib
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scout.installation import a_port
from tests.environment import ROOT, clean

Up = Callable[..., "subprocess.Popen[str]"]


def _environment(folder: Path, port: int) -> dict[str, str]:
    environment = dict(os.environ)
    clean(environment)
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return environment | {"SCOUT_DATA": str(folder), "PORT": str(port), "SCOUT_PASSWORD": "held-out-pw1", "SANDBOX_RUN_SECONDS": "1"}


@pytest.fixture
def port() -> int:
    return a_port(None)


@pytest.fixture
def up(tmp_path: Path, port: int) -> Iterator[Up]:
    started: list[subprocess.Popen[str]] = []

    def start(folder: Path = tmp_path, at: int = port) -> "subprocess.Popen[str]":
        with (tmp_path / f"up{len(started)}.log").open("w") as log:
            process = subprocess.Popen(["bin/up"], cwd=ROOT, env=_environment(folder, at), stdout=log, stderr=log, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)


def _ready(port: int, seconds: float = 90) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=3) as answer:
            return bool(answer.status == 200)
        time.sleep(0.3)
    return False


def _processes_of(folder: Path) -> list[str]:
    """Command lines of processes that were started with this data folder, or work in it (Redis hides its environment)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            named = f"SCOUT_DATA={folder}".encode() in (entry / "environ").read_bytes().split(b"\0")
            if named or (entry / "cwd").resolve().is_relative_to(folder):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return [line for line in found if line]


def _gone(folder: Path, seconds: float = 12) -> list[str]:
    until = time.monotonic() + seconds
    while _processes_of(folder) and time.monotonic() < until:
        time.sleep(0.2)
    return _processes_of(folder)


def _search(port: int, token: str) -> tuple[int, dict[str, object]]:
    body = json.dumps({"query": "메이크업", "platform": "tiktok", "dateRange": "7days"}).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/api/search", body, headers), timeout=10) as answer:
        return answer.status, json.load(answer)


def _manage(folder: Path, port: int, *command: str) -> str:
    done = subprocess.run(["bin/manage", *command], cwd=ROOT, env=_environment(folder, port), capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_it_works(up: Up, port: int, tmp_path: Path) -> None:
    """Start, search, Ctrl-C: nothing is left running. Start again: the answer is still known."""
    process = up()
    assert _ready(port), (tmp_path / "up0.log").read_text()
    token = _manage(tmp_path, port, "create_token", "demo")
    status, _told = _search(port, token)
    assert status == 202
    until = time.monotonic() + 30
    while _search(port, token)[0] != 200 and time.monotonic() < until:
        time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(12) == 0
    assert _gone(tmp_path, 2) == []
    log = (tmp_path / "up0.log").read_text()
    assert f"http://127.0.0.1:{port}" in log
    assert "held-out-pw1" not in log
    up()
    assert _ready(port)
    status, told = _search(port, token)
    assert (status, told["cached"]) == (200, True)


def test_a_second_start_says_so(up: Up, port: int, tmp_path: Path) -> None:
    up()
    assert _ready(port)
    same_data = up(tmp_path, a_port(None))
    assert same_data.wait(30) == 1
    assert "already running" in (tmp_path / "up1.log").read_text()
    same_port = up(tmp_path / "other", port)
    assert same_port.wait(30) == 1
    assert f"Port {port} is in use" in (tmp_path / "up2.log").read_text()
    assert _ready(port, 5)


def test_killed_it_takes_all_with_it(up: Up, port: int, tmp_path: Path) -> None:
    process = up()
    assert _ready(port)
    process.kill()
    process.wait()
    assert _gone(tmp_path) == []


def test_no_secret_on_a_command_line(up: Up, port: int, tmp_path: Path) -> None:
    up()
    assert _ready(port)
    kept = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
    lines = " ".join(_processes_of(tmp_path))
    assert "redis-server" in lines
    assert not [name for name in ("SECRET_KEY", "WEBHOOK_SECRET", "LOCAL_REDIS_PASSWORD") if kept[name] in lines]
    assert (tmp_path / "env").stat().st_mode & 0o077 == 0
    assert (tmp_path / "redis.conf").stat().st_mode & 0o077 == 0
    assert urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).status == 200
