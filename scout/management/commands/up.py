"""Starts everything and stays: `bin/up`. Ctrl-C stops everything."""

import ctypes
import fcntl
import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from types import FrameType
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from scout import installation, supervision

READY_SECONDS = 120
STOP_SECONDS = 9.5
_PR_SET_PDEATHSIG = 1
_ELSEWHERE = ("REDIS_URL", "UPSTASH_REDIS_URL", "REDIS_HOST", "REDIS_SENTINELS")


class Command(BaseCommand):
    help = "Prepare this installation and run all of its processes until Ctrl-C."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.folder = settings.DATA
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.stopping = False
        _append_to_output()
        lock = self._hold()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        environment = self._environment()
        people = self._prepare(environment)
        environment.pop("SCOUT_PASSWORD", None)  # the first people have it now; no process needs it
        process = self._supervise(environment)
        try:
            problem = self._wait(process)
            if problem:
                raise CommandError(f"Scout did not become ready: {problem}")
            if not self.stopping:
                self._tell(people, _readyz()[1])
            while process.poll() is None and not self.stopping:
                time.sleep(0.2)
        finally:
            self._end(process)
            (self.folder / "running").unlink(missing_ok=True)
            lock.close()
        if not self.stopping:
            raise CommandError("The supervisor stopped by itself.")

    def _hold(self) -> IO[str]:
        lock = installation.hold(self.folder)
        if lock is None:
            raise CommandError(
                f"Scout is already running on this data ({self.folder}). Stop it first, or set SCOUT_DATA to another folder."
            )
        if not installation.port_is_free(settings.HOST, settings.PORT):
            raise CommandError(f"Port {settings.PORT} is in use. Stop what uses it, or choose another one: PORT=8001 bin/up")
        return lock

    def _environment(self) -> dict[str, str]:
        """What the processes are started with, written down for bin/manage."""
        kept = installation.with_secrets(installation.read(self.folder / "env"))
        given = {n: os.environ[n] for n in settings.NAMES if os.environ.get(n) and os.environ[n] != kept.get(n)}
        given.pop("SCOUT_PASSWORD", None)
        made = dict(kept)
        for name in ("REDIS_URL", "APIFY_BASE_URL", "SCOUT_SANDBOX"):
            made.pop(name, None)
        if not any(name in given for name in _ELSEWHERE):
            made |= installation.local_redis(self.folder, kept)
        if "APIFY_TOKEN" not in given and "APIFY_BASE_URL" not in given:
            made |= installation.sandbox(kept)
        installation.write(self.folder / "env", made)
        installation.write(self.folder / "running", given)
        self.local_redis, self.sandbox = "REDIS_URL" in made, "SCOUT_SANDBOX" in made
        inherited = {k: v for k, v in os.environ.items() if k not in kept}
        return inherited | made | given

    def _prepare(self, environment: dict[str, str]) -> str:
        self.stdout.write("Preparing ...")
        self.stdout.flush()
        done = subprocess.run(
            [sys.executable, "manage.py", "prepare"], env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True
        )
        if done.returncode:
            raise CommandError(f"prepare failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _supervise(self, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        for name, value in (("APIFY_BASE_URL", environment.get("APIFY_BASE_URL")), ("SANDBOX", self.sandbox)):
            if value is not None:
                setattr(settings, name, value)
        workers = settings.WORKER_CONCURRENCY if "WORKER_CONCURRENCY" in environment else 2
        running = supervision.programs(self.local_redis, self.sandbox, workers)
        conf = self.folder / "supervisord.conf"
        conf.write_text(supervision.configuration(running))
        command = [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(conf)]
        # A process group of its own: Ctrl-C reaches us alone, and we stop the others in order.
        return subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, process_group=0, preexec_fn=_die_with_parent)

    def _wait(self, process: subprocess.Popen[bytes]) -> str:
        """Until /readyz is green; else what is missing."""
        missing, until = "nothing answers", time.monotonic() + READY_SECONDS
        while time.monotonic() < until and not self.stopping:
            if process.poll() is not None:
                return "the supervisor stopped"
            missing = _missing()
            if not missing:
                return ""
            time.sleep(0.3)
        return "" if self.stopping else missing

    def _tell(self, people: str, warnings: list[str]) -> None:
        sign_in = people.strip() or "Sign in as demo or admin, as before."
        data = "\nThis is sandbox data: posts are made up, nothing is paid. Set APIFY_TOKEN for real ones." if self.sandbox else ""
        worth = "".join(f"\nWarning: {warning}" for warning in warnings)
        self.stdout.write(f"\nScout is ready: http://{settings.HOST}:{settings.PORT}\n{sign_in}{data}{worth}\nCtrl-C stops it.\n")
        self.stdout.flush()

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        self.stopping = True

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()  # its children die with it
                process.wait()


def _missing() -> str:
    return _readyz()[0]


def _readyz() -> tuple[str, list[str]]:
    """What /readyz misses, and its warnings: asked on this machine, by a name that Scout answers to, through no proxy."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.HOST, settings.HOST)  # noqa: S104
    address, name = f"http://{host}:{settings.PORT}/readyz", settings.ALLOWED_HOSTS[0].lstrip(".").replace("*", "localhost")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(urllib.request.Request(address, headers={"Host": name}), timeout=3) as answer:
            return "", _lines(answer, "warnings")
    except urllib.error.HTTPError as error:
        return "; ".join(_lines(error, "missing")) or f"/readyz answers {error.code}", []
    except (OSError, http.client.HTTPException) as error:
        return f"nothing answers at {address} ({error})", []


def _lines(answer: IO[bytes], of: str) -> list[str]:
    """`name: sentence` for each of `missing` or `warnings`; none where the answer is not ours."""
    try:
        return [f"{name}: {sentence}" for name, sentence in json.load(answer)[of].items()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _append_to_output() -> None:
    """Where output goes to a file, supervisord opens that file a second time: both must write at its end."""
    fcntl.fcntl(sys.stdout, fcntl.F_SETFL, fcntl.fcntl(sys.stdout, fcntl.F_GETFL) | os.O_APPEND)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
