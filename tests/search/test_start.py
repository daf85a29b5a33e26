"""Starting: slots, order and pace; what every answer of Apify makes of a run; and never a start too many."""

from datetime import timedelta
from typing import Any

import pytest
import redis
import requests
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from scout.installation import a_port
from searches.accounts.models import User
from searches.platforms import apify as client
from searches.platforms.models import Platform
from searches.platforms.registry import ACTORS
from searches.search import start, upstream
from searches.search.cancel import cancel
from searches.search.models import Run, Search, Status
from searches.search.start import Outcome, claim, start_due, write
from tests.cast import Cast
from tests.conftest import Engine
from tests.sandbox_control import Sandbox
from tests.search.steps import THREADS, TIKTOK, ago, ask, at_once, collected, platform, queued_jobs, run_of, set_row


def upstream_run(sandbox: Sandbox, run: Run) -> dict[str, Any]:
    """The run as Apify shows it."""
    answer = requests.get(f"{sandbox.address}/v2/actor-runs/{run.upstream_id}", headers={"Authorization": "Bearer sandbox"}, timeout=5)
    found: dict[str, Any] = answer.json()["data"]
    return found


def test_it_works(engine: Engine, cast: Cast) -> None:
    platform(timeout_seconds=90, max_cost_usd="0.25")
    search = ask(cast.alice, "메이크업")
    assert start_due(TIKTOK) == 1
    run = run_of(search)
    assert (run.status, run.fence, run.lease_until, run.attempts) == (Status.RUNNING, 1, None, 0)
    assert (run.upstream_status, bool(run.dataset_id), bool(run.intent_at)) == ("READY", True, True)
    assert run.started_at
    assert Search.objects.get().status == Status.RUNNING
    there = upstream_run(engine.sandbox, run)
    assert (there["options"]["timeoutSecs"], there["options"]["maxTotalChargeUsd"]) == (90, 0.25)
    assert upstream.apify().input_of(there["defaultKeyValueStoreId"]) == ACTORS[run.actor].build_input(run.asked, 100)
    assert start_due(TIKTOK) == 0
    assert engine.sandbox.stats()["startCalls"] == 1


def test_nobody_knows_this_platform(db: None) -> None:
    assert claim("myspace") == ([], None)
    assert start_due("myspace") == 0


# What is claimed.


def test_slots_are_never_exceeded(cast: Cast, live_redis: redis.Redis) -> None:
    platform(slots=3)
    for i in range(6):
        ask(cast.alice, f"q{i}")
    runs, _platform = claim(TIKTOK)
    assert len(runs) == 3
    assert claim(TIKTOK)[0] == []
    set_row(runs[0], status=Status.RUNNING)
    assert claim(TIKTOK)[0] == []
    set_row(runs[0], status=Status.COLLECTING)  # over at Apify: its slot is free
    assert len(claim(TIKTOK)[0]) == 1
    platform(slots=1)
    assert claim(TIKTOK)[0] == []


@THREADS
def test_slots_are_not_exceeded_by_several_at_once(live_redis: redis.Redis) -> None:
    platform(slots=5)
    for i in range(12):
        ask(User.objects.create(username=f"p{i}"), f"q{i}")
    claimed = at_once(*[lambda: claim(TIKTOK)[0]] * 4)
    assert sum(map(len, claimed)) == 5
    assert Run.objects.filter(status=Status.STARTING, fence=1).count() == 5


def test_empty_slots_mean_the_default(cast: Cast, live_redis: redis.Redis, settings: Settings) -> None:
    settings.DEFAULT_PLATFORM_SLOTS = 2
    platform(slots=None)
    for i in range(4):
        ask(cast.alice, f"q{i}")
    assert len(claim(TIKTOK)[0]) == 2


def test_a_disabled_platform_starts_nothing_until_it_is_enabled(engine: Engine, cast: Cast) -> None:
    search = ask(cast.alice)
    engine.redis.flushall()
    platform(enabled=False)
    engine.follow()
    assert queued_jobs(engine.redis) == []
    assert start_due(TIKTOK) == 0
    assert run_of(search).status == Status.QUEUED
    platform(enabled=True)
    engine.follow()
    assert queued_jobs(engine.redis) == [f"search.start_run {run_of(search).pk}"]
    assert start_due(TIKTOK) == 1


