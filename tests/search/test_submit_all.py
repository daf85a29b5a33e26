"""One question to all platforms: what is known is used, the rest is scraped; and asking again on purpose."""

from typing import Any

import pytest
import redis
from django.conf import settings

from scout.redis import Unavailable
from searches.accounts.models import User
from searches.cache.lookup import find
from searches.cache.memory import memory
from searches.cache.models import CachedAnswer
from searches.platforms.models import Platform
from searches.query import parse
from searches.search import results, wire
from searches.search.cancel import cancel
from searches.search.models import ACTIVE, Run, Search, Status
from searches.search.submit import Hit, Placed, submit
from tests.cast import Cast
from tests.conftest import Engine
from tests.rows import make_answer, make_run
from tests.search.steps import THREADS, at_once, between, queued_jobs, redis_away

ALL = parse("메이크업", "all", "7days")
NAMES = ["douyin", "tiktok", "xiaohongshu"]
#: What stands in the INPUT of each platform's actors, and of no other's.
DOUYINS, XIAOHONGSHUS, TIKTOKS = "searchTermsOrHashtags", "noteType", "searchQueries"


def placed(person: User, **options: Any) -> Placed:
    found = submit(person, ALL, **options)
    assert isinstance(found, Placed)
    return found


def brought(name: str, items: int = 3, age: float = 0) -> Run:
    """A platform's known answer, and the run that brought it."""
    make_answer(ALL.on(name), items, age=age)
    return make_run(ALL.on(name), Status.COMPLETED, items_found=items, row_count=items)


def read_all(search: Search, page: int) -> list[str]:
    """The posts of a search from its beginning, page by page."""
    found: list[str] = []
    cursor, before = 0, -1
    while cursor != before:
        before = cursor
        items, cursor = results.items_since(results.runs_of(search), cursor, page)
        found += [item["id"] for item in items]
    return found


def end(engine: Engine, search: Search) -> Search:
    for _pass in range(20):
        if not Run.objects.filter(status__in=ACTIVE).exists():
            break
        engine.settle(1)
    search.refresh_from_db()
    return search


