"""The place in line, and how long it will take: from what the platform's runs took lately."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from searches.platforms.models import Platform
from searches.platforms.sources import Source
from searches.search import estimate
from searches.search.models import Run, Status
from tests.search.steps import TIKTOK, ago, platform


def a_run(text: str, status: Status = Status.QUEUED, priority: int = 0, turn: int = 0, name: str = TIKTOK) -> Run:
    key = f"{name}:{text}:all"
    return Run.objects.create(
        answer_key=key, query=text, platform=name, date_range="all", actor="a/b", status=status, priority=priority, turn=turn
    )


def took(seconds: float, ended_ago: float = 60, status: Status = Status.COMPLETED, name: str = TIKTOK) -> None:
    run = a_run(f"t{Run.objects.count()}", status, name=name)
    Run.objects.filter(pk=run.pk).update(started_at=ago(ended_ago + seconds), finished_at=ago(ended_ago))


def test_it_works(db: None) -> None:
    for seconds in (10, 100, 30):
        took(seconds)
    assert estimate.usual_seconds(TIKTOK) == pytest.approx(30, abs=0.1)
    platform(slots=2)
    estimate._usual.clear()
    runs = [a_run(f"q{i}", turn=i) for i in range(5)]
    assert [estimate.position(run) for run in runs] == [1, 2, 3, 4, 5]
    assert [estimate.queued_eta(TIKTOK, place) for place in range(1, 6)] == [30, 30, 60, 60, 90]


def test_without_history_it_is_three_minutes(db: None) -> None:
    assert estimate.usual_seconds(TIKTOK) == 180
    assert estimate.usual_seconds("nowhere") == 180
    assert estimate.queued_eta("nowhere", 1) == 180


def test_only_completed_runs_of_the_same_platform_count(db: None) -> None:
    took(10)
    took(500, status=Status.FAILED)
    took(500, status=Status.CANCELLED)
    took(500, name="douyin")
    assert estimate.usual_seconds(TIKTOK) == pytest.approx(10, abs=0.1)


def test_the_last_fifty_count(db: None) -> None:
    for i in range(50):
        took(10, ended_ago=i)
    for i in range(60):
        took(900, ended_ago=1_000 + i)
    assert estimate.usual_seconds(TIKTOK) == pytest.approx(10, abs=0.1)


def test_the_database_is_asked_twice_a_minute(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    estimate.usual_seconds(TIKTOK)
    with django_assert_num_queries(0):
        estimate.usual_seconds(TIKTOK)


def test_places_follow_the_order_of_starts(db: None) -> None:
    refresh, late, early, left = a_run("a", priority=1), a_run("b", turn=5), a_run("c", turn=1), a_run("d")
    twin = a_run("e", turn=1)
    Run.objects.filter(pk=left.pk).update(cancelling=True)
    a_run("f", name="douyin")
    a_run("g", Status.RUNNING)
    assert [estimate.position(run) for run in (early, twin, late, refresh)] == [1, 2, 3, 4]


def test_what_runs_already_takes_slots(db: None) -> None:
    platform(slots=2)
    assert estimate.queued_eta(TIKTOK, 1) == 180
    a_run("x", Status.RUNNING)
    assert estimate.queued_eta(TIKTOK, 1) == 180
    a_run("y", Status.STARTING)
    assert estimate.queued_eta(TIKTOK, 1) == 360
    a_run("z", Status.COLLECTING)
    assert estimate.queued_eta(TIKTOK, 1) == 360


def test_empty_slots_mean_the_default(db: None, settings: Settings) -> None:
    settings.DEFAULT_PLATFORM_SLOTS = 1
    platform(slots=None)
    assert [estimate.queued_eta(TIKTOK, place) for place in (1, 2, 3)] == [180, 360, 540]


@pytest.mark.parametrize(
    ("elapsed", "found", "eta"),
    [(0, 0, 180), (100, 5, 80), (175, 0, 5), (200, 50, 200), (200, 100, None), (200, 0, None), (200, 150, None), (1_000, 99, 10)],
)
def test_what_is_left_of_a_running_run(db: None, elapsed: float, found: int, eta: int | None) -> None:
    left = estimate.running_eta(TIKTOK, ago(elapsed), found, 100)
    assert left is None if eta is None else left == pytest.approx(eta, abs=3)


def test_a_run_without_a_start_and_one_from_the_future(db: None) -> None:
    assert estimate.running_eta(TIKTOK, None, 0, 100) == 180
    assert estimate.running_eta(TIKTOK, ago(-60), 0, 100) == pytest.approx(240, abs=3)


@given(elapsed=st.floats(0, 1e6), found=st.integers(0, 5_000), asked=st.integers(1, 1_000))
def test_an_estimate_is_never_below_a_second(elapsed: float, found: int, asked: int) -> None:
    estimate._usual[TIKTOK] = (float("inf"), 60.0, 1)
    eta = estimate.running_eta(TIKTOK, timezone.now() - timedelta(seconds=elapsed), found, asked)
    assert eta is None or eta >= 1


# What it costs.


def paid(usd: str | None, actor: str = "a/b", ended_ago: float = 60, status: Status = Status.COMPLETED, reason: str = "search") -> None:
    run = a_run(f"p{Run.objects.count()}", status)
    Run.objects.filter(pk=run.pk).update(usage_usd=usd, actor=actor, finished_at=ago(ended_ago), reason=reason)


def source(actor: str = "a/b", most: str = "1.00", needed: bool = True) -> Source:
    return Source(Platform(name=TIKTOK, actor=actor, max_cost_usd=Decimal(most)), actor, needed)


def test_usual_cost(db: None) -> None:
    for usd in ("0.05", "0.10", "0.09"):
        paid(usd)
    assert estimate.usual_cost([source()]) == (Decimal("0.08"), False)


def test_without_history_it_is_the_most_that_may_be_spent(db: None) -> None:
    assert estimate.usual_cost([source(most="2.50")]) == (Decimal("2.50"), True)


def test_costs_of_several_sources_are_added_up(db: None) -> None:
    paid("0.05")
    paid("0.20", "c/d")
    assert estimate.usual_cost([source(), source("c/d", needed=False)]) == (Decimal("0.25"), False)
    assert estimate.usual_cost([source(), source("e/f")]) == (Decimal("1.05"), True)
    assert estimate.usual_cost([]) == (0, False)


def test_only_the_last_twenty_completed_runs_of_people_count(db: None) -> None:
    for _run in range(20):
        paid("0.10")
    paid("9", ended_ago=600)
    paid("9", status=Status.FAILED)
    paid("9", reason=Run.Reason.TRY)
    paid(None)
    assert estimate.usual_cost([source()]) == (Decimal("0.10"), False)


def test_costs_are_remembered_for_a_minute(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    paid("0.10")
    with django_assert_num_queries(1):
        for _look in range(3):
            estimate.usual_cost([source()])
    paid("0.30")
    assert estimate.usual_cost([source()]).usd == Decimal("0.10")
    estimate._costs[TIKTOK, "a/b"] = (float("-inf"), Decimal("0.10"))
    assert estimate.usual_cost([source()]).usd == Decimal("0.20")
