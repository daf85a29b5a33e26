"""The official client drives runs from start to end."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.sandbox.conftest import Sandbox

INPUT = {"searchQueries": ["메이크업"], "resultsPerPage": 10}


def test_start_then_wait_for_finish(sandbox: Sandbox) -> None:
    client = sandbox.client()
    run = client.actor(sandbox.actor).start(
        run_input=INPUT,
        memory_mbytes=256,
        run_timeout=timedelta(seconds=60),
        max_items=10,
        max_total_charge_usd=1,  # type: ignore[arg-type]
    )
    assert run.status in {"READY", "RUNNING"}
    assert len(run.id) == 17
    assert (run.options.memory_mbytes, run.options.timeout_secs, run.options.max_items) == (256, 60, 10)

    done = client.run(run.id).wait_for_finish()

    assert done is not None
    assert done.status == "SUCCEEDED"
    assert done.finished_at is not None
    assert done.finished_at > done.started_at
    assert done.exit_code == 0
    assert done.charged_event_counts == {"actor-start": 1, "result-item": 10}


def test_call_starts_and_waits(sandbox: Sandbox) -> None:
    run = sandbox.client().actor(sandbox.actor).call(run_input=INPUT, logger=None)
    assert run is not None
    assert run.status == "SUCCEEDED"


def test_wait_on_start_is_held_until_the_end(sandbox: Sandbox) -> None:
    run = sandbox.client().actor(sandbox.actor).start(run_input=INPUT, wait_for_finish=30)
    assert run.status == "SUCCEEDED"


def test_unknown_run_is_none(sandbox: Sandbox) -> None:
    assert sandbox.client().run("R000000000000000x").get() is None


def test_list_filters_by_status_and_start(sandbox: Sandbox) -> None:
    client = sandbox.client()
    first = client.actor(sandbox.actor).start(run_input=INPUT, wait_for_finish=20)
    between = datetime.now(UTC)
    sandbox.call("POST", "/_sandbox/settings", json={"run_seconds": 30})
    second = client.actor(sandbox.actor).start(run_input=INPUT)
    other = client.actor("apidojo/tiktok-scraper").start(run_input={"keywords": ["x"], "maxItems": 5})

    def ids(**options: object) -> list[str]:
        return [run.id for run in client.actor(sandbox.actor).runs().list(**options).items]  # type: ignore[arg-type]

    assert ids() == [first.id, second.id]
    assert ids(desc=True) == [second.id, first.id]
    assert ids(limit=1, offset=1) == [second.id]
    assert ids(status="SUCCEEDED") == [first.id]
    assert ids(status=["RUNNING", "READY"]) == [second.id]
    assert ids(started_after=between) == [second.id]
    assert ids(started_before=between) == [first.id]
    assert ids(started_after=first.started_at, started_before=first.started_at) == [first.id]
    assert [run.id for run in client.runs().list().items] == [first.id, second.id, other.id]


def test_list_page_tells_total_and_applied_limit(sandbox: Sandbox) -> None:
    client = sandbox.client()
    for _ in range(3):
        client.actor(sandbox.actor).start(run_input=INPUT)
    page = client.actor(sandbox.actor).runs().list(limit=2)
    assert (page.total, page.count, page.limit, page.offset, page.desc) == (3, 2, 2, 0, False)
    assert client.runs().list(limit=5000).limit == 1000


def test_accounts_do_not_see_each_other(sandbox: Sandbox) -> None:
    sandbox.start()
    assert Sandbox(sandbox.url).client().runs().list().total == 0


def test_abort_gracefully_passes_through_aborting(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(run_seconds=60, abort_seconds=0.3)
    client = sandbox.client()
    run = client.actor(sandbox.actor).start(run_input=INPUT)

    assert client.run(run.id).abort(gracefully=True).status == "ABORTING"
    done = client.run(run.id).wait_for_finish()

    assert done is not None
    assert done.status == "ABORTED"
    assert sandbox.stats()["aborts"] == 1


def test_abort_of_an_ended_run_changes_nothing(sandbox: Sandbox) -> None:
    client = sandbox.client()
    run = client.actor(sandbox.actor).start(run_input=INPUT, wait_for_finish=20)
    assert client.run(run.id).abort().status == "SUCCEEDED"
    assert sandbox.stats()["aborts"] == 0


def test_resurrect_goes_back_to_work_on_the_same_dataset(sandbox_with: Callable[..., Sandbox]) -> None:
    sandbox = sandbox_with(run_seconds=0.4, abort_seconds=0.05)
    client = sandbox.client()
    run = client.actor(sandbox.actor).start(run_input=INPUT)
    client.run(run.id).abort()
    assert client.run(run.id).wait_for_finish().status == "ABORTED"  # type: ignore[union-attr]

    again = client.run(run.id).resurrect()

    assert again.status in {"READY", "RUNNING"}
    assert again.stats.resurrect_count == 1
    assert again.default_dataset_id == run.default_dataset_id
    done = client.run(run.id).wait_for_finish()
    assert done is not None
    assert done.status == "SUCCEEDED"
    assert client.dataset(run.default_dataset_id).list_items().count == 10


def test_log_tells_the_story(sandbox: Sandbox) -> None:
    client = sandbox.client()
    run = client.actor(sandbox.actor).start(run_input=INPUT, wait_for_finish=20)
    log = client.run(run.id).log().get()
    assert log is not None
    assert "메이크업" in log
    assert "SUCCEEDED" in log


def test_actor_account_and_limits(sandbox: Sandbox) -> None:
    client = sandbox.client()
    client.actor(sandbox.actor).start(run_input=INPUT, wait_for_finish=20)
    actor, me = client.actor(sandbox.actor).get(), client.user().get()
    limits, usage = client.user().limits(), client.user().monthly_usage()
    assert actor is not None
    assert (actor.username, actor.name) == ("clockworks", "tiktok-scraper")
    assert me is not None
    assert me.username == "sandbox"
    assert limits is not None
    assert limits.limits.max_concurrent_actor_jobs > 0
    assert limits.current.monthly_usage_usd > 0
    assert usage is not None
    assert usage.total_usage_credits_usd_after_volume_discount > 0


def test_validate_input(sandbox: Sandbox) -> None:
    assert sandbox.client().actor(sandbox.actor).validate_input(INPUT) is True
    assert sandbox.client().actor("nobody/nothing").get() is None
