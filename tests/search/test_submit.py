"""Taking an order: one run for everybody who asks the same, fair places in line, and never a second bill."""

import pytest
import redis

from scout.redis import Unavailable
from searches.accounts.models import User
from searches.cache.memory import memory
from searches.cache.models import CachedAnswer
from searches.platforms.models import Platform
from searches.query import QueryError, parse
from searches.search import results
from searches.search.cancel import cancel
from searches.search.collect import collect_due
from searches.search.models import Run, Search, Status
from searches.search.start import claim, start_due
from searches.search.submit import Hit, KeyReused, Placed, submit
from tests.cast import Cast, make_cast
from tests.conftest import Engine
from tests.sandbox_control import Sandbox
from tests.search.steps import (
    THREADS,
    TIKTOK,
    ask,
    at_once,
    between,
    collected,
    known,
    over,
    platform,
    queued_jobs,
    redis_away,
    run_of,
    set_row,
    started,
)


def claimed() -> list[str]:
    """Whose turn it is: the queries that are started next."""
    runs, _platform = claim(TIKTOK)
    return [run.query for run in runs]


def test_it_works(cast: Cast, live_redis: redis.Redis) -> None:
    placed = submit(cast.alice, parse(" 메이크업  추천 ", TIKTOK, "1month"), "key-1")
    assert isinstance(placed, Placed)
    search = Search.objects.get()
    assert (search.user, search.workspace, search.status) == (cast.alice, cast.workspace, Status.QUEUED)
    assert (search.query, search.answer_key, search.idempotency_key) == ("메이크업 추천", "tiktok:메이크업 추천:1month", "key-1")
    run = run_of(search)
    assert placed.runs == [run]
    assert (run.status, run.priority, run.reason, run.owner) == (Status.QUEUED, 0, Run.Reason.SEARCH, cast.alice)
    assert (run.actor, run.item_limit) == ("clockworks/tiktok-scraper", 100)
    assert queued_jobs(live_redis) == [f"search.start_run {run.pk}"]


def test_somebody_without_a_workspace_can_search(cast: Cast, live_redis: redis.Redis) -> None:
    assert ask(cast.sam).workspace is None


@pytest.mark.parametrize("name", ["douyin", "xiaohongshu"])
def test_a_platform_that_is_not_set_up_is_refused(cast: Cast, name: str) -> None:
    Platform.objects.exclude(pk=TIKTOK).delete()
    with pytest.raises(QueryError) as told:
        submit(cast.alice, parse("x", name, "all"))
    assert told.value.type == "platform-unavailable"


@pytest.mark.parametrize("name", [TIKTOK, "all"])
def test_a_platform_that_is_disabled_is_refused(cast: Cast, name: str) -> None:
    Platform.objects.update(enabled=False)
    with pytest.raises(QueryError):
        submit(cast.alice, parse("x", name, "all"))
    assert not Search.objects.exists()


def test_all_platforms_means_those_that_are_enabled(cast: Cast, live_redis: redis.Redis) -> None:
    Platform.objects.exclude(pk=TIKTOK).update(enabled=False)
    placed = submit(cast.alice, parse("x", "all", "all"))
    assert isinstance(placed, Placed)
    assert [run.answer_key for run in placed.runs] == ["tiktok:x:all"]
    assert placed.search.answer_key == "all:x:all"


# Single flight.


def test_the_same_question_of_many_people_is_one_run(engine: Engine, cast: Cast) -> None:
    people = [cast.alice, cast.bob, cast.charlie, cast.sam]
    searches = [ask(person, text) for person, text in zip(people, ["Lip  Tint", "lip tint", " LIP TINT", "lip\u200b tint"], strict=True)]
    start_due(TIKTOK)
    assert len({run_of(search).pk for search in searches}) == 1
    assert Search.objects.count() == 4
    assert engine.sandbox.stats()["starts"] == 1


@THREADS
def test_many_at_the_same_moment_are_one_run(live_redis: redis.Redis, sandbox: Sandbox) -> None:
    people = [User.objects.create(username=f"p{i}") for i in range(8)]
    placed = at_once(*[lambda p=p: submit(p, parse("crowd", TIKTOK, "all")) for p in people])
    assert [type(p) for p in placed] == [Placed] * 8
    assert Run.objects.count() == 1
    assert at_once(*[lambda: start_due(TIKTOK)] * 3).count(1) == 1
    assert sandbox.stats()["starts"] == 1
    assert set(Search.objects.values_list("status", flat=True)) == {Status.RUNNING}


