"""A whole Scout that keeps its answers in MongoDB, which is killed and comes back."""

import asyncio
import contextlib
import json
import sqlite3
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from searches.query import answer_key
from tests.faults.conftest import Starter
from tests.mongo import MongoServer, a_name, server
from tests.people import ask, call
from tests.stack import Stack
from tests.waiting import until

NAME = a_name()


@pytest.fixture
def mongo(tmp_path: Path) -> Iterator[MongoServer]:
    with server(tmp_path / "mongo") as running:
        yield running


def here(stack: Stack) -> list[str]:
    """Answers in the main database."""
    with contextlib.closing(sqlite3.connect(stack.folder / "scout.sqlite3")) as database:
        return [key for (key,) in database.execute("SELECT _id FROM cache_cachedanswer")]


def search(stack: Stack, token: str, query: str) -> str:
    """A search to its end; its status."""
    seen = asyncio.run(_ask(stack, token, query))
    assert len(seen.told["data"]) > 0, seen
    return str(seen.status)


async def _ask(stack: Stack, token: str, query: str) -> Any:
    return await ask(stack.address, token, query, asyncio.get_running_loop().time(), poll=0.3)


def cached(stack: Stack, token: str, query: str) -> bool:
    """Whether the answer comes at once."""
    body = {"query": query, "platform": "tiktok", "dateRange": "all"}
    status, told = asyncio.run(call(stack.address, token, "POST", "/api/search", body))
    return status == 200 and bool(told["data"])


def warnings(stack: Stack) -> dict[str, str]:
    with urllib.request.urlopen(f"{stack.address}/readyz", timeout=10) as answer:
        told: dict[str, str] = json.load(answer)["warnings"]
        return told


def test_it_works(mongo: MongoServer, stack_of: Starter) -> None:
    stack = stack_of(run_seconds=1, workers=1, MONGODB_URI=mongo.uri(NAME))
    token, answers = stack.token("admin"), mongo.collection(NAME)
    first, second = (answer_key("tiktok", query, "all") for query in ("first", "second"))

    assert search(stack, token, "first") == "completed"
    document = answers.find_one({"_id": first})
    assert document is not None
    assert document["item_count"] == len(json.loads(document["body"])) > 0
    assert (here(stack), "documents" in warnings(stack)) == ([], False)
    assert cached(stack, token, "first")

    mongo.kill()
    assert cached(stack, token, "first")  # from memory
    assert search(stack, token, "second") == "completed"
    until(lambda: "MongoDB does not answer" in warnings(stack).get("documents", ""))
    assert here(stack) == [second]
    stack.restart(*stack.web_names)
    assert cached(stack, token, "second")  # from the main database

    mongo.start()
    until(lambda: "documents" not in warnings(stack))
    until(lambda: answers.find_one({"_id": second}), seconds=40)  # follow brings it home
    assert {document["_id"] for document in answers.find()} == {first, second}
    until(lambda: here(stack) == [])
    assert mongo.uri(NAME) not in "".join(stack.log(name) for name in stack.processes)
