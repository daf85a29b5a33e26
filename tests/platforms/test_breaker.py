"""When an actor is suspended, and for how long: pure functions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searches.platforms import breaker
from searches.platforms.models import ActorHealth
from searches.search import explain
from searches.search.failover import TAKEN_OVER


def test_it_works() -> None:
    assert breaker.reason_to_suspend("actor-failed", 4) == ""
    assert breaker.reason_to_suspend("actor-failed", 5) == "failing"
    assert breaker.pause(0) == timedelta(minutes=1)
    assert breaker.pause(1) == timedelta(minutes=2)
    assert breaker.error_of("Captcha was not solved") == "platform-blocked"
    assert breaker.empty_fields({"title", "likeCount"}, [{"title": "x", "likeCount": None}] * 10) == ["likeCount"]


# What suspends.


@pytest.mark.parametrize(
    ("error", "reason", "enough"),
    [
        ("rate-limited", "rate-limited", 1),
        ("upstream-access", "blocked", 1),
        ("platform-blocked", "blocked", 5),
        ("upstream-input", "failing", 5),
        ("actor-failed", "failing", 5),
        ("timed-out", "failing", 5),
    ],
)
def test_how_many_questions_are_enough(error: str, reason: str, enough: int) -> None:
    assert [breaker.reason_to_suspend(error, n) for n in range(enough + 3)] == [""] * enough + [reason] * 3


@given(st.text(), st.integers(0, 10**9))
def test_what_says_nothing_about_the_actor_never_suspends_it(error: str, questions: int) -> None:
    if error not in breaker.ENOUGH:
        assert breaker.reason_to_suspend(error, questions) == ""


@pytest.mark.parametrize("error", ["upstream-credit", "upstream-auth", "upstream-unreachable", "start-unknown", "aborted", ""])
def test_credit_token_and_network_are_the_same_for_all_actors(error: str) -> None:
    assert breaker.reason_to_suspend(error, 1_000) == ""
    assert error not in TAKEN_OVER


def test_every_name_here_is_one_that_is_known_elsewhere() -> None:
    assert {reason for reason, _enough in breaker.ENOUGH.values()} == set(ActorHealth.Reason.values)
    assert set(breaker.ENOUGH) <= set(explain.known())
    assert set(explain.known()) >= TAKEN_OVER


# For how long.


@given(st.integers(0, 10_000))
def test_pauses_double_up_to_an_hour(trips: int) -> None:
    pause, after = breaker.pause(trips), breaker.pause(trips + 1)
    assert breaker.FIRST_PAUSE <= pause <= breaker.LONGEST_PAUSE
    assert after == min(pause * 2, breaker.LONGEST_PAUSE)


# What an actor says.


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ("Blocked by the website", "platform-blocked"),
        ("CAPTCHA required", "platform-blocked"),
        ("Please verify that you are human", "platform-blocked"),
        ("Request failed with status code 403", "platform-blocked"),
        ("the site kept asking to prove that we are human", "platform-blocked"),
        ("Are you a robot?", "platform-blocked"),
        ("Our systems have detected unusual traffic", "platform-blocked"),
        ("HTTP 429", "platform-blocked"),
        ("Too Many Requests", "platform-blocked"),
        ("rate-limited by upstream", "platform-blocked"),
        ("You need to log in to see this", "platform-blocked"),
        ("login wall", "platform-blocked"),
        ("This Actor is available for paying users only. Upgrade your plan.", "upstream-access"),
        ("Non-paying users cannot run this: blocked", "upstream-access"),
        ("", "actor-failed"),
        ("TypeError: cannot read properties of undefined", "actor-failed"),
        ("The process ran out of memory", "actor-failed"),
        ("Scraped 4034 posts, then stopped", "actor-failed"),
        ("logging could not be set up", "actor-failed"),
        ("the catalog index is missing", "actor-failed"),
    ],
)
def test_what_an_actors_last_words_mean(said: str, error: str) -> None:
    assert breaker.error_of(said) == error


@given(st.text())
def test_whatever_is_said_is_one_of_three_errors(said: str) -> None:
    assert breaker.error_of(said) in {"actor-failed", "platform-blocked", "upstream-access"}
    assert breaker.error_of(said) in breaker.ENOUGH


# Fields that have become empty.

FIELDS = ("title", "likeCount", "hashtags")
rows = st.fixed_dictionaries(
    {
        "title": st.none() | st.just("x"),
        "likeCount": st.none() | st.integers(0, 3),
        "hashtags": st.just([]) | st.just(["a"]),
    }
)


@given(st.sets(st.sampled_from(FIELDS)), st.lists(rows, max_size=40))
def test_a_field_is_empty_when_fewer_than_one_in_ten_have_it(fills: set[str], items: Sequence[dict[str, Any]]) -> None:
    found = breaker.empty_fields(fills, items)
    if len(items) < breaker.ENOUGH_ITEMS:
        assert found == []
        return
    assert found == sorted(found)
    for field in fills:
        filled = len([item for item in items if item[field] is not None and item[field] != []])
        assert (field in found) == (filled < len(items) / 10)


def test_zero_is_not_empty() -> None:
    """Nobody liked it yet: the platform has said so."""
    assert breaker.empty_fields({"likeCount"}, [{"likeCount": 0}] * 10) == []


@pytest.mark.parametrize(("filled", "empty"), [(0, True), (1, True), (2, False), (20, False)])
def test_of_twenty_posts_two_are_enough(filled: int, empty: bool) -> None:
    items = [{"title": "x" if i < filled else None} for i in range(20)]
    assert breaker.empty_fields({"title"}, items) == (["title"] if empty else [])


def test_nothing_that_is_expected_is_nothing_that_is_missed() -> None:
    assert breaker.empty_fields((), [{"title": None}] * 50) == []
