"""Answers in MongoDB while it expires them, is killed, hangs, and comes back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone

from searches.cache import breaker as breakers
from searches.cache import store
from searches.cache.answer import Answer
from searches.cache.breaker import Away, breaker
from searches.cache.models import CachedAnswer
from searches.cache.router import DOCUMENTS
from searches.query import Query
from tests.cache.test_store import kept, of
from tests.mongo import MongoServer, a_name, documents_at, server
from tests.rows import ASKED, make_answer
from tests.waiting import until

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def fragile_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    with server(tmp_path_factory.mktemp("fragile")) as running:
        yield running


@pytest.fixture
def fragile(db: None, fragile_process: MongoServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[MongoServer]:
    """A MongoDB that this test may kill or freeze."""
    monkeypatch.setattr(breakers, "PROBE_SECONDS", 0.1)
    if not fragile_process.process:
        fragile_process.start()
    name = a_name()
    with documents_at(fragile_process.uri(name) + "?serverSelectionTimeoutMS=1000&timeoutMS=1000"):
        with breakers.within(60):
            call_command("migrate", "cache", database=DOCUMENTS, verbosity=0)
        yield fragile_process
        breaker(DOCUMENTS).close()
        if fragile_process.process:
            fragile_process.thaw()


def put(answer: Answer) -> None:
    store.put(answer, ASKED.text, ASKED.platform, ASKED.date_range)


def asked_of_documents(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Fills with whatever this process's requests ask of MongoDB from now on; what the probe asks is not among it."""
    asked: list[str] = []
    held = store._held

    def count(rows: Any) -> Any:
        if rows.db == DOCUMENTS:
            asked.append("read")
        return held(rows)

    monkeypatch.setattr(store, "_held", count)
    return asked


def here() -> list[str]:
    """Answers in the main database."""
    return list(CachedAnswer.objects.using("default").values_list("key", flat=True))


def there() -> list[str]:
    return list(CachedAnswer.objects.using(DOCUMENTS).values_list("key", flat=True))


def test_it_works(fragile: MongoServer) -> None:
    answer = make_answer()
    assert (there(), here()) == ([ASKED.key], [])
    found = store.get(ASKED.key)
    assert found is not None
    assert kept(found) == kept(answer)


# Expiry.


def test_expired_documents_go_by_themselves(fragile: MongoServer) -> None:
    make_answer(Query("b", "tiktok", "all"))
    put(of(1, expires_at=timezone.now() + timedelta(seconds=0.2)))
    assert len(there()) == 2
    until(lambda: there() == ["tiktok:b:all"])


def test_expired_is_not_served_though_nothing_deletes_it(both: None, mongo_process: MongoServer) -> None:
    assert mongo_process.parameters["ttlMonitorEnabled"] == "false"
    put(of(1, expires_at=timezone.now() - timedelta(seconds=1)))
    assert there() == [ASKED.key]
    assert store.get(ASKED.key) is None
    assert store.purge_expired() == 1
    assert there() == []


# Killed, or hanging.


@pytest.fixture(params=["killed", "hanging"])
def away(request: pytest.FixtureRequest, fragile: MongoServer) -> MongoServer:
    """It holds an answer, and does not answer any more."""
    put(of(1, 2, age=60))
    fragile.kill() if request.param == "killed" else fragile.freeze()
    return fragile


def back(server: MongoServer) -> None:
    server.thaw() if server.process else server.start()
    until(lambda: not breaker(DOCUMENTS).is_open)


