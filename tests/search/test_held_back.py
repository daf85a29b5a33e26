"""A search that has something is not kept waiting by a platform whose actor is suspended."""

from datetime import timedelta

import pytest
from django.utils import timezone

from searches.accounts.models import User
from searches.platforms import health
from searches.platforms.models import ActorHealth
from searches.query import Query, parse
from searches.search import results, wire
from searches.search.follow import end_held_back
from searches.search.models import Run, Search, Status
from searches.search.submit import Hit, Placed, submit
from tests.cast import Cast
from tests.conftest import Engine
from tests.rows import make_answer

ALL = parse("메이크업", "all", "7days")
DOUYIN = "natanielsantos/douyin-scraper"


@pytest.fixture
def suspended(db: None) -> ActorHealth:
    until = timezone.now() + timedelta(minutes=30)
    row, _new = ActorHealth.objects.update_or_create(actor=DOUYIN, defaults={"suspended_until": until, "reason": "blocked"})
    return row


def placed(person: User, query: Query = ALL) -> Search:
    health._read = (float("-inf"), {})
    found = submit(person, query)
    assert isinstance(found, Placed)
    return found.search


def douyin() -> Run:
    return Run.objects.get(platform="douyin")


def test_it_works(engine: Engine, cast: Cast, suspended: ActorHealth) -> None:
    engine.sandbox.set(run_seconds=0)
    search = placed(cast.alice)
    engine.settle(4)
    search.refresh_from_db()
    assert search.status == Status.COMPLETED
    told = wire.with_data(search, results.runs_of(search))
    assert {item["platform"] for item in told["data"]} == {"tiktok", "xiaohongshu"}
    assert told["message"].endswith("Not from Douyin.")
    row = next(row for row in told["platforms"] if row["platform"] == "douyin")
    assert row["suspendedUntil"]
    assert "paused until" in row["message"]
    end_held_back()
    assert douyin().status == Status.CANCELLED  # nobody waits for it, so nobody pays for it
    assert engine.sandbox.stats()["starts"] == 2


def test_suspended_after_the_others_were_done(engine: Engine, cast: Cast) -> None:
    search = placed(cast.alice)
    Run.objects.exclude(platform="douyin").update(status=Status.COMPLETED, items_found=5, finished_at=timezone.now())
    end_held_back()
    search.refresh_from_db()
    assert search.status == Status.QUEUED
    ActorHealth.objects.create(actor=DOUYIN, suspended_until=timezone.now() + timedelta(minutes=1), reason="failing")
    end_held_back()
    search.refresh_from_db()
    assert (search.status, search.item_count, douyin().status) == (Status.COMPLETED, 10, Status.CANCELLED)


def test_one_platform_alone_waits(engine: Engine, cast: Cast, suspended: ActorHealth) -> None:
    """There is nothing yet, and it goes on by itself once the suspension is over."""
    search = placed(cast.alice, ALL.on("douyin"))
    engine.work()
    end_held_back()
    search.refresh_from_db()
    assert (search.status, douyin().status) == (Status.QUEUED, Status.QUEUED)
    health._read = (float("-inf"), {})
    assert "paused until" in wire.tell(search, results.runs_of(search))["message"]
    health.release(DOUYIN)
    engine.settle(2)
    assert douyin().status == Status.RUNNING


def test_all_failed_but_the_one_that_waits(engine: Engine, cast: Cast, suspended: ActorHealth) -> None:
    search = placed(cast.alice)
    Run.objects.exclude(platform="douyin").update(status=Status.FAILED, finished_at=timezone.now())
    end_held_back()
    search.refresh_from_db()
    assert (search.status, douyin().status) == (Status.QUEUED, Status.QUEUED)


def test_who_still_waits_for_it_keeps_it(engine: Engine, cast: Cast, suspended: ActorHealth) -> None:
    everything, one = placed(cast.alice), placed(cast.bob, ALL.on("douyin"))
    Run.objects.exclude(platform="douyin").update(status=Status.COMPLETED, items_found=5, finished_at=timezone.now())
    end_held_back()
    everything.refresh_from_db()
    one.refresh_from_db()
    assert (everything.status, one.status, douyin().status) == (Status.COMPLETED, Status.QUEUED, Status.QUEUED)


def test_when_the_rest_is_known_it_is_given_at_once(engine: Engine, cast: Cast, suspended: ActorHealth) -> None:
    for name in ("tiktok", "xiaohongshu"):
        make_answer(ALL.on(name))
    health._read = (float("-inf"), {})
    found = submit(cast.alice, ALL)
    assert isinstance(found, Hit)
    assert not Run.objects.exists()
    assert b"paused until" in wire.hit_body(ALL, found)


def test_with_a_fall_back_nothing_is_held_back(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    ActorHealth.objects.create(actor="clockworks/tiktok-scraper", suspended_until=timezone.now() + timedelta(minutes=9), reason="failing")
    search = placed(cast.alice)
    engine.settle(4)
    search.refresh_from_db()
    assert {run.status for run in results.runs_of(search)} == {Status.COMPLETED}
    assert Run.objects.get(platform="tiktok").actor == "apidojo/tiktok-scraper"
