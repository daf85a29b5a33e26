"""How actors do: written down run by run, and who is suspended for it."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from searches.platforms import breaker, health
from searches.platforms.models import ActorHealth, Platform
from tests.rows import item
from tests.search.steps import THREADS, at_once

ACTOR = "clockworks/tiktok-scraper"
FALLBACK = "apidojo/tiktok-scraper"
DOUYIN = "natanielsantos/douyin-scraper"
EARLIER = 7  # a run that began before whatever the test is about


@pytest.fixture
def at_commit(db: None, django_capture_on_commit_callbacks: Any) -> Callable[..., None]:
    """Calls a verb and lets what it leaves for after the commit happen, which a test's transaction never reaches."""

    def call(verb: Callable[..., None], *args: Any) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            verb(*args)

    return call


@pytest.fixture
def good(at_commit: Callable[..., None]) -> Callable[..., None]:
    def say(run_id: int = EARLIER, items: Any = (), actor: str = ACTOR) -> None:
        at_commit(health.good, actor, run_id, items)

    return say


@pytest.fixture
def bad(at_commit: Callable[..., None]) -> Callable[..., None]:
    def say(key: str = "tiktok:a:all", error: str = "actor-failed", run_id: int = EARLIER, actor: str = ACTOR, said: str = "") -> None:
        at_commit(health.bad, actor, run_id, key, error, said)

    return say


def row(actor: str = ACTOR) -> ActorHealth:
    return ActorHealth.objects.get(pk=actor)


def minutes(actor: str = ACTOR) -> int:
    """How long the suspension still lasts."""
    until = row(actor).suspended_until
    return round((until - timezone.now()).total_seconds() / 60) if until else 0


def forget() -> None:
    """As if the second had passed in which what was read is remembered."""
    health._read = (float("-inf"), {})


Verb = Callable[..., None]


def test_it_works(bad: Verb, good: Verb) -> None:
    bad(error="upstream-access", said="You are not allowed")
    assert (row().reason, row().detail, row().trips, minutes()) == ("blocked", "You are not allowed", 1, 1)
    assert set(health.suspended()) == {ACTOR}
    health.release(ACTOR)
    assert health.suspended() == {}


# What suspends.


def test_five_different_questions_failing_in_a_row_suspend(bad: Verb) -> None:
    for i in range(4):
        bad(f"tiktok:{i}:all")
        assert health.suspended() == {}
    bad("tiktok:4:all", "timed-out")
    assert (row().reason, minutes()) == ("failing", 1)


def test_one_question_that_nobody_can_answer_suspends_nobody(bad: Verb) -> None:
    for _time in range(50):
        bad("tiktok:the same:all")
    assert health.suspended() == {}
    assert row().failed_keys == ["tiktok:the same:all"]


def test_a_good_run_between_begins_the_count_anew(bad: Verb, good: Verb) -> None:
    for i in range(4):
        bad(f"tiktok:{i}:all")
    good()
    for i in range(4):
        bad(f"tiktok:{i}:all")
    assert health.suspended() == {}
    assert len(row().failed_keys) == 4


@pytest.mark.parametrize(("error", "reason"), [("upstream-access", "blocked"), ("rate-limited", "rate-limited")])
def test_a_refusal_that_means_everybody_suspends_at_once(bad: Verb, error: str, reason: str) -> None:
    bad(error=error)
    assert row().reason == reason


def test_being_kept_out_counts_by_question_too_and_is_named(bad: Verb) -> None:
    """What an actor says of the platform may be said of one question only."""
    for _time in range(10):
        bad("tiktok:a:all", "platform-blocked")
    for i in range(3):
        bad(f"tiktok:{i}:all", "actor-failed")
    assert health.suspended() == {}
    bad("tiktok:b:all", "platform-blocked")
    assert row().reason == "blocked"


@pytest.mark.parametrize("error", ["upstream-credit", "upstream-auth", "upstream-unreachable", "upstream-lost", "aborted", "new"])
def test_what_says_nothing_about_the_actor_is_not_written(bad: Verb, error: str) -> None:
    for i in range(10):
        bad(f"tiktok:{i}:all", error)
    assert not ActorHealth.objects.exists()


