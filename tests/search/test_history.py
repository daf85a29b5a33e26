"""Who was served a known answer, written behind."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from searches.accounts.models import User
from searches.cache.models import CachedAnswer
from searches.query import Query
from searches.search import history
from searches.search.models import Search, Status
from tests.cast import Cast
from tests.rows import ASKED, hit_of, make_answer


@pytest.fixture(autouse=True)
def _nothing_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    history._searches.clear()
    history._asked.clear()


def test_it_works(cast: Cast) -> None:
    hit = hit_of(make_answer(items=4))
    history.note(cast.alice, ASKED, hit)
    history.note(cast.bob, ASKED, hit)
    assert history.flush() == 2
    rows = Search.objects.order_by("user__username")
    assert [(s.user.username, s.status, s.cached, s.item_count, s.answer_key) for s in rows] == [
        ("alice", Status.COMPLETED, True, 4, ASKED.key),
        ("bob", Status.COMPLETED, True, 4, ASKED.key),
    ]
    assert CachedAnswer.objects.get().access_count == 2


def test_noting_touches_no_database(cast: Cast) -> None:
    hit = hit_of(make_answer())
    with CaptureQueriesContext(connection) as queries:
        history.note(cast.alice, ASKED, hit)
    assert len(queries) == 0


def test_what_was_typed_is_kept_as_typed(cast: Cast) -> None:
    asked = Query("Make UP", "tiktok", "7days")
    history.note(cast.alice, asked, hit_of(make_answer(asked)))
    history.flush()
    row = Search.objects.get()
    assert (row.query, row.answer_key) == ("Make UP", "tiktok:make up:7days")
    assert row.created_at == row.finished_at


def test_each_platform_of_an_answer_is_counted(cast: Cast) -> None:
    answers = [make_answer(Query("a", platform, "all")) for platform in ("tiktok", "douyin")]
    history.note(cast.alice, Query("a", "all", "all"), hit_of(*answers))
    history.flush()
    assert list(CachedAnswer.objects.values_list("access_count", flat=True)) == [1, 1]
    assert Search.objects.get().item_count == 6


@pytest.mark.django_db
def test_nothing_to_write() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert history.flush() == 0
    assert len(queries) == 0


def test_written_once(cast: Cast) -> None:
    history.note(cast.alice, ASKED, hit_of(make_answer()))
    assert [history.flush() for _i in range(3)] == [1, 0, 0]


def test_person_who_is_gone_takes_nobody_elses_history_along(cast: Cast) -> None:
    hit = hit_of(make_answer())
    for user in (cast.alice, cast.bob):
        history.note(user, ASKED, hit)
    User.objects.get(pk=cast.alice.pk).delete()
    assert history.flush() == 1
    assert Search.objects.get().user == cast.bob
    assert CachedAnswer.objects.get().access_count == 2


def test_many_in_few_statements(cast: Cast) -> None:
    hit = hit_of(make_answer())
    for _i in range(1_200):
        history.note(cast.alice, ASKED, hit)
    with CaptureQueriesContext(connection) as queries:
        assert history.flush() == 1_200
    assert len([q for q in queries if q["sql"].startswith("INSERT")]) <= 30
    assert CachedAnswer.objects.get().access_count == 1_200


def test_bounded(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the database is away, memory does not grow without end."""
    monkeypatch.setattr(history, "_MOST", 10)
    hit = hit_of(make_answer())
    for _i in range(50):
        history.note(cast.alice, ASKED, hit)
    assert history.flush() == 10


def test_noting_from_many_threads(cast: Cast) -> None:
    hit = hit_of(make_answer())
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _i: history.note(cast.alice, ASKED, hit), range(200)))
    assert history.flush() == 200


@pytest.mark.django_db
def test_database_that_is_away_does_not_end_the_thread(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """The loop goes on; that second's history is lost, and said to be."""
    rounds: list[float] = []

    class Over(Exception):
        pass

    def pause(seconds: float) -> None:
        rounds.append(seconds)
        if len(rounds) == 3:
            raise Over
        history._asked.update(["x"])

    def fail(*args: object, **values: object) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(history, "time", SimpleNamespace(sleep=pause))
    monkeypatch.setattr(QuerySet, "update", fail)
    monkeypatch.setattr(history, "connection", SimpleNamespace(close=lambda: None))
    with pytest.raises(Over):
        history._write_forever()
    assert caplog.text.count("history of a second was not written") == 2
