"""The breaker in front of a database of answers: a server that is dead or hangs costs its time-out once."""

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import DataError, OperationalError

from searches.cache import breaker as breakers
from searches.cache.breaker import Away, Breaker, breaker
from searches.cache.router import DOCUMENTS
from tests.mongo import documents_at
from tests.waiting import until

pytestmark = pytest.mark.django_db
SECRET = "hunter2"


class Storage:
    """What is behind the breaker: counts how often it is asked."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.asked = 0
        self.probed = 0

    def ask(self) -> str:
        self.asked += 1
        if self.error:
            raise self.error
        return "an answer"

    def probe(self, alias: str) -> None:
        self.probed += 1
        if self.error:
            raise self.error


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Storage:
    made = Storage()
    monkeypatch.setattr(breakers, "read", made.probe)
    monkeypatch.setattr(breakers, "PROBE_SECONDS", 0.02)
    return made


@pytest.fixture
def front(storage: Storage) -> Iterator[Breaker]:
    made = Breaker("another")
    yield made
    made.close()
    until(lambda: made._prober is None or not made._prober.is_alive())


def ask(front: Breaker, storage: Storage) -> str:
    try:
        with front.guarded():
            return storage.ask()
    except Away:
        return "away"


def test_it_works(front: Breaker, storage: Storage, caplog: pytest.LogCaptureFixture) -> None:
    assert (ask(front, storage), front.is_open) == ("an answer", False)
    storage.error = OperationalError(f"no route to {SECRET}")
    assert [ask(front, storage) for _i in range(20)] == ["away"] * 20
    assert (storage.asked, front.is_open) == (2, True)
    until(lambda: storage.probed >= 3)
    assert (storage.asked, front.is_open) == (2, True)
    storage.error = None
    until(lambda: not front.is_open)
    assert ask(front, storage) == "an answer"
    assert [r.levelname for r in caplog.records if "does not answer" in r.message] == ["WARNING"]
    assert SECRET not in caplog.text


def test_many_at_once_have_one_probe(front: Breaker, storage: Storage) -> None:
    storage.error = OperationalError()
    together = threading.Barrier(8)

    def fail() -> None:
        together.wait()
        ask(front, storage)

    threads = [threading.Thread(target=fail) for _i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [thread.name for thread in threading.enumerate()].count("probe-another") == 1


def test_what_only_this_document_cannot_do_opens_nothing(front: Breaker, storage: Storage) -> None:
    storage.error = DataError("too long")
    assert (ask(front, storage), front.is_open) == ("away", False)


def test_errors_of_ours_pass(front: Breaker, storage: Storage) -> None:
    storage.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        ask(front, storage)
    assert not front.is_open


def test_a_probe_that_goes_wrong_in_another_way_goes_on(front: Breaker, storage: Storage) -> None:
    front.trip(OperationalError())
    storage.error = RuntimeError("what was never thought of")
    until(lambda: storage.probed >= 2)
    assert front.is_open
    storage.error = None
    until(lambda: not front.is_open)


def test_forked_child_finds_out_for_itself(front: Breaker, storage: Storage) -> None:
    """Its parent's probe is not there, and would leave it without MongoDB for good."""
    storage.error = OperationalError()
    ask(front, storage)
    child = os.fork()
    if child == 0:
        os._exit(7 if front.is_open else 3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    assert front.is_open


def test_answers_tells_and_trips(front: Breaker, storage: Storage) -> None:
    assert front.answers()
    storage.error = OperationalError()
    assert [front.answers() for _i in range(5)] == [False] * 5
    assert front.is_open


def test_slow_look_is_no_bad_one(front: Breaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look at a time, however many ask; what it finds out counts for the next."""
    begun, over = [], threading.Event()

    def look(alias: str) -> None:
        begun.append(alias)
        over.wait(20)
        raise OperationalError

    monkeypatch.setattr(breakers, "read", look)
    monkeypatch.setattr(breakers, "PING_SECONDS", 0.01)
    assert [front.answers() for _i in range(5)] == [True] * 5
    assert begun == ["another"]
    over.set()
    until(lambda: front.is_open)
    assert not front.answers()


def test_one_in_a_process() -> None:
    assert breaker("default") is breaker("default")
    assert breaker("default") is not breaker(DOCUMENTS)


# What MongoDB's driver raises.


def _raised(name: str) -> Exception:
    from bson.errors import InvalidDocument
    from pymongo.errors import AutoReconnect, DocumentTooLarge, ServerSelectionTimeoutError

    made: dict[str, Callable[[], Exception]] = {
        "AutoReconnect": lambda: AutoReconnect(SECRET),
        "ServerSelectionTimeoutError": lambda: ServerSelectionTimeoutError(SECRET),
        "InvalidDocument": lambda: InvalidDocument(SECRET),
        "DocumentTooLarge": lambda: DocumentTooLarge(SECRET),
        "OverflowError": lambda: OverflowError(SECRET),
    }
    return made[name]()


@pytest.mark.parametrize(
    ("name", "opens"),
    [
        ("AutoReconnect", True),
        ("ServerSelectionTimeoutError", True),
        ("InvalidDocument", False),
        ("DocumentTooLarge", False),
        ("OverflowError", False),
    ],
)
def test_errors_that_django_does_not_know(storage: Storage, caplog: Any, name: str, opens: bool) -> None:
    front = Breaker(DOCUMENTS)
    storage.error = _raised(name)
    with documents_at("mongodb://127.0.0.1:1/scout"):
        assert (ask(front, storage), front.is_open) == ("away", opens)
    front.close()
    assert name in caplog.text
    assert SECRET not in caplog.text
