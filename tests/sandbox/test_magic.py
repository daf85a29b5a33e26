"""Words in a query that make its run go wrong, for people who try things by hand."""

import re

import pytest
import requests

import scout.sandbox
from scout.sandbox.apify.magic import MAGIC
from tests.sandbox.conftest import Sandbox


def ends(sandbox: Sandbox, query: str) -> tuple[str, int]:
    run = sandbox.finish(sandbox.start(query))
    return run["status"], len(sandbox.items(run))


@pytest.mark.parametrize(
    ("query", "status", "found"),
    [
        ("sandbox:fail", "FAILED", 0),
        ("립스틱 Sandbox:Timeout", "TIMED-OUT", 6),
        ("sandbox:abort", "ABORTED", 6),
        ("sandbox:empty", "SUCCEEDED", 0),
        ("sandbox:slow", "SUCCEEDED", 12),
    ],
)
def test_ends(sandbox: Sandbox, query: str, status: str, found: int) -> None:
    assert ends(sandbox, query) == (status, found)


@pytest.mark.parametrize(
    ("query", "answers"),
    [
        ("sandbox:429", [429, 429, 201]),
        ("sandbox:402", [402, 402, 201]),
        ("sandbox:500", [500, 201]),
        ("sandbox:502", [502, 201]),
        ("sandbox:broke", [402, 402]),
        ("sandbox:denied", [403, 403]),
        ("sandbox:invalid", [400]),
    ],
)
def test_answers_to_starts(sandbox: Sandbox, query: str, answers: list[int]) -> None:
    given = {"searchQueries": [query], "resultsPerPage": 5}
    assert [sandbox.post_start(given).status_code for _ in answers] == answers


def test_lost(sandbox: Sandbox) -> None:
    with pytest.raises(requests.ConnectionError):
        sandbox.post_start({"searchQueries": ["sandbox:lost"]})
    assert sandbox.stats()["starts"] == 1


def test_stuck(sandbox: Sandbox) -> None:
    run = sandbox.start("sandbox:stuck")
    answer = sandbox.call("GET", f"/v2/actor-runs/{run['id']}", params={"waitForFinish": "0.3"})
    assert answer.json()["data"]["status"] == "READY"


def test_every_word_is_told_about(sandbox: Sandbox) -> None:
    assert sandbox.call("GET", "/_sandbox/faults").json()["magicWords"].keys() == MAGIC.keys()
    assert set(re.findall(r"sandbox:\w+", scout.sandbox.__doc__ or "")) == MAGIC.keys()
