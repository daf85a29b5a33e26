"""The second cache tier."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from searches.cache import store
from searches.cache.answer import Answer
from searches.cache.models import CachedAnswer
from searches.query import Query
from tests.rows import ASKED, make_answer

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_failed_at", float("-inf"))


def put(answer: Answer) -> None:
    store.put(answer, ASKED.text, ASKED.platform, ASKED.date_range)


def test_it_works() -> None:
    answer = make_answer(items=3, gaps=(1, 4))
    found = store.get(ASKED.key)
    assert found == answer
    assert found is not None
    assert (found.gaps, found.rows, found.etag) == ((1, 4), 5, answer.etag)
    assert store.get("tiktok:nothing:7days") is None


def test_row_is_what_the_design_names() -> None:
    make_answer(Query("  Make  UP ", "tiktok", "7days"))
    row = CachedAnswer.objects.get()
    assert (row.key, row.query, row.platform, row.date_range) == ("tiktok:make up:7days", "make up", "tiktok", "7days")
    assert (row.access_count, row.item_count) == (0, 3)


def test_body_comes_back_byte_for_byte() -> None:
    body = '[{"title":"메이크업 💄 \\u2028 </script>","n":9007199254740991}]'.encode()
    put(replace(make_answer(), body=body, created_at=timezone.now()))
    found = store.get(ASKED.key)
    assert found is not None
    assert found.body == body


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
    assert store.get(ASKED.key) == answer


def test_writing_keeps_the_count_of_askings() -> None:
    make_answer(age=100)
    store.count_accesses({ASKED.key: 5})
    make_answer()
    assert CachedAnswer.objects.get().access_count == 5


def test_newer_wins_though_an_older_one_slipped_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both found no row; the older one's INSERT came first."""
    older, newer = (replace(make_answer(items=n), created_at=timezone.now() - timedelta(seconds=s)) for n, s in ((1, 60), (2, 0)))
    CachedAnswer.objects.all().delete()
    update, slipped = QuerySet.update, []

    def update_then_lose(self: QuerySet[Any], **values: Any) -> int:
        changed = int(update(self, **values))
        if not changed and not slipped:
            slipped.append(True)
            put(older)
        return changed

    monkeypatch.setattr(QuerySet, "update", update_then_lose)
    put(newer)
    found = store.get(ASKED.key)
    assert found is not None
    assert found.item_count == 2


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
            connection.close()

    with ThreadPoolExecutor(len(answers)) as threads:
        list(threads.map(write, answers))
    found = store.get(ASKED.key)
    assert found is not None
    assert found.item_count == 1


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


def test_nobody_asks_again_for_a_few_seconds(broken: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch) -> None:
    make_answer()
    broken(True)
    store.get(ASKED.key)
    broken(False)
    with CaptureQueriesContext(connection) as queries:
        assert store.get(ASKED.key) is None
    assert len(queries) == 0
    monkeypatch.setattr(store, "_failed_at", store._failed_at - store.BREAKER_SECONDS)
    assert store.get(ASKED.key) is not None


def test_writing_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The collector tries again."""
    answer = make_answer()

    def fail(*args: Any, **values: Any) -> int:
        raise OperationalError("read only")

    monkeypatch.setattr(QuerySet, "update", fail)
    with pytest.raises(DatabaseError):
        put(answer)


# Counting.


def test_counts_add_up() -> None:
    make_answer()
    store.count_accesses({ASKED.key: 2, "tiktok:gone:7days": 1})
    store.count_accesses({ASKED.key: 3})
    assert CachedAnswer.objects.get().access_count == 5