def test_away_costs_its_time_out_once(away: MongoServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    asked = asked_of_documents(monkeypatch)
    assert [store.get(ASKED.key) for _i in range(50)] == [None] * 50
    store.count_accesses({ASKED.key: 1})
    assert store.purge_expired() == 0
    with pytest.raises(Away):
        store.forget([ASKED.key])
    assert asked == ["read"]
    assert len([r for r in caplog.records if (r.name, r.levelname) == ("scout.cache", "WARNING")]) == 1
    back(away)
    found = store.get(ASKED.key)
    assert found is not None
    assert found.item_count == 2


def test_answer_written_meanwhile_is_kept_and_served(away: MongoServer) -> None:
    put(of(1, 2, 3, actor="owner/actor"))
    assert here() == [ASKED.key]
    found = store.get(ASKED.key)
    assert found is not None
    assert (found.item_count, found.actor) == (3, "owner/actor")
    assert (store.bring_home(), here()) == (0, [ASKED.key])
    back(away)
    assert store.bring_home() == 1
    assert (there(), here()) == ([ASKED.key], [])
    found = store.get(ASKED.key)
    assert found is not None
    assert (found.item_count, found.new_count) == (3, 1)


# Bringing home.


@pytest.fixture
def both(documents: None) -> None:
    """MongoDB is there."""


def put_here(answer: Answer, asked: Query = ASKED) -> None:
    """As if MongoDB had been away."""
    question = {"query": asked.text, "platform": asked.platform, "date_range": asked.date_range}
    store._write("default", replace(answer, key=asked.key), question)


def test_without_mongodb_there_is_nowhere_to_go(db: None) -> None:
    make_answer()
    assert (store.bring_home(), here()) == (0, [ASKED.key])


def test_found_here_while_it_is_not_home_yet(both: None) -> None:
    put_here(of(1))
    assert store.get(ASKED.key) is not None


def test_stale_one_there_does_not_hide_a_new_one_here(both: None, settings: Any) -> None:
    """It would be paid for again."""
    put(of(1, age=settings.FRESH_SECONDS + 60))
    put_here(of(1, 2))
    found = store.get(ASKED.key)
    assert found is not None
    assert found.item_count == 2


def test_fresh_one_there_is_found_in_one_reading(both: None, django_assert_num_queries: Any) -> None:
    put(of(1))
    with django_assert_num_queries(0):  # of the main database
        assert store.get(ASKED.key) is not None


def test_older_one_does_not_come_over_newer(both: None) -> None:
    put(of(1, 2))
    put_here(of(1, age=60))
    store.bring_home()
    found = store.get(ASKED.key)
    assert found is not None
    assert (found.item_count, here()) == (2, [])


def test_newest_first_and_only_so_many(both: None) -> None:
    for n in range(5):
        put_here(of(1, age=n * 60), Query(f"q{n}", "tiktok", "all"))
    assert store.bring_home(limit=2) == 2
    assert sorted(there()) == ["tiktok:q0:all", "tiktok:q1:all"]
    assert (store.bring_home(), store.bring_home(), here()) == (3, 0, [])


def test_expired_ones_are_left_behind(both: None) -> None:
    put_here(of(1, expires_at=timezone.now() - timedelta(seconds=1)))
    assert (store.bring_home(), here(), there()) == (0, [], [])


def test_killed_between_the_two_steps(both: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in both places then; the next time it is only there, and the same."""
    put_here(of(1, 2, age=60))
    put_here(of(2, 3))
    write = store._write

    def die_after(*args: Any, **values: Any) -> None:
        write(*args, **values)
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(store, "_write", die_after)
        with pytest.raises(KeyboardInterrupt):
            store.bring_home()
    assert (here(), there()) == ([ASKED.key], [ASKED.key])
    assert (store.bring_home(), here()) == (1, [])
    found = store.get(ASKED.key)
    assert found is not None
    assert (found.item_count, found.new_count) == (2, 1)


def test_written_here_again_while_it_is_moved(both: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """By another process, for which MongoDB is away: that one stays until next time."""
    put_here(of(1, age=60))
    write = store._write

    def slow(alias: str, *args: Any, **values: Any) -> None:
        write(alias, *args, **values)
        if alias == DOCUMENTS:
            put_here(of(1, 2))

    monkeypatch.setattr(store, "_write", slow)
    store.bring_home()
    assert here() == [ASKED.key]
    monkeypatch.setattr(store, "_write", write)
    store.bring_home()
    found = store.get(ASKED.key)
    assert found is not None
    assert (found.item_count, here()) == (2, [])


def test_askings_are_counted_where_the_answer_is(both: None) -> None:
    make_answer()
    breaker(DOCUMENTS).trip(OperationalError())
    make_answer(Query("b", "tiktok", "all"))
    store.count_accesses({ASKED.key: 1, "tiktok:b:all": 2})
    breaker(DOCUMENTS).close()
    store.count_accesses({ASKED.key: 3, "tiktok:b:all": 4})
    assert CachedAnswer.objects.using("default").get().access_count == 6
    assert CachedAnswer.objects.using(DOCUMENTS).get().access_count == 3
    store.bring_home()
    assert {a.key: a.access_count for a in CachedAnswer.objects.all()} == {ASKED.key: 3, "tiktok:b:all": 6}


def test_forgotten_in_both_places(both: None) -> None:
    """Or bring_home would bring it back."""
    put(of(1))
    put_here(of(1))
    assert store.forget([ASKED.key]) == 2
    assert (here(), there()) == ([], [])


# Before MongoDB was switched on.


def test_answers_of_before_are_served_and_moved(db: None, migrated: str) -> None:
    make_answer()
    with documents_at(migrated):
        CachedAnswer.objects.using(DOCUMENTS).all().delete()
        assert store.get(ASKED.key) is not None
        assert (store.bring_home(), here(), there()) == (1, [], [ASKED.key])