def test_who_joins_late_gets_all_that_was_found(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    first = started(cast.alice)
    late = ask(cast.bob)
    assert (run_of(late), late.status) == (run_of(first), Status.RUNNING)
    run = collected(first)
    for search in (first, late):
        search.refresh_from_db()
        assert (search.status, search.item_count) == (Status.COMPLETED, run.items_found)
        items, cursor = results.items_since(results.runs_of(search), 0, 500)
        assert (len(items), cursor) == (run.items_found, run.row_count)
    assert engine.sandbox.stats()["starts"] == 1


def test_a_run_that_is_being_cancelled_is_not_joined(engine: Engine, cast: Cast) -> None:
    left = started(cast.alice)
    cancel(left)
    assert run_of(left).cancelling
    fresh = ask(cast.bob)
    assert run_of(fresh) != run_of(left)
    assert run_of(fresh).status == Status.QUEUED


def test_a_run_that_is_being_collected_is_joined_and_ends_for_the_joiner_too(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    first = started(cast.alice)
    over(first)
    late = ask(cast.bob)
    assert run_of(late) == run_of(first)
    collect_due(TIKTOK)
    late.refresh_from_db()
    assert late.status == Status.COMPLETED


def test_an_answer_that_came_just_after_it_was_looked_up_is_not_paid_again(
    engine: Engine, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.sandbox.set(run_seconds=0)
    first = started(cast.alice)
    between(monkeypatch, lambda: collected(first))
    found = submit(cast.bob, parse("립스틱", TIKTOK, "7days"))
    assert isinstance(found, Hit)
    assert Run.objects.count() == 1
    assert Search.objects.filter(user=cast.bob).count() == 0


def test_an_answer_that_is_lost_is_searched_again_however_lately_its_run_ended(engine: Engine, cast: Cast) -> None:
    engine.sandbox.set(run_seconds=0)
    key = collected(started(cast.alice)).answer_key
    CachedAnswer.objects.filter(key=key).delete()
    memory.clear()
    assert run_of(ask(cast.bob)).status == Status.QUEUED


@THREADS
def test_joining_and_collecting_at_the_same_moment_loses_nobody(live_redis: redis.Redis, sandbox: Sandbox) -> None:
    sandbox.set(run_seconds=0)
    cast = make_cast()
    first = started(cast.alice)
    over(first)
    people = [User.objects.create(username=f"p{i}") for i in range(6)]
    ask_all = [lambda p=p: submit(p, parse("립스틱", TIKTOK, "7days")) for p in people]
    _collected, *found = at_once(lambda: collect_due(TIKTOK), *ask_all)
    assert Run.objects.count() == 1
    for person, answer in zip(people, found, strict=True):
        if isinstance(answer, Hit):
            assert not Search.objects.filter(user=person).exists()
        else:
            assert Search.objects.get(user=person).status == Status.COMPLETED


# The same person, the same question.


def test_the_same_person_asking_twice_has_one_search(cast: Cast, live_redis: redis.Redis) -> None:
    assert ask(cast.alice) == ask(cast.alice, " 립스틱 ")
    assert ask(cast.alice, date_range="all") != ask(cast.alice)


def test_after_cancelling_the_same_question_is_a_new_search(cast: Cast, live_redis: redis.Redis) -> None:
    first = cancel(ask(cast.alice))
    again = ask(cast.alice)
    assert again != first
    assert run_of(again).status == Status.QUEUED


@THREADS
def test_the_same_person_asking_twice_at_the_same_moment_has_one_search(live_redis: redis.Redis) -> None:
    alice = User.objects.create(username="alice")
    placed = at_once(*[lambda: submit(alice, parse("twice", TIKTOK, "all"), "key")] * 4)
    assert len({p.search.pk for p in placed}) == 1
    assert (Search.objects.count(), Run.objects.count()) == (1, 1)


def test_a_search_that_came_in_between_is_this_one(cast: Cast, live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    between(monkeypatch, lambda: ask(cast.alice))
    found = submit(cast.alice, parse("립스틱", TIKTOK, "7days"))
    assert isinstance(found, Placed)
    assert Search.objects.get() == found.search


# Idempotency keys.


def test_a_key_that_comes_again_gets_the_same_search_even_after_its_end(cast: Cast, live_redis: redis.Redis) -> None:
    first = cancel(ask(cast.alice, key="k"))
    found = submit(cast.alice, parse("립스틱", TIKTOK, "7days"), "k")
    assert isinstance(found, Placed)
    assert (found.search, found.search.status) == (first, Status.CANCELLED)
    assert found.runs == [run_of(first)]


def test_a_key_that_comes_again_with_another_question_is_refused(cast: Cast, live_redis: redis.Redis) -> None:
    ask(cast.alice, key="k")
    with pytest.raises(KeyReused):
        submit(cast.alice, parse("another", TIKTOK, "7days"), "k")
    assert Search.objects.count() == 1


def test_two_questions_under_one_key_at_the_same_moment(cast: Cast, live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    between(monkeypatch, lambda: ask(cast.alice, "one", key="k"))
    with pytest.raises(KeyReused):
        submit(cast.alice, parse("other", TIKTOK, "7days"), "k")
    assert [search.query for search in Search.objects.all()] == ["one"]


def test_keys_of_two_people_have_nothing_to_do_with_each_other(cast: Cast, live_redis: redis.Redis) -> None:
    ask(cast.alice, "one", key="k")
    assert ask(cast.bob, "other", key="k").query == "other"


# Fairness.


def test_one_query_does_not_stand_behind_somebody_elses_thirty(cast: Cast, live_redis: redis.Redis) -> None:
    platform(slots=1)
    for i in range(30):
        ask(cast.alice, f"a{i}")
    assert claimed() == ["a0"]
    ask(cast.bob, "b")
    Run.objects.filter(query="a0").update(status=Status.COMPLETED)
    assert claimed() == ["b"]


def test_runs_that_were_pushed_back_do_not_stand_before_somebody_elses_first(cast: Cast, live_redis: redis.Redis) -> None:
    platform(slots=20)
    for i in range(30):
        ask(cast.alice, f"a{i}")
    assert len(claimed()) == 20
    Run.objects.filter(status=Status.STARTING).update(status=Status.QUEUED, pushbacks=1)  # 429, and their time has come again
    platform(slots=1)
    ask(cast.bob, "b")
    assert claimed() == ["a0"]
    Run.objects.filter(query="a0").update(status=Status.COMPLETED)
    assert claimed() == ["b"]


def test_people_take_turns(cast: Cast, live_redis: redis.Redis) -> None:
    platform(slots=9)
    for i in range(3):
        ask(cast.alice, f"a{i}")
    for i in range(3):
        ask(cast.bob, f"b{i}")
    ask(cast.charlie, "c")
    assert claimed() == ["a0", "b0", "c", "a1", "b1", "a2", "b2"]


def test_who_joins_somebody_elses_thirtieth_query_does_not_wait_for_the_other_twenty_nine(cast: Cast, live_redis: redis.Redis) -> None:
    platform(slots=2)
    for i in range(30):
        ask(cast.alice, f"a{i}")
    ask(cast.bob, "a29")
    assert claimed() == ["a0", "a29"]


def test_joining_moves_nobody_back(cast: Cast, live_redis: redis.Redis) -> None:
    platform(slots=2)
    ask(cast.alice, "a")
    for i in range(9):
        ask(cast.bob, f"b{i}")
    ask(cast.bob, "a")
    assert claimed() == ["a", "b0"]


def test_joining_many_queries_does_not_put_them_all_first(cast: Cast, live_redis: redis.Redis) -> None:
    platform(slots=4)
    for i in range(10):
        ask(cast.alice, f"a{i}")
    for i in range(5, 10):
        ask(cast.bob, f"a{i}")
    ask(cast.charlie, "c")
    assert "c" in claimed()


def stale_refresh(person: User, text: str) -> Run:
    """The refresh that somebody's look at a stale answer has put in the queue."""
    known(text, age_seconds=2 * 86_400)
    found = submit(person, parse(text, TIKTOK, "7days"))
    assert isinstance(found, Hit)
    assert found.stale
    return Run.objects.get(query=text)


def test_a_refresh_waits_until_people_are_served(cast: Cast, live_redis: redis.Redis) -> None:
    platform(slots=2)
    stale_refresh(cast.alice, "old")
    ask(cast.bob, "b0")
    ask(cast.bob, "b1")
    assert claimed() == ["b0", "b1"]


def test_refreshes_do_not_count_against_a_persons_own_searches(cast: Cast, live_redis: redis.Redis) -> None:
    platform(slots=1)
    for i in range(5):
        stale_refresh(cast.alice, f"old{i}")
    for i in range(3):
        ask(cast.bob, f"b{i}")
    ask(cast.alice, "a")
    assert claimed() == ["b0"]
    Run.objects.filter(query="b0").update(status=Status.COMPLETED)
    assert claimed() == ["a"]


def test_a_person_who_waits_promotes_a_refresh(cast: Cast, live_redis: redis.Redis) -> None:
    platform(slots=2)
    for i in range(3):
        run = stale_refresh(cast.alice, f"old{i}")
    assert (run.priority, run.reason) == (1, Run.Reason.REFRESH)
    for i in range(5):
        ask(cast.charlie, f"c{i}")
    memory.clear()
    CachedAnswer.objects.all().delete()
    search = ask(cast.bob, "old2")
    run.refresh_from_db()
    assert (run_of(search), run.priority, run.reason) == (run, 0, Run.Reason.SEARCH)
    assert set(claimed()) == {"c0", "old2"}


# Known answers.


def item_counts(hit: Hit) -> list[int]:
    return [answer.item_count for answer in hit.answers.values()]


@pytest.mark.parametrize(
    ("items", "partial", "age", "stale"), [(3, False, 3_600 * 20, False), (3, False, 90_000, True), (0, False, 4_000, True)]
)
def test_a_known_answer_is_given_at_once(cast: Cast, live_redis: redis.Redis, items: int, partial: bool, age: float, stale: bool) -> None:
    known("k", items, age, partial=partial)
    found = submit(cast.alice, parse("k", TIKTOK, "7days"))
    assert isinstance(found, Hit)
    assert (found.stale, item_counts(found)) == (stale, [items])
    assert Run.objects.filter(reason=Run.Reason.REFRESH, status=Status.QUEUED).count() == stale
    assert not Search.objects.exists()
    assert len(queued_jobs(live_redis, "warm")) == stale
    assert not queued_jobs(live_redis, "search")


def test_many_looks_at_a_stale_answer_are_one_refresh(cast: Cast, live_redis: redis.Redis) -> None:
    known("k", age_seconds=90_000)
    for person in (cast.alice, cast.bob, cast.alice):
        submit(person, parse("k", TIKTOK, "7days"))
    assert Run.objects.count() == 1


def test_a_process_that_has_not_heard_of_the_refresh_does_not_pay_for_another(cast: Cast, live_redis: redis.Redis) -> None:
    known("k", age_seconds=90_000)
    submit(cast.alice, parse("k", TIKTOK, "7days"))
    Run.objects.update(status=Status.COMPLETED)
    known("k", items=5)  # the store has the new answer, and this process still holds the old one in its memory
    found = submit(cast.alice, parse("k", TIKTOK, "7days"))
    assert isinstance(found, Hit)
    assert (found.stale, item_counts(found)) == (False, [5])
    assert Run.objects.count() == 1


# When things are away.


def test_without_redis_nothing_new_is_taken(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    with redis_away(monkeypatch), pytest.raises(Unavailable):
        ask(cast.alice, key="k")
    assert (Run.objects.count(), Search.objects.count()) == (0, 0)


def test_without_redis_what_is_known_comes_and_its_refresh_is_written(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Follow rings for it once Redis is back: nobody waits for it."""
    known("k", age_seconds=90_000)
    with redis_away(monkeypatch):
        assert isinstance(submit(cast.alice, parse("k", TIKTOK, "7days")), Hit)
    assert Run.objects.get().status == Status.QUEUED


def test_without_redis_a_key_still_finds_its_search(cast: Cast, live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ask(cast.alice, key="k")
    with redis_away(monkeypatch):
        assert ask(cast.alice, key="k") == first


def test_items_per_run_and_actor_are_those_of_now(cast: Cast, live_redis: redis.Redis) -> None:
    platform(item_limit=7, actor="apidojo/tiktok-scraper")
    run = run_of(ask(cast.alice))
    assert (run.item_limit, run.actor) == (7, "apidojo/tiktok-scraper")


def test_a_run_that_has_ended_is_not_joined(cast: Cast, live_redis: redis.Redis) -> None:
    first = ask(cast.alice)
    for status in (Status.FAILED, Status.CANCELLED, Status.COMPLETED):
        set_row(run_of(first), status=status)
        assert run_of(ask(cast.bob, "립스틱")).status == Status.QUEUED
        cancel(Search.objects.get(user=cast.bob, status=Status.QUEUED))