def test_only_what_is_due_and_wanted(cast: Cast, live_redis: redis.Redis) -> None:
    later, wanted, left = ask(cast.alice, "later"), ask(cast.alice, "wanted"), ask(cast.alice, "left")
    set_row(run_of(later), not_before=ago(-5))
    cancel(left)
    assert [run.pk for run in claim(TIKTOK)[0]] == [run_of(wanted).pk]


def test_the_pace_is_kept(cast: Cast, live_redis: redis.Redis) -> None:
    for i in range(12):
        ask(cast.alice, f"q{i}")
    platform(pace=5.0, pace_anchor=timezone.now() + timedelta(seconds=5))
    assert claim(TIKTOK)[0] == []
    platform(pace_anchor=None)
    assert len(claim(TIKTOK)[0]) == 5
    assert claim(TIKTOK)[0] == []


def test_more_than_a_batch_is_started_by_one_job(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "BATCH", 4)
    for i in range(10):
        ask(cast.alice, f"q{i}")
    assert start_due(TIKTOK) == 10
    assert engine.sandbox.stats()["starts"] == 10
    assert set(Search.objects.values_list("status", flat=True)) == {Status.RUNNING}


def test_two_jobs_for_one_run_start_it_once(engine: Engine, cast: Cast) -> None:
    ask(cast.alice)
    assert [start_due(TIKTOK), start_due(TIKTOK)] == [1, 0]


@THREADS
def test_two_workers_at_once_start_each_run_once(live_redis: redis.Redis, sandbox: Sandbox) -> None:
    for i in range(6):
        ask(User.objects.create(username=f"p{i}"), f"q{i}")
    assert sum(at_once(*[lambda: start_due(TIKTOK)] * 3)) == 6
    assert sandbox.stats()["startCalls"] == 6
    assert Run.objects.filter(status=Status.RUNNING, fence=1).count() == 6


# Busy: 429, and the two 402s that pass.


BUSY = [{"status": 429}, {"type": "actor-memory-limit-exceeded"}, {"type": "concurrent-runs-limit-exceeded"}]


def until_started() -> None:
    """Start again and again, as if the waiting time of what was put back were over."""
    for _round in range(12):
        Run.objects.filter(status=Status.QUEUED).update(not_before=ago(1))
        Platform.objects.update(pace_anchor=None)
        start_due(TIKTOK)


@pytest.mark.parametrize("rule", BUSY, ids=lambda rule: str(*rule.values()))
def test_two_of_three_starts_refused_as_busy_and_all_are_completed(engine: Engine, cast: Cast, rule: dict[str, Any]) -> None:
    engine.sandbox.set(run_seconds=0)
    engine.sandbox.faults({"on": "start", "kind": "error", "pattern": "xx.", **rule})
    searches = [ask(cast.alice, f"q{i}") for i in range(6)]
    before = timezone.now()
    start_due(TIKTOK)
    put = Run.objects.filter(status=Status.QUEUED, pushbacks=1, intent_at=None, lease_until=None)
    assert put.filter(not_before__gte=before + timedelta(seconds=1)).count() == 4
    assert Platform.objects.get(pk=TIKTOK).pace == 5.0
    until_started()
    runs = [collected(search) for search in searches]
    assert [(run.status, run.attempts) for run in runs] == [(Status.COMPLETED, 0)] * 6
    assert sum(run.pushbacks for run in runs) >= 8
    assert engine.sandbox.stats()["starts"] == 6
    assert set(Search.objects.values_list("status", flat=True)) == {Status.COMPLETED}


def test_busy_for_too_long(engine: Engine, cast: Cast) -> None:
    platform(max_pushbacks=2)
    engine.sandbox.faults({"on": "start", "kind": "error", "status": 429})
    search = ask(cast.alice)
    until_started()
    run = run_of(search)
    search.refresh_from_db()
    assert (run.status, run.error_type, run.pushbacks, search.status) == (Status.FAILED, "rate-limited", 2, Status.FAILED)
    assert "rate-limit-exceeded" in run.error_detail
    assert engine.sandbox.stats()["startCalls"] == 3