def test_other_actors_have_nothing_to_do_with_it(bad: Verb, good: Verb) -> None:
    bad(error="upstream-access")
    bad("douyin:a:all", actor=DOUYIN)
    good(actor=FALLBACK)
    assert set(health.suspended()) == {ACTOR}


def test_what_is_remembered_is_bounded(bad: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breaker, "reason_to_suspend", lambda error, questions: "")
    for i in range(breaker.MOST_KEYS + 5):
        bad(f"tiktok:{i}:all", said="x" * 5_000)
    assert len(row().failed_keys) == breaker.MOST_KEYS
    assert row().failed_keys[-1] == f"tiktok:{breaker.MOST_KEYS + 4}:all"


def test_long_words_are_cut_not_refused(bad: Verb) -> None:
    bad(error="upstream-access", said="no way " * 1_000)
    assert len(row().detail) == 300


# How it ends.


def canary(run_id: int, actor: str = ACTOR) -> None:
    """The suspension's time is over, and this run goes ahead."""
    ActorHealth.objects.filter(pk=actor).update(suspended_until=timezone.now() - timedelta(seconds=1), canary=run_id)


def test_the_canarys_success_opens(bad: Verb, good: Verb) -> None:
    bad(error="upstream-access")
    canary(9)
    good(9)
    now = row()
    assert (now.suspended_until, now.canary, now.reason, now.detail, now.trips, now.failed_keys) == (None, None, "", "", 0, [])


def test_the_canarys_failure_doubles_the_pause_up_to_an_hour(bad: Verb) -> None:
    bad(error="upstream-access")
    found = [minutes()]
    for i in range(9):
        canary(100 + i)
        bad(error="upstream-access", run_id=100 + i)
        found.append(minutes())
        assert row().canary is None
    assert found == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]


def test_a_canary_that_fails_for_another_reason_suspends_again(bad: Verb) -> None:
    """One failed run would not do otherwise; it does while the actor has yet to show that it works."""
    bad("tiktok:a:all", "rate-limited")
    canary(9)
    bad("tiktok:b:all", "actor-failed", run_id=9)
    assert (row().reason, minutes()) == ("rate-limited", 2)


def test_a_success_that_began_before_does_not_end_it(bad: Verb, good: Verb) -> None:
    bad(error="upstream-access")
    good(EARLIER)
    assert (minutes(), row().failed_keys) == (1, ["tiktok:a:all"])
    canary(9)
    good(EARLIER)
    assert (row().canary, set(health.suspended())) == (9, {ACTOR})


def test_failures_that_began_before_do_not_lengthen_it(bad: Verb) -> None:
    bad(error="upstream-access")
    for i in range(20):
        bad(f"tiktok:{i}:all", "upstream-access", run_id=i)
    assert (minutes(), row().trips) == (1, 1)


def test_after_a_good_canary_the_next_pause_is_short_again(bad: Verb, good: Verb) -> None:
    bad(error="upstream-access")
    for i in range(3):
        canary(i)
        bad(error="upstream-access", run_id=i)
    canary(9)
    good(9)
    bad(error="upstream-access")
    assert minutes() == 1


def test_staff_may_end_it(bad: Verb) -> None:
    bad(error="upstream-access")
    canary(9)
    health.release(ACTOR)
    now = row()
    assert (now.suspended_until, now.canary, now.trips, now.failed_keys) == (None, None, 0, [])
    health.release("nobody/knows-it")


# Fields that have become empty.


def posts(count: int = 20, **changes: Any) -> list[Any]:
    whole = {"likeCount": 5, "description": "x", "followerCount": 3, "commentCount": 1, "shareCount": 1, "collectCount": 1}
    rest = {"creatorUrl": "u", "createTime": 1, "durationSeconds": 1.0, "hashtags": ["a"], "thumbnail": "t", "webVideoUrl": "w"}
    return [item(i, **(whole | rest | changes)) for i in range(1, count + 1)]


def test_three_runs_in_a_row_with_an_empty_field_are_told_to_staff(good: Verb, caplog: pytest.LogCaptureFixture) -> None:
    for runs in (1, 2, 3, 4):
        with caplog.at_level(logging.ERROR, "scout.platforms"):
            good(items=posts(likeCount=None))
        assert (row().empty_fields, row().empty_runs) == (["likeCount"], runs)
        assert caplog.text.count("has its output changed?") == (runs >= 3), "once, not at every run from then on"
    assert health.suspended() == {}, "it still finds posts"


