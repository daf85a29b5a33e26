"""The second cache tier, in the main database and in MongoDB: both keep the same promises."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connections
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from searches.cache import fit, store
from searches.cache.answer import Answer, etag_of
from searches.cache.breaker import Away, breaker
from searches.cache.models import CachedAnswer
from searches.cache.router import aliases
from searches.query import Query
from tests.rows import ASKED, item, make_answer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True, params=["main", "documents"])
def _kept_in(request: pytest.FixtureRequest, db: None) -> None:
    """Every test here: once with answers in the main database, once with them in MongoDB."""
    if request.param == "documents":
        request.getfixturevalue("documents")


@pytest.fixture(autouse=True)
def _no_breaker(_kept_in: None) -> Iterator[None]:
    yield
    for alias in aliases():
        breaker(alias).close()


def put(answer: Answer) -> None:
    store.put(answer, ASKED.text, ASKED.platform, ASKED.date_range)


def kept(answer: Answer) -> Answer:
    """As a store keeps it: to the millisecond."""
    return replace(answer, created_at=store._tick(answer.created_at), expires_at=store._tick(answer.expires_at))


def of(*numbers: int, age: float = 0.0, **values: Any) -> Answer:
    """An answer that has these posts, fetched `age` seconds ago; not in the store."""
    body = json.dumps([item(number) for number in numbers]).encode()
    now = timezone.now() - timedelta(seconds=age)
    made = Answer(ASKED.key, body, (), len(numbers), 0, False, now, now + timedelta(days=90), etag_of(body))
    return replace(made, **values)


def stored() -> Answer:
    found = store.get(ASKED.key)
    assert found is not None
    return found


def test_it_works() -> None:
    answer = make_answer(items=3, gaps=(1, 4))
    found = stored()
    assert kept(found) == kept(answer)
    assert found is not None
    assert (found.gaps, found.rows, found.etag) == ((1, 4), 5, answer.etag)
    assert store.get("tiktok:nothing:7days") is None


def test_row_is_what_the_design_names() -> None:
    make_answer(Query("  Make  UP ", "tiktok", "7days"))
    row = CachedAnswer.objects.get()
    assert (row.key, row.query, row.platform, row.date_range) == ("tiktok:make up:7days", "make up", "tiktok", "7days")
    assert (row.access_count, row.item_count) == (0, 3)


def test_where_it_comes_from_is_kept() -> None:
    put(of(1, actor="owner/actor", outside_count=7, window_days=90))
    found = stored()
    assert (found.actor, found.outside_count, found.window_days, found.new_count, found.previous_at) == ("owner/actor", 7, 90, None, None)


def test_second_actor_has_answers_of_its_own() -> None:
    """The longest names that there may be."""
    platform = f"xiaohongshu@{'o' * 60}~{'a' * 60}"
    asked = Query("메" * 100, platform, "3months")
    make_answer(asked)
    make_answer(replace(asked, platform="xiaohongshu"))
    assert store.get(asked.key) is not None
    assert CachedAnswer.objects.filter(platform=platform).count() == 1


@pytest.mark.parametrize("text", ["$where", "{$ne: 1}", "a:b", "a.b", "%", "_id", "' or 1=1 --"])
def test_queries_are_taken_as_they_are(text: str) -> None:
    asked = Query(text, "tiktok", "all")
    make_answer(asked)
    make_answer(asked, items=4)
    found = store.get(asked.key)
    assert found is not None
    assert (found.item_count, CachedAnswer.objects.get().query) == (4, text)
    store.count_accesses({asked.key: 2})
    assert (CachedAnswer.objects.get().access_count, store.forget([asked.key])) == (2, 1)


def test_body_comes_back_byte_for_byte() -> None:
    body = '[{"title":"메이크업 💄 \\u2028 </script>","n":9007199254740991}]'.encode()
    put(replace(of(), body=body))
    assert stored().body == body


# The newer wins.


def test_newer_over_older() -> None:
    make_answer(items=1, age=100)
    make_answer(items=2)
    found = store.get(ASKED.key)
    assert found is not None
    assert found.item_count == 2
    assert CachedAnswer.objects.count() == 1


def test_older_does_not_come_over_newer() -> None:
    make_answer(items=2)
    make_answer(items=1, age=100)
    found = store.get(ASKED.key)
    assert found is not None
    assert found.item_count == 2


def test_same_again() -> None:
    answer = make_answer()
    put(answer)
    assert kept(stored()) == kept(answer)


def test_writing_keeps_the_count_of_askings() -> None:
    make_answer(age=100)
    store.count_accesses({ASKED.key: 5})
    make_answer()
    assert CachedAnswer.objects.get().access_count == 5


@pytest.fixture
def slips_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], None]:
    """Another collector writes this answer between the reading and the writing of the next one."""
    compared, others = store._compared, list[Answer]()

    def lose(*args: Any) -> Answer:
        if others:
            put(others.pop())
        return compared(*args)

    monkeypatch.setattr(store, "_compared", lose)
    return others.append


@pytest.mark.parametrize(("age", "kept_items"), [(60, 2), (-60, 1)])
def test_another_one_is_inserted_in_between(slips_in: Callable[[Answer], None], age: int, kept_items: int) -> None:
    """Both found no row, and the other one's INSERT came first: the newer stays, whichever it is."""
    slips_in(of(1, age=age))
    put(of(1, 2))
    assert stored().item_count == kept_items