def test_the_pace_rises_again_once_starts_are_accepted(engine: Engine, cast: Cast) -> None:
    platform(pace=5.0)
    ask(cast.alice)
    start_due(TIKTOK)
    assert Platform.objects.get(pk=TIKTOK).pace == pytest.approx(5.1)


# Refused for good.


@pytest.mark.parametrize(
    ("type", "kind"),
    [
        ("invalid-input", "upstream-input"),
        ("input-json-not-object", "upstream-input"),
        ("unknown-build-tag", "upstream-input"),
        ("user-or-token-not-found", "upstream-auth"),
        ("not-enough-usage-to-run-paid-actor", "upstream-credit"),
        ("x402-payment-required", "upstream-credit"),
        ("insufficient-permissions", "upstream-access"),
        ("actor-is-not-rented", "upstream-access"),
        ("full-permission-actor-not-approved", "upstream-access"),
        ("platform-feature-disabled", "upstream-credit"),
        ("record-or-token-not-found", "upstream-access"),
        ("method-not-allowed", "upstream-input"),
        ("request-too-large", "upstream-input"),
        ("unsupported-content-encoding", "upstream-input"),
    ],
)
def test_a_final_refusal_ends_the_search_at_once(engine: Engine, cast: Cast, type: str, kind: str) -> None:
    platform(fallback="")
    engine.sandbox.faults({"on": "start", "kind": "error", "type": type})
    search = ask(cast.alice)
    start_due(TIKTOK)
    run = run_of(search)
    search.refresh_from_db()
    assert (run.status, run.error_type, run.attempts, search.status) == (Status.FAILED, kind, 0, Status.FAILED)
    assert type in run.error_detail
    assert run.finished_at
    assert search.finished_at
    assert start_due(TIKTOK) == 0
    assert engine.sandbox.stats()["startCalls"] == 1


def test_one_refusal_does_not_touch_the_others_of_its_batch(engine: Engine, cast: Cast) -> None:
    platform(fallback="")
    engine.sandbox.faults({"on": "start", "kind": "error", "type": "invalid-input", "match": "bad"})
    searches = [ask(cast.alice, text) for text in ("good", "bad", "fine")]
    assert start_due(TIKTOK) == 3
    assert [run_of(search).status for search in searches] == [Status.RUNNING, Status.FAILED, Status.RUNNING]


def test_a_run_whose_actor_is_gone_fails_alone(engine: Engine, cast: Cast) -> None:
    """A row may outlive the release that knew its actor."""
    searches = [ask(cast.alice, text) for text in ("one", "odd", "two")]
    set_row(run_of(searches[1]), actor="nobody/retired-scraper")
    start_due(TIKTOK)
    assert [run_of(search).status for search in searches] == [Status.RUNNING, Status.FAILED, Status.RUNNING]
    assert run_of(searches[1]).error_type == "upstream-input"
    assert Search.objects.get(pk=searches[1].pk).status == Status.FAILED


# Nothing was sent.


@pytest.fixture
def nobody_listens(settings: Settings) -> Any:
    settings.APIFY_BASE_URL = f"http://127.0.0.1:{a_port(None)}"
    upstream.apify.cache_clear()
    yield
    upstream.apify.cache_clear()


def test_a_refused_connection_is_tried_again_with_doubling_delay_and_then_fails(
    cast: Cast, live_redis: redis.Redis, nobody_listens: None, settings: Settings
) -> None:
    settings.WORKER_RETRY_DELAY, settings.WORKER_MAX_RETRIES = 1_000_000, 3
    search = ask(cast.alice)
    waits = []
    for tries in range(4):
        start_due(TIKTOK)
        run = run_of(search)
        waits.append(round((run.not_before - timezone.now()).total_seconds(), -2))
        assert (run.attempts, run.pushbacks) == (min(tries + 1, 3), 0)
        Run.objects.filter(status=Status.QUEUED).update(not_before=ago(1))
    assert waits[:3] == [1_000, 2_000, 4_000]
    search.refresh_from_db()
    assert (run.status, run.error_type, search.status) == (Status.FAILED, "upstream-unreachable", Status.FAILED)


