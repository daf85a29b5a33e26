"""The same on PostgreSQL: many at once, one question by all, kill -9 in the middle."""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import postgres
from tests.environment import ROOT
from tests.faults.conftest import Starter
from tests.faults.test_crowd import PEOPLE
from tests.people import ask_alike, ask_all

if postgres.binaries() is None and not os.environ.get("CI"):
    pytest.skip("needs PostgreSQL's server programs: apt-get install postgresql", allow_module_level=True)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[str]:
    with postgres.server(tmp_path / "postgres") as url:
        yield url


def test_it_works(database: str, stack_of: Starter) -> None:
    stack = stack_of(run_seconds=2, web=2, DATABASE_URL=database, DEFAULT_PLATFORM_SLOTS="40")
    addresses = [f"http://127.0.0.1:{stack.ports[name]}" for name in stack.web_names]
    queries, token = [f"pg {i}" for i in range(100)], stack.token("admin")
    searches = ThreadPoolExecutor(1).submit(lambda: asyncio.run(ask_all(addresses, token, queries, patience=150)))
    time.sleep(1.5)
    stack.restart(*stack.worker_names, *stack.follow_names)
    assert Counter(s.status for s in searches.result(200)) == {"completed": 100}
    stats = stack.control("GET", "stats")
    assert (stats["starts"], stats["duplicates"]) == (100, {})
    assert stats["maxRunning"] <= 40


def test_the_tests_of_the_engine(database: str) -> None:
    """Locks and races differ between databases: what the engine's own tests promise holds on this one too."""
    files = [f"tests/search/test_{verb}.py" for verb in ("submit", "start", "seek", "follow", "collect", "finish", "cancel")]
    command = [sys.executable, "-m", "pytest", *files, "tests/cache/test_store.py", "-q", "-x"]
    environment = os.environ | {"SCOUT_TEST_DATABASE": database}
    environment.pop("SCOUT_DATA", None)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3_000:]


def test_one_question_by_all(database: str, stack_of: Starter) -> None:
    """300 people ask the same while it is being collected as well: nobody is left waiting, one start."""
    stack = stack_of(run_seconds=1, web=2, DATABASE_URL=database)
    tokens = stack.python(PEOPLE)
    addresses = [f"http://127.0.0.1:{stack.ports[name]}" for name in stack.web_names]
    seen = asyncio.run(ask_alike(addresses, tokens, "같은 질문"))
    assert Counter(s.status for s in seen) == {"completed": 300}
    assert stack.control("GET", "stats")["starts"] == 1