def test_another_one_is_written_in_between(slips_in: Callable[[Answer], None]) -> None:
    """What it is compared with is what it replaces."""
    put(of(1, age=60))
    slips_in(of(1, 2, age=30))
    put(of(1, 2, 3))
    assert (stored().item_count, stored().new_count) == (3, 1)


def test_always_another_one_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    """It gives up comparing, not writing."""
    ages = iter(range(1_000, 0, -1))
    put(of(1, age=2_000))
    compared = store._compared

    def lose(*args: Any) -> Answer:
        CachedAnswer.objects.update(created_at=timezone.now() - timedelta(seconds=next(ages)))
        return compared(*args)

    monkeypatch.setattr(store, "_compared", lose)
    put(of(1, 2))
    assert stored().item_count == 2


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_many_at_once_leave_the_newest() -> None:
    now = timezone.now()
    answers = [replace(make_answer(items=n), created_at=now - timedelta(seconds=n)) for n in range(1, 9)]
    CachedAnswer.objects.all().delete()
    together = threading.Barrier(len(answers))

    def write(answer: Answer) -> None:
        together.wait()
        try:
            put(answer)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(answers)) as threads:
        list(threads.map(write, answers))
    found = store.get(ASKED.key)
    assert found is not None
    assert found.item_count == 1


# What is new in it.


def test_what_is_new_is_counted() -> None:
    put(of(1, 2, 3, age=60))
    assert (stored().new_count, stored().previous_at) == (None, None)
    previous = stored().created_at
    put(of(2, 3, 4, 5))
    assert (stored().new_count, stored().previous_at) == (2, previous)


def test_nothing_is_new() -> None:
    put(of(1, 2, age=60))
    put(of(2, 1))
    assert stored().new_count == 0


def test_posts_of_two_platforms_are_told_apart() -> None:
    put(of(1, age=60))
    body = json.dumps([item(1, "douyin") | {"id": "tiktok-1"}]).encode()
    put(of(1, body=body))
    assert stored().new_count == 1


def test_written_twice_keeps_what_was_new() -> None:
    """A collector that died after writing it: the next one writes it again."""
    put(of(1, age=60))
    answer = of(1, 2)
    put(answer)
    put(answer)
    assert stored().new_count == 1


def test_expired_answer_is_nothing_to_compare_with() -> None:
    put(of(1, age=60, expires_at=timezone.now() - timedelta(seconds=1)))
    put(of(2))
    assert (stored().new_count, stored().previous_at) == (None, None)