def test_a_start_that_is_late_is_not_sent(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    search = ask(cast.alice)
    monkeypatch.setattr(start, "SEND_WITHIN_SECONDS", 0.0)
    start_due(TIKTOK)
    run = run_of(search)
    assert (run.status, run.intent_at, run.attempts, run.pushbacks) == (Status.QUEUED, None, 0, 0)
    assert engine.sandbox.stats()["startCalls"] == 0
    monkeypatch.undo()
    start_due(TIKTOK)
    assert run_of(search).status == Status.RUNNING


def test_an_intent_of_three_seconds_ago_is_too_old(engine: Engine, cast: Cast) -> None:
    ask(cast.alice)
    [run], row = claim(TIKTOK)
    assert row
    run.intent_at = ago(3)
    start._send([run], row)
    assert engine.sandbox.stats()["startCalls"] == 0


# Sent, and nobody knows.


UNKNOWN = [
    ({"kind": "created-then-502"}, 1),
    ({"kind": "created-then-drop"}, 1),
    ({"kind": "truncated"}, 1),
    ({"kind": "broken-off"}, 1),
    ({"kind": "drop"}, 0),
    ({"kind": "html", "status": 503}, 0),
    ({"kind": "error", "status": 500}, 0),
    ({"kind": "error", "status": 408}, 0),
    ({"kind": "redirect"}, 0),
]


@pytest.mark.parametrize(("rule", "starts"), UNKNOWN, ids=lambda value: value.get("kind") if isinstance(value, dict) else "")
def test_an_unknown_outcome_stays_starting_and_is_not_sent_again(engine: Engine, cast: Cast, rule: dict[str, Any], starts: int) -> None:
    engine.sandbox.faults({"on": "start", **rule})
    search = ask(cast.alice)
    start_due(TIKTOK)
    start_due(TIKTOK)
    run = run_of(search)
    search.refresh_from_db()
    assert (run.status, run.upstream_id, run.attempts, run.pushbacks) == (Status.STARTING, "", 0, 0)
    assert run.lease_until
    assert run.lease_until < timezone.now() + timedelta(seconds=3)
    assert search.status == Status.QUEUED
    stats = engine.sandbox.stats()
    assert (stats["startCalls"], stats["starts"]) == (1, starts)


def test_an_answer_that_does_not_come_in_time_is_unknown(engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "READ_SECONDS", 0.05)
    engine.sandbox.faults({"on": "start", "kind": "slow", "seconds": 0.2})
    search = ask(cast.alice)
    start_due(TIKTOK)
    assert run_of(search).status == Status.STARTING


def test_unknown_ones_hold_their_slots(engine: Engine, cast: Cast) -> None:
    platform(slots=1)
    engine.sandbox.faults({"on": "start", "kind": "created-then-drop", "times": 1})
    ask(cast.alice, "lost")
    ask(cast.bob, "waits")
    assert start_due(TIKTOK) == 1
    assert start_due(TIKTOK) == 0
    assert engine.sandbox.stats()["maxRunning"] == 1


# Late answers.


def posted(search: Search) -> Outcome:
    """The start was claimed and sent, and Apify has begun the run; nothing of it is written yet."""
    run = next(run for run in claim(TIKTOK)[0] if run.pk == run_of(search).pk)
    body = ACTORS[run.actor].build_input(run.asked, run.item_limit)
    return Outcome(run, upstream=upstream.apify().start(run.actor, body, {}))


def test_a_late_start_whose_row_waits_again_is_aborted_and_counted(engine: Engine, cast: Cast) -> None:
    search = ask(cast.alice)
    outcome = posted(search)
    assert outcome.upstream
    set_row(run_of(search), status=Status.QUEUED, fence=2)
    write([outcome])
    run = run_of(search)
    assert (run.status, run.upstream_id, run.duplicates) == (Status.QUEUED, "", 1)
    assert upstream.apify().get(outcome.upstream.id).status in {"ABORTING", "ABORTED"}


def test_a_late_start_beside_another_is_aborted_and_counted(engine: Engine, cast: Cast) -> None:
    search = ask(cast.alice)
    outcome = posted(search)
    assert outcome.upstream
    set_row(run_of(search), status=Status.RUNNING, fence=3, upstream_id="another")
    write([outcome])
    run = run_of(search)
    assert (run.status, run.upstream_id, run.duplicates) == (Status.RUNNING, "another", 1)
    assert engine.sandbox.stats()["aborts"] == 1


def test_a_late_start_that_was_adopted_meanwhile_goes_on(engine: Engine, cast: Cast) -> None:
    search = ask(cast.alice)
    outcome = posted(search)
    assert outcome.upstream
    set_row(run_of(search), status=Status.RUNNING, fence=2, upstream_id=outcome.upstream.id)
    write([outcome])
    assert (run_of(search).status, run_of(search).duplicates) == (Status.RUNNING, 0)
    assert engine.sandbox.stats()["aborts"] == 0


def test_a_late_start_that_is_just_being_looked_for_is_taken_and_not_aborted(engine: Engine, cast: Cast) -> None:
    search = ask(cast.alice)
    outcome = posted(search)
    assert outcome.upstream
    Run.objects.update(fence=F("fence") + 1)  # seek has it now, and has not found it yet
    write([outcome])
    run = run_of(search)
    assert (run.status, run.upstream_id, run.duplicates) == (Status.RUNNING, outcome.upstream.id, 0)
    assert engine.sandbox.stats()["aborts"] == 0


def test_a_late_start_of_a_run_that_is_gone_is_aborted(engine: Engine, cast: Cast) -> None:
    outcome = posted(ask(cast.alice))
    Run.objects.all().delete()
    write([outcome])
    assert engine.sandbox.stats()["aborts"] == 1


@pytest.mark.parametrize("rule", [{"status": 429}, {"status": 400}, {"status": 500}])
def test_a_late_refusal_changes_nothing(engine: Engine, cast: Cast, rule: dict[str, int]) -> None:
    engine.sandbox.faults({"on": "start", "kind": "error", **rule})
    search = ask(cast.alice)
    [run], _platform = claim(TIKTOK)
    set_row(run_of(search), status=Status.RUNNING, fence=2, upstream_id="adopted")
    write([start._post(run, {})])
    now = run_of(search)
    assert (now.status, now.upstream_id, now.attempts, now.pushbacks, now.error_type) == (Status.RUNNING, "adopted", 0, 0, "")


def test_left_while_the_start_was_on_its_way(engine: Engine, cast: Cast) -> None:
    search = ask(cast.alice)
    outcome = posted(search)
    cancel(search)
    engine.redis.flushall()
    write([outcome])
    run = run_of(search)
    assert (run.status, run.cancelling) == (Status.RUNNING, True)
    assert f"search.abort_run {run.pk}" in queued_jobs(engine.redis)


def test_left_while_the_start_was_refused_as_busy(engine: Engine, cast: Cast) -> None:
    engine.sandbox.faults({"on": "start", "kind": "error", "status": 429})
    search = ask(cast.alice)
    [run], _platform = claim(TIKTOK)
    cancel(search)
    write([start._post(run, {})])
    assert run_of(search).status == Status.CANCELLED
    assert start_due(TIKTOK) == 0


def test_webhooks_are_asked_for_only_where_apify_can_reach_us(engine: Engine, cast: Cast, settings: Settings) -> None:
    settings.PUBLIC_URL = ""
    assert upstream.webhook() is None
    settings.PUBLIC_URL = "https://scout.example"
    assert upstream.webhook() == ("https://scout.example/hooks/apify", "hook-secret")
    ask(cast.alice)
    assert start_due(TIKTOK) == 1
    assert engine.sandbox.stats()["starts"] == 1
