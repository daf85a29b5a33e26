"""A web process whose Redis is not configured, hangs or is killed: known answers and pages go on."""

import http.client
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.stack import Stack

KNOWN = {"query": "메이크업", "platform": "tiktok", "dateRange": "7days"}
PAGES = ["/dashboard", "/searches", "/search/?q=%EB%A9%94%EC%9D%B4%ED%81%AC%EC%97%85&platform=tiktok&range=7days"]
PLANTED = """
from searches.accounts.session_store import SessionStore
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from searches.accounts.models import User
from tests.rows import make_answer
make_answer()
demo = User.objects.get(username="demo")
session = SessionStore()
session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(demo.pk), "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = demo.get_session_auth_hash()
session.create()
result = session.session_key
"""


class Web:
    """One web process, a known answer, and a person who is signed in; no workers, nobody who follows."""

    def __init__(self, folder: Path, redis: bool) -> None:
        self.stack = Stack(folder, workers=0, followers=0)
        if redis:
            self.stack.run("redis")
        else:
            del self.stack.environment["REDIS_URL"]
        self.stack.manage("prepare")
        self.session = self.stack.python(PLANTED)
        self.stack.run("web0")

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.ports["web0"], timeout=20)
        headers = {"Cookie": f"sessionid={self.session}", "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        told = answer.status, answer.read().decode()
        connection.close()
        return told

    def assert_known_answers(self) -> None:
        for _time in range(3):
            status, told = self.call("POST", "/api/search", KNOWN)
            assert (status, json.loads(told)["cached"], len(json.loads(told)["data"])) == (200, True, 3)
        assert [self.call("GET", path)[0] for path in PAGES] == [200] * len(PAGES)

    def missing(self) -> dict[str, str]:
        told: dict[str, str] = json.loads(self.call("GET", "/readyz")[1])["missing"]
        return told


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Any]:
    made: list[Web] = []

    def start(redis: bool) -> Web:
        made.append(Web(tmp_path / "stack", redis))
        return made[-1]

    yield start
    for one in made:
        one.stack.stop()


def test_it_works(web: Any) -> None:
    """Not configured: nothing waits, nothing fails, and it is said once."""
    here = web(redis=False)
    here.assert_known_answers()
    assert here.missing()["redis"] == "Redis is not configured: set REDIS_URL, or start Scout with bin/up."
    log = here.stack.log("web0")
    assert "Traceback" not in log
    assert log.count("WARNING scout.redis: Redis is not configured") == 1


def test_redis_hangs(web: Any) -> None:
    here = web(redis=True)
    here.assert_known_answers()
    here.stack.kill("redis", with_signal=signal.SIGSTOP)
    here.assert_known_answers()
    assert "redis" in here.missing()
    here.stack.kill("redis", with_signal=signal.SIGCONT)
    here.assert_known_answers()


def test_redis_is_killed_and_comes_back(web: Any) -> None:
    here = web(redis=True)
    here.stack.kill("redis")
    here.assert_known_answers()
    assert "redis" in here.missing()
    here.stack.run("redis")
    here.assert_known_answers()
    while "redis" in here.missing():  # for a second after its last failure nobody asks; pytest's own time-out ends this
        continue
