"""kill -9 and FLUSHALL in the middle of many searches: each ends right, and each was paid for once."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.people import Seen, ask_all
from tests.stack import Stack

SLOTS = 40


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    stack = Stack(tmp_path_factory.mktemp("kills"), run_seconds=3, DEFAULT_PLATFORM_SLOTS=str(SLOTS)).start()
    yield stack
    stack.stop()


@pytest.fixture
def stack(whole: Stack) -> Stack:
    """The same Scout for every test: what a test killed it has started again."""
    whole.wait_ready()
    whole.control("POST", "reset")
    return whole


def _begin(stack: Stack, what: str, searches: int) -> "Future[list[Seen]]":
    """The searches on their way, in a thread, while the test breaks things."""
    queries, token = [f"{what} {i}" for i in range(searches)], stack.token("admin")
    return ThreadPoolExecutor(1).submit(lambda: asyncio.run(ask_all(stack.addresses, token, queries, patience=200)))


def assert_ended_right(stack: Stack, seen: list[Seen]) -> None:
    assert Counter(s.status for s in seen) == {"completed": len(seen)}
    assert all(len(s.told["data"]) == s.told["itemCount"] > 0 for s in seen)
    stats = stack.control("GET", "stats")
    assert (stats["starts"], stats["duplicates"]) == (len(seen), {})
    assert stats["maxRunning"] <= SLOTS
    rows = stack.python(
        "from searches.search.models import *\n"
        "result = [Run.objects.exclude(status='completed').count(), Search.objects.exclude(status='completed').count(),"
        " Run.objects.filter(usage_usd=None).count(), sum(Run.objects.values_list('duplicates', flat=True))]"
    )
    assert rows == [0, 0, 0, 0]


def test_it_works(stack: Stack) -> None:
    assert_ended_right(stack, _begin(stack, "nothing is killed", 40).result(200))


def test_workers_and_follow_killed_three_times(stack: Stack) -> None:
    searches = _begin(stack, "all are killed", 100)
    for _round in range(3):
        time.sleep(1.5)
        stack.restart(*stack.worker_names, *stack.follow_names)
    assert_ended_right(stack, searches.result(200))


def test_redis_emptied(stack: Stack) -> None:
    searches = _begin(stack, "redis is emptied", 100)
    for _round in range(3):
        time.sleep(1.5)
        stack.redis().flushall()
    assert_ended_right(stack, searches.result(200))


def test_redis_killed_and_back(stack: Stack) -> None:
    searches = _begin(stack, "redis is killed", 40)
    time.sleep(1.5)
    stack.kill("redis")
    time.sleep(3)
    stack.run("redis")
    assert_ended_right(stack, searches.result(200))


def test_web_killed(stack: Stack) -> None:
    searches = _begin(stack, "web is killed", 40)
    time.sleep(2)
    stack.restart("web0")
    assert_ended_right(stack, searches.result(200))


def test_upstream_away_for_a_while(stack: Stack) -> None:
    searches = _begin(stack, "upstream is killed", 40)
    time.sleep(2)
    stack.kill("sandbox")
    time.sleep(2)
    stack.run("sandbox")
    assert_ended_right(stack, searches.result(200))