@pytest.mark.parametrize("body", [b"not json", b"[1]", b"{}", b"5"])
def test_row_changed_by_hand_keeps_no_answer_out(body: bytes) -> None:
    put(of(1, age=60, body=body))
    put(of(2))
    assert stored().item_count == 1


def test_answer_that_is_too_large_is_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit.fit, "__defaults__", (2_000,))
    put(of(*range(50)))
    found = stored()
    assert len(found.body) <= 2_000
    assert (found.partial, found.rows) == (True, 50)


# Expiry.


def test_expired_is_not_there_though_its_row_is() -> None:
    put(replace(make_answer(), expires_at=timezone.now() - timedelta(seconds=1), created_at=timezone.now()))
    assert CachedAnswer.objects.exists()
    assert store.get(ASKED.key) is None


def test_purge_takes_the_expired_and_only_so_many() -> None:
    for n in range(5):
        make_answer(Query(f"q{n}", "tiktok", "all"))
    CachedAnswer.objects.filter(query__in=["q0", "q1", "q2"]).update(expires_at=timezone.now() - timedelta(days=1))
    assert (store.purge_expired(limit=2), store.purge_expired(limit=2), store.purge_expired()) == (2, 1, 0)
    assert set(CachedAnswer.objects.values_list("query", flat=True)) == {"q3", "q4"}


# Forgetting.


def test_forgotten_and_only_that() -> None:
    make_answer()
    make_answer(Query("b", "tiktok", "all"))
    assert store.forget([ASKED.key, "tiktok:nothing:7days"]) == 1
    assert store.get(ASKED.key) is None
    assert CachedAnswer.objects.count() == 1
    assert store.forget([]) == 0


# Storage that fails.


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Let reading fail, or work again."""
    values = QuerySet.values

    def set_broken(fails: bool) -> None:
        def fail(*args: Any) -> None:
            raise OperationalError("the disk is gone, password=hunter2")

        monkeypatch.setattr(QuerySet, "values", fail if fails else values)

    return set_broken


def test_storage_error_is_a_logged_miss(broken: Callable[[bool], None], caplog: pytest.LogCaptureFixture) -> None:
    make_answer()
    broken(True)
    assert store.get(ASKED.key) is None
    assert "OperationalError" in caplog.text
    assert "hunter2" not in caplog.text


def queries_of_get() -> int:
    """What a reading asks of any database."""
    with ExitStack() as stack:
        all_queries = [stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in aliases()]
        store.get(ASKED.key)
    return sum(len(queries) for queries in all_queries)


def test_nobody_asks_again_until_it_answers(broken: Callable[[bool], None]) -> None:
    make_answer()
    broken(True)
    store.get(ASKED.key)
    broken(False)
    assert [queries_of_get() for _i in range(3)] == [0, 0, 0]
    for alias in aliases():
        breaker(alias).close()
    assert store.get(ASKED.key) is not None


def test_forgetting_says_that_it_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise OperationalError("read only")

    make_answer()
    with monkeypatch.context() as failing:
        failing.setattr(QuerySet, "delete", fail)
        with pytest.raises(Away):
            store.forget([ASKED.key])
    assert CachedAnswer.objects.count() == 1


def test_writing_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The collector tries again."""
    answer = make_answer()

    def fail(*args: Any, **values: Any) -> int:
        raise OperationalError("read only")

    monkeypatch.setattr(QuerySet, "update", fail)
    monkeypatch.setattr(QuerySet, "create", fail)
    with pytest.raises(DatabaseError):
        put(answer)


# Counting.


def test_counts_add_up() -> None:
    make_answer()
    store.count_accesses({ASKED.key: 2, "tiktok:gone:7days": 1})
    store.count_accesses({ASKED.key: 3})
    assert CachedAnswer.objects.get().access_count == 5