def test_fields_that_are_filled_again_are_taken_back(good: Verb) -> None:
    for _run in range(3):
        good(items=posts(likeCount=None, hashtags=[]))
    good(items=posts())
    assert (row().empty_fields, row().empty_runs) == ([], 0)


def test_few_posts_say_nothing_either_way(good: Verb) -> None:
    good(items=posts(likeCount=None))
    good(items=posts(9))
    good(items=[])
    assert (row().empty_fields, row().empty_runs) == (["likeCount"], 1)


def test_what_an_actor_never_fills_is_not_missed(good: Verb) -> None:
    good(items=posts(videoUrl=None))
    assert not ActorHealth.objects.exists()


def test_an_actor_that_the_release_does_not_know_is_no_trouble(good: Verb) -> None:
    good(items=posts(likeCount=None), actor="nobody/retired")
    assert not ActorHealth.objects.exists()


def test_a_good_run_of_a_healthy_actor_writes_nothing(good: Verb) -> None:
    with CaptureQueriesContext(connection) as queries:
        good(items=posts())
    assert not [q["sql"] for q in queries if q["sql"].split()[0] in {"INSERT", "UPDATE"}]


# What people are told.


def test_a_platform_whose_fall_back_works_is_not_suspended(bad: Verb) -> None:
    bad(error="upstream-access")
    assert health.suspensions() == {}
    bad(error="rate-limited", actor=FALLBACK)
    forget()
    assert {name: held.reason for name, held in health.suspensions().items()} == {ACTOR: "blocked", FALLBACK: "rate-limited"}


def test_a_platform_without_a_fall_back_is_suspended_with_its_actor(bad: Verb) -> None:
    bad("douyin:a:all", "rate-limited", actor=DOUYIN)
    held = health.suspensions()[DOUYIN]
    assert (held.reason, held.until) == ("rate-limited", row(DOUYIN).suspended_until)


def test_an_actor_that_is_nobodys_first_suspends_itself_alone(bad: Verb) -> None:
    bad(error="upstream-access", actor="clockworks/free-tiktok-scraper")
    assert set(health.suspensions()) == {"clockworks/free-tiktok-scraper"}


def test_a_suspension_whose_time_is_over_stops_nothing(bad: Verb) -> None:
    """The canary is about to go, and the others go right behind it."""
    bad("douyin:a:all", "rate-limited", actor=DOUYIN)
    ActorHealth.objects.update(suspended_until=timezone.now() - timedelta(seconds=1))
    assert health.stopped() == {}
    assert set(health.suspended()) == {DOUYIN}


def test_read_once_a_second(bad: Verb) -> None:
    """Every state of every run asks."""
    bad("douyin:a:all", "rate-limited", actor=DOUYIN)
    health.suspensions()
    with CaptureQueriesContext(connection) as queries:
        assert set(health.suspensions()) == {DOUYIN}
    assert len(queries) == 0


@THREADS
def test_what_was_rolled_back_is_not_written() -> None:
    with transaction.atomic():
        health.bad(ACTOR, 1, "tiktok:a:all", "upstream-access")
        transaction.set_rollback(True)
    assert not ActorHealth.objects.exists()


# Many at the same moment.


@THREADS
def test_many_workers_at_the_same_moment_suspend_once() -> None:
    at_once(*[lambda i=i: health.bad(ACTOR, i, f"tiktok:{i}:all", "actor-failed") for i in range(8)])
    now = row()
    assert (now.trips, now.reason, len(now.failed_keys)) == (1, "failing", 5)


@THREADS
def test_a_success_and_failures_at_the_same_moment_leave_a_row_that_makes_sense() -> None:
    health.bad(ACTOR, 1, "tiktok:a:all", "upstream-access")
    canary(9)
    told = [lambda i=i: health.bad(ACTOR, i, f"tiktok:{i}:all", "actor-failed") for i in range(4)]
    at_once(lambda: health.good(ACTOR, 9, []), *told)
    assert (row().suspended_until, row().canary, row().trips) == (None, None, 0)
    assert len(row().failed_keys) <= 4
    assert Platform.objects.count() == 3