def test_it_works(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    search = end(engine, placed(cast.alice).search)
    assert search.status == Status.COMPLETED
    runs = results.runs_of(search)
    assert sorted(run.answer_key for run in runs) == [ALL.on(name).key for name in NAMES]
    assert search.item_count == sum(run.items_found for run in runs) > 30
    told = wire.with_data(search, runs)
    assert {item["platform"] for item in told["data"]} == set(NAMES)
    assert [(row["platform"], row["status"]) for row in told["platforms"]] == [(name, "completed") for name in NAMES]
    again = submit(cast.bob, ALL)
    assert isinstance(again, Hit)
    assert [source.name for source in again.answers] == NAMES
    assert engine.sandbox.stats()["starts"] == 3


# What is known, and what is not.


def test_only_what_is_not_known_is_scraped(cast: Cast, live_redis: redis.Redis) -> None:
    done = brought("tiktok")
    found = placed(cast.alice)
    assert done in found.runs
    assert sorted(Run.objects.filter(status=Status.QUEUED).values_list("platform", flat=True)) == ["douyin", "xiaohongshu"]
    assert found.search.status == Status.QUEUED
    assert [run.pk for run in found.runs] == sorted(run.pk for run in found.runs), "the order that the cursor counts in"
    assert len(queued_jobs(live_redis)) == 2


def test_of_several_runs_that_brought_it_the_latest_counts(cast: Cast, live_redis: redis.Redis) -> None:
    brought("tiktok", 2)
    latest = brought("tiktok", 5)
    make_run(ALL.on("tiktok"), Status.FAILED)
    assert latest in placed(cast.alice).runs


def test_a_known_answer_whose_run_has_been_deleted_is_scraped_again(cast: Cast, live_redis: redis.Redis) -> None:
    make_answer(ALL.on("tiktok"))
    placed(cast.alice)
    assert Run.objects.filter(status=Status.QUEUED).count() == 3


def test_what_is_known_is_read_at_once(cast: Cast, live_redis: redis.Redis) -> None:
    brought("tiktok", 3)
    search = placed(cast.alice).search
    assert read_all(search, 100) == ["tiktok-0", "tiktok-1", "tiktok-2"]
    told = wire.tell(search, results.runs_of(search))
    assert (told["status"], told["itemCount"]) == ("running", 3)


@pytest.mark.parametrize("page", [1, 7, 500])
def test_one_cursor_over_what_is_known_and_what_comes(engine: Engine, cast: Cast, page: int) -> None:
    """The known answer is no longer in Redis, the others are; and the cursor goes on after the end."""
    brought("tiktok", 9)
    engine.sandbox.set(run_seconds=0)
    search = placed(cast.alice).search
    first, cursor = results.items_since(results.runs_of(search), 0, 4)
    assert [item["platform"] for item in first] == ["tiktok"] * 4
    end(engine, search)
    rest: list[str] = []
    before = -1
    while cursor != before:
        before = cursor
        items, cursor = results.items_since(results.runs_of(search), cursor, page)
        rest += [item["id"] for item in items]
    found = [item["id"] for item in first] + rest
    assert len(found) == len(set(found)) == search.item_count
    assert found.count("tiktok-8") == 1


def test_people_share_the_runs_of_all(cast: Cast, live_redis: redis.Redis) -> None:
    one, two = placed(cast.alice), placed(cast.bob)
    alone = submit(cast.charlie, ALL.on("douyin"))
    assert one.runs == two.runs
    assert isinstance(alone, Placed)
    assert alone.runs[0] in one.runs
    assert Run.objects.count() == 3


@THREADS
def test_many_at_once_are_three_runs(live_redis: redis.Redis) -> None:
    people = [User.objects.create(username=f"p{i}") for i in range(6)]
    asked = at_once(*[lambda p=p, i=i: submit(p, ALL if i % 2 else ALL.on(NAMES[i % 3])) for i, p in enumerate(people)])
    assert [type(found) for found in asked] == [Placed] * 6
    assert Run.objects.count() == 3


def test_leaving_a_search_of_all_leaves_nobody_elses_alone(cast: Cast, live_redis: redis.Redis) -> None:
    search = placed(cast.alice).search
    submit(cast.bob, ALL.on("douyin"))
    done = brought("tiktok")
    cancel(search)
    alive = Run.objects.filter(status=Status.QUEUED).values_list("platform", flat=True)
    assert list(alive) == ["douyin"]
    done.refresh_from_db()
    assert done.status == Status.COMPLETED


def test_a_search_on_a_known_answer_can_be_left(cast: Cast, live_redis: redis.Redis) -> None:
    done = brought("tiktok")
    search = cancel(placed(cast.alice).search)
    done.refresh_from_db()
    assert (search.status, done.status, done.cancelling) == (Status.CANCELLED, Status.COMPLETED, False)


def test_a_platform_that_is_disabled_is_not_asked_though_it_is_known(cast: Cast, live_redis: redis.Redis) -> None:
    brought("tiktok")
    Platform.objects.filter(name="tiktok").update(enabled=False)
    assert [run.platform for run in placed(cast.alice).runs] == ["douyin", "xiaohongshu"]


def test_without_redis_all_is_refused_as_a_whole(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    brought("tiktok")
    with redis_away(monkeypatch), pytest.raises(Unavailable):
        placed(cast.alice)
    assert (Search.objects.count(), Run.objects.count()) == (0, 1)


# One platform's trouble.


@pytest.mark.parametrize(("platform", "mark"), [("douyin", DOUYINS), ("xiaohongshu", XIAOHONGSHUS)])
def test_one_platform_failing_leaves_the_others_completed(engine: Engine, cast: Cast, platform: str, mark: str) -> None:
    """Also where the fall-back fails."""
    engine.sandbox.set(run_seconds=0)
    engine.sandbox.faults({"on": "start", "kind": "failed", "match": mark})
    search = end(engine, placed(cast.alice).search)
    told = wire.with_data(search, results.runs_of(search))
    rows = {row["platform"]: row for row in told["platforms"]}
    assert (told["status"], {name: row["status"] for name, row in rows.items()}) == (
        "completed",
        {name: "failed" if name == platform else "completed" for name in NAMES},
    )
    assert rows[platform]["error"]["type"] == "platform-blocked"
    assert rows[platform]["message"] == "The platform is keeping the scraper out just now. Please search again in a few minutes."
    assert {item["platform"] for item in told["data"]} == set(NAMES) - {platform}
    assert told["itemCount"] == sum(row["itemCount"] for row in rows.values()) > 0
    again = placed(cast.alice)
    assert [run.status for run in again.runs if run.platform == platform] == [Status.QUEUED]
    assert [run.status for run in again.runs if run.platform != platform] == [Status.COMPLETED] * 2


def test_a_platform_without_fall_back_that_refuses_fails_alone(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    engine.sandbox.faults({"on": "start", "kind": "error", "type": "actor-is-not-rented", "match": DOUYINS})
    search = end(engine, placed(cast.alice).search)
    rows = {row["platform"]: row for row in wire.tell(search, results.runs_of(search))["platforms"]}
    assert (search.status, rows["douyin"]["error"]["type"]) == (Status.COMPLETED, "upstream-access")


def test_all_failing_is_failing(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    engine.sandbox.faults({"on": "start", "kind": "failed"})
    search = end(engine, placed(cast.alice).search)
    told = wire.with_data(search, results.runs_of(search))
    assert (told["status"], told["error"]["type"], "data" in told) == ("failed", "platform-blocked", False)
    assert {row["status"] for row in told["platforms"]} == {"failed"}


def test_what_is_known_completes_a_search_whose_others_fail(engine: Engine, cast: Cast) -> None:
    brought("tiktok", 4)
    engine.sandbox.set(run_seconds=0)
    engine.sandbox.faults({"on": "start", "kind": "failed"})
    search = end(engine, placed(cast.alice).search)
    assert (search.status, search.item_count) == (Status.COMPLETED, 4)


def test_a_storm_on_one_platform_does_not_slow_the_others(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    engine.sandbox.faults({"on": "start", "kind": "error", "status": 429, "match": DOUYINS})
    search = placed(cast.alice).search
    engine.settle(2)
    runs = {run.platform: run for run in results.runs_of(search)}
    assert [runs[name].status for name in NAMES] == [Status.QUEUED, Status.COMPLETED, Status.COMPLETED]
    assert runs["douyin"].pushbacks > 0
    paces = dict(Platform.objects.values_list("name", "pace"))
    assert (paces["tiktok"], paces["xiaohongshu"]) == (None, None)
    told = wire.with_data(search, list(runs.values()))
    assert (told["status"], told["itemCount"] > 0) == ("running", True)
    Platform.objects.filter(name="douyin").update(max_pushbacks=0)
    Run.objects.filter(status=Status.QUEUED).update(not_before=runs["douyin"].created_at)
    Platform.objects.update(pace=None, pace_anchor=None)
    engine.settle(2)
    search.refresh_from_db()
    rows = {row["platform"]: row for row in wire.tell(search, results.runs_of(search))["platforms"]}
    assert (search.status, rows["douyin"]["error"]["type"]) == (Status.COMPLETED, "rate-limited")
    assert rows["douyin"]["message"].startswith("The platform was busy for too long.")


# Stale parts.

STALE = settings.FRESH_SECONDS + 5


def test_all_known_and_one_stale_is_a_hit_and_one_refresh(cast: Cast, live_redis: redis.Redis) -> None:
    for name, age in (("douyin", 5), ("tiktok", STALE), ("xiaohongshu", 5)):
        brought(name, 2, age)
    found = submit(cast.alice, ALL)
    assert isinstance(found, Hit)
    assert found.stale
    queued = Run.objects.get(status=Status.QUEUED)
    assert (queued.platform, queued.reason, queued.priority) == ("tiktok", Run.Reason.REFRESH, 1)
    submit(cast.bob, ALL)
    assert Run.objects.filter(status=Status.QUEUED).count() == 1


def test_a_stale_part_beside_one_that_is_not_known_is_used_and_refreshed(cast: Cast, live_redis: redis.Redis) -> None:
    done = brought("tiktok", 2, STALE)
    brought("douyin", 2)
    found = placed(cast.alice)
    assert done in found.runs
    reasons = dict(Run.objects.filter(status=Status.QUEUED).values_list("platform", "reason"))
    assert reasons == {"xiaohongshu": Run.Reason.SEARCH, "tiktok": Run.Reason.REFRESH}
    assert found.search.links.count() == 3


# Asking again although it is known.


def test_force_scrapes_a_fresh_answer_again(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    query = ALL.on("tiktok")
    old = make_answer(query, 3, age=3_600)
    assert isinstance(submit(cast.alice, query), Hit)
    found = submit(cast.alice, query, force=True)
    assert isinstance(found, Placed)
    assert found.runs[0].reason == Run.Reason.SEARCH
    search = end(engine, found.search)
    memory.clear()  # as the word that it has changed would do
    new = find(query.key)
    assert new
    assert (search.status, new.created_at > old.created_at, new.item_count) == (Status.COMPLETED, True, 20)


def test_force_leaves_an_answer_of_this_minute_alone(cast: Cast, live_redis: redis.Redis) -> None:
    make_answer(ALL.on("tiktok"), age=50)
    assert isinstance(submit(cast.alice, ALL.on("tiktok"), force=True), Hit)
    assert not Run.objects.exists()


def test_force_of_all_asks_each_again_unless_all_are_of_this_minute(cast: Cast, live_redis: redis.Redis) -> None:
    for name, age in (("douyin", 5), ("tiktok", 300), ("xiaohongshu", 5)):
        brought(name, 2, age)
    found = placed(cast.alice, force=True)
    assert [run.status for run in found.runs] == [Status.QUEUED] * 3
    CachedAnswer.objects.all().delete()
    memory.clear()
    Run.objects.all().delete()
    Search.objects.all().delete()
    for name in NAMES:
        brought(name, 2, 5)
    assert isinstance(submit(cast.alice, ALL, force=True), Hit)


def test_force_joins_what_is_on_its_way(cast: Cast, live_redis: redis.Redis) -> None:
    make_answer(ALL.on("tiktok"), age=STALE)
    submit(cast.bob, ALL.on("tiktok"))  # a refresh
    found = submit(cast.alice, ALL.on("tiktok"), force=True)
    again = submit(cast.alice, ALL.on("tiktok"), force=True)
    assert isinstance(found, Placed)
    assert isinstance(again, Placed)
    assert (Run.objects.count(), again.search) == (1, found.search)
    assert found.runs[0].priority == 0, "somebody waits for it now"


@THREADS
def test_two_who_force_at_once_make_one_run(live_redis: redis.Redis) -> None:
    make_answer(ALL.on("tiktok"), age=3_600)
    people = [User.objects.create(username=f"p{i}") for i in range(4)]
    asked = at_once(*[lambda p=p: submit(p, ALL.on("tiktok"), force=True) for p in people])
    assert [type(found) for found in asked] == [Placed] * 4
    assert (Run.objects.count(), Search.objects.count()) == (1, 4)


def test_force_does_not_pay_again_for_what_came_just_after_it_was_looked_up(
    engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's came in between: it is seconds old, which is what was asked for."""
    engine.sandbox.set(run_seconds=0)
    query = ALL.on("tiktok")
    make_answer(query, 3, age=3_600)
    other = submit(cast.alice, query, force=True)
    assert isinstance(other, Placed)

    def meanwhile() -> None:
        end(engine, other.search)
        memory.clear()  # as the word that it has changed would do

    between(monkeypatch, meanwhile)
    found = submit(cast.bob, query, force=True)
    assert isinstance(found, Hit)
    assert [answer.item_count for answer in found.answers.values()] == [20]
    assert (Run.objects.count(), engine.sandbox.stats()["starts"]) == (1, 1)


def test_force_while_redis_is_away_writes_nothing_and_the_answer_stays(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    make_answer(ALL.on("tiktok"), age=3_600)
    with redis_away(monkeypatch):
        with pytest.raises(Unavailable):
            submit(cast.alice, ALL.on("tiktok"), force=True)
        assert isinstance(submit(cast.alice, ALL.on("tiktok")), Hit)
    assert not Run.objects.exists()


def test_a_forced_search_that_fails_leaves_the_old_answer(engine: Engine, cast: Cast) -> None:
    make_answer(ALL.on("douyin"), 3, age=3_600)
    engine.sandbox.set(run_seconds=0)
    engine.sandbox.faults({"on": "start", "kind": "failed"})
    found = submit(cast.alice, ALL.on("douyin"), force=True)
    assert isinstance(found, Placed)
    assert end(engine, found.search).status == Status.FAILED
    kept = submit(cast.alice, ALL.on("douyin"))
    assert isinstance(kept, Hit)
    assert [answer.item_count for answer in kept.answers.values()] == [3]
