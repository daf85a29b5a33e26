"""Rate limits: per resource, on by default."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from scout.sandbox.apify.settings import Settings
from tests.sandbox.conftest import Sandbox


def test_on_by_default() -> None:
    assert (Settings().start_rate, Settings().record_rate, Settings().rate) == (400, 200, 60)


def test_one_resource_runs_dry_and_others_do_not(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(rate=5, start_rate=400)
    run, other = sandbox.start("a"), sandbox.start("b")
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: sandbox.call("GET", f"/v2/actor-runs/{run['id']}"), range(20)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert 10 <= len(refused) <= 15
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"5"}
    assert refused[0].json()["error"] == {
        "type": "rate-limit-exceeded",
        "message": "You have exceeded the rate limit of 5 requests per second",
    }
    assert sandbox.call("GET", f"/v2/actor-runs/{other['id']}").status_code == 200


def test_starts_have_a_limit_of_their_own(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(rate=60, start_rate=3)
    answers = [sandbox.post_start({"searchQueries": ["x"]}) for _ in range(6)]
    codes = [answer.status_code for answer in answers]
    assert codes[:3] == [201] * 3
    assert 429 in codes[3:]
    assert sandbox.stats()["starts"] == codes.count(201)
    assert answers[0].headers["X-RateLimit-Limit"] == "3"


def test_zero_is_no_limit_and_can_be_set_at_run_time(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(rate=1)
    assert {sandbox.call("GET", "/v2/users/me").status_code for _ in range(5)} == {200, 429}
    sandbox.call("POST", "/_sandbox/settings", json={"rate": 0})
    assert {sandbox.call("GET", "/v2/users/me").status_code for _ in range(5)} == {200}


def test_the_clients_retries_get_over_it(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(start_rate=3)
    client = sandbox.client(max_retries=4)
    for _ in range(4):
        client.actor(sandbox.actor).start(run_input={"searchQueries": ["x"]})
    stats = sandbox.stats()
    assert stats["starts"] == 4
    assert stats["answers"]["429"] >= 1


def test_concurrent_runs_limit(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(max_concurrent=2, run_seconds=0.3)
    first, _ = sandbox.start("a"), sandbox.start("b")
    refused = sandbox.post_start({"searchQueries": ["c"]})
    assert (refused.status_code, refused.json()["error"]["type"]) == (402, "concurrent-runs-limit-exceeded")
    sandbox.finish(first)
    assert sandbox.finish(sandbox.start("c"))["status"] == "SUCCEEDED"
    assert sandbox.stats()["maxRunning"] <= 2
