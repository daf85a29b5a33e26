"""Reading an answer: memory first, then the store."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from searches.cache import lookup, store
from searches.cache.lookup import find
from searches.cache.memory import memory
from searches.cache.models import CachedAnswer
from tests.rows import ASKED, make_answer

pytestmark = pytest.mark.django_db


def queries_of_find() -> int:
    with CaptureQueriesContext(connection) as queries:
        find(ASKED.key)
    return len(queries)


def test_it_works() -> None:
    assert find(ASKED.key) is None
    answer = make_answer()
    assert find(ASKED.key) == answer


def test_the_second_reading_asks_no_database() -> None:
    make_answer()
    assert [queries_of_find() for _i in range(3)] == [1, 0, 0]


def test_a_miss_is_not_remembered() -> None:
    find(ASKED.key)
    make_answer()
    assert find(ASKED.key) is not None


def test_stale_is_found_and_gone_is_not() -> None:
    make_answer(age=settings.FRESH_SECONDS + 1)
    assert find(ASKED.key) is not None
    memory.clear()
    CachedAnswer.objects.all().delete()
    make_answer(age=settings.KEEP_SECONDS + 1)
    assert find(ASKED.key) is None


def test_expires_in_memory_too() -> None:
    answer = make_answer()
    memory.put(replace(answer, expires_at=timezone.now() - timedelta(seconds=1)), memory.version)
    store.purge_expired()
    CachedAnswer.objects.all().delete()
    assert find(ASKED.key) is None


def test_an_expired_one_in_memory_does_not_hide_a_new_one() -> None:
    """The word that it changed may have been lost with Redis."""
    answer = make_answer()
    memory.put(replace(answer, expires_at=timezone.now() - timedelta(seconds=1)), memory.version)
    assert find(ASKED.key) == answer
    assert queries_of_find() == 0


def test_what_changed_while_it_was_read_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    old, read = make_answer(items=1, age=60), store.get

    def slow(key: str) -> Any:
        found = read(key)
        make_answer(items=2)
        memory.drop(key)  # what the collector says on Redis
        return found

    monkeypatch.setattr(lookup.store, "get", slow)
    assert find(ASKED.key) == old
    monkeypatch.setattr(lookup.store, "get", read)
    found = find(ASKED.key)
    assert found is not None
    assert found.item_count == 2


def test_memory_serves_while_the_store_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = make_answer()
    find(ASKED.key)
    monkeypatch.setattr(lookup.store, "get", lambda key: None)
    assert find(ASKED.key) == answer


def test_reading_makes_nothing_fresher() -> None:
    make_answer(age=settings.FRESH_SECONDS - 5)
    first = find(ASKED.key)
    second = find(ASKED.key)
    assert first is not None
    assert second is not None
    assert first.created_at == second.created_at
