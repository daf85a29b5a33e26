"""The sandbox as a process of its own: `python -m scout.sandbox`."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.sandbox.conftest import ROOT, Sandbox


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_leaves_when_told_to(launch: Callable[..., Any], name: str) -> None:
    for _ in range(2):
        _, process = launch()
        os.kill(process.pid, getattr(signal, name))
        assert process.wait(timeout=5) == 0


def test_leaves_even_with_callers_waiting(launch: Callable[..., Any]) -> None:
    sandbox, process = launch("--run-seconds", "60")
    run = sandbox.start()
    for _ in range(20):
        threading.Thread(target=_wait, args=(sandbox, run), daemon=True).start()
    sandbox.stats()
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(timeout=5) == 0


def test_prints_one_line_and_nothing_per_request(launch: Callable[..., Any]) -> None:
    sandbox, process = launch("--run-seconds", "1", "--items", "3", "--rate", "0")
    for _ in range(5):
        sandbox.call("GET", "/v2/users/me")
        sandbox.call("GET", "/v2/nowhere")
    sandbox.start("sandbox:fail")
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=5)
    assert process.stdout.read() == ""


def test_a_port_in_use_is_told_in_one_sentence(launch: Callable[..., Any]) -> None:
    sandbox, _ = launch()
    command = [sys.executable, "-m", "scout.sandbox", "--port", sandbox.url.rsplit(":", 1)[1]]
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=10)
    assert second.returncode == 1
    assert second.stderr.startswith("sandbox can't listen on 127.0.0.1:")
    assert second.stderr.count("\n") == 1


def test_options_reach_the_settings(launch: Callable[..., Any]) -> None:
    sandbox, _ = launch(
        "--run-seconds", "1.5", "--items", "7", "--start-rate", "11", "--rate", "12", "--latency", "0.01", "--public-url", "http://p"
    )  # fmt: skip
    settings = sandbox.call("GET", "/_sandbox/settings").json()
    names = ("run_seconds", "items", "start_rate", "rate", "latency", "public_url")
    assert [settings[name] for name in names] == [1.5, 7, 11.0, 12.0, 0.01, "http://p"]


def test_many_callers_at_once_lose_nothing(launch: Callable[..., Any]) -> None:
    sandbox, _ = launch("--run-seconds", "60", "--start-rate", "0", "--rate", "0")
    calls = [threading.Thread(target=sandbox.start, args=(f"q{number}",)) for number in range(100)]
    for call in calls:
        call.start()
    for call in calls:
        call.join()
    stats = sandbox.stats()
    assert (stats["starts"], stats["maxRunning"], stats["duplicates"]) == (100, 100, {})
    rows = sandbox.call("GET", "/v2/actor-runs").json()["data"]["items"]
    assert [row["startedAt"] for row in rows] == sorted(row["startedAt"] for row in rows)


def test_needs_nothing_but_the_standard_library() -> None:
    code = "import sys, json, scout.sandbox.__main__; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    told = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(json.loads(told)) - sys.stdlib_module_names == {"scout", "__main__"} - sys.stdlib_module_names


def _wait(sandbox: Sandbox, run: dict[str, Any]) -> None:
    try:
        sandbox.finish(run)
    except OSError:
        return
