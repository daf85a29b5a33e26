"""Three hundred at once: different questions within the slots, one question by all, and an upstream that misbehaves."""

import asyncio
from collections import Counter

from tests.faults.conftest import Starter
from tests.people import ask_alike, ask_all
from tests.stack import Stack

PEOPLE = (
    "from searches.accounts.models import *\n"
    "users = User.objects.bulk_create([User(username=f'person{i}', password='!') for i in range(300)])\n"
    "result = [create_token(user) for user in users]"
)


def _starts(stack: Stack) -> dict[str, object]:
    stats = stack.control("GET", "stats")
    return {name: stats[name] for name in ("starts", "duplicates")}


def test_it_works(stack_of: Starter) -> None:
    """150 different searches by one staff token, 25 slots: never more than 25 at once, each answered, each paid once."""
    stack = stack_of(run_seconds=1, web=2, DEFAULT_PLATFORM_SLOTS="25")
    seen = asyncio.run(ask_all(stack.addresses, stack.token("admin"), [f"crowd {i}" for i in range(150)], patience=200))
    assert Counter(s.status for s in seen) == {"completed": 150}
    assert _starts(stack) == {"starts": 150, "duplicates": {}}
    assert stack.control("GET", "stats")["maxRunning"] <= 25


def test_one_question_by_all(stack_of: Starter) -> None:
    """300 people ask the same: one run, one start, the same answer for each."""
    stack = stack_of(run_seconds=4, web=2)
    tokens = stack.python(PEOPLE)
    seen = asyncio.run(ask_alike(stack.addresses, tokens, "같은 질문"))
    assert Counter(s.status for s in seen) == {"completed": 300}
    assert len({s.job_id for s in seen if s.job_id}) == sum(bool(s.job_id) for s in seen)
    assert len({tuple(item["id"] for item in s.told["data"]) for s in seen}) == 1
    assert _starts(stack) == {"starts": 1, "duplicates": {}}


def test_an_upstream_that_misbehaves(stack_of: Starter) -> None:
    """429 on two starts of three, answers lost or cut after creating, time-outs with items: right ends, one paid run each."""
    stack = stack_of(run_seconds=2, DEFAULT_PLATFORM_SLOTS="100")
    stack.control(
        "POST",
        "faults",
        [
            {"on": "start", "kind": "error", "status": 429, "type": "rate-limit-exceeded", "pattern": "xx.", "match": "busy"},
            {"on": "start", "kind": "created-then-502", "match": "lost", "per_input_times": 1},
            {"on": "start", "kind": "truncated", "match": "cut", "per_input_times": 1},
            {"on": "start", "kind": "timed-out", "match": "slow"},
            {"on": "start", "kind": "failed", "match": "broken"},
        ],
    )
    queries = [f"{kind} {i}" for kind in ("busy", "lost", "cut", "slow", "broken") for i in range(3)]
    seen = asyncio.run(ask_all([stack.address], stack.token("admin"), queries, patience=200))
    ends = {
        kind: Counter((s.status, s.told["partial"]) for s in seen if s.query.startswith(kind)) for kind in ("busy", "lost", "cut", "slow")
    }
    assert ends["busy"] == ends["lost"] == ends["cut"] == {("completed", False): 3}
    assert ends["slow"] == {("completed", True): 3}
    broken = [s for s in seen if s.query.startswith("broken")]
    assert {(s.status, s.told["error"]["type"]) for s in broken} == {("failed", "platform-blocked")}
    # What is broken was tried by the fall-back as well, once; nothing else was.
    assert _starts(stack) == {"starts": 15 + 3, "duplicates": {}}
    assert sorted(stack.control("GET", "stats")["startsPerQuery"].values()) == [1] * 12 + [2] * 3
