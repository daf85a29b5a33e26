"""Workers: what is not on the list does not run; they leave when told to; they notice an emptied Redis."""

import http.server
import json
import os
import signal
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django_rq import get_connection
from rq import Callback, Queue, Retry
from rq.job import Job as PlainJob
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer, PickleSerializer
from rq.webhook import Webhook

from queueadmin.worker.work import ForkingWorker, SearchWorker, worker_name
from scout.queues import Job, queue
from searches.search.models import Run, Status
from tests.queueadmin.planted import Bomb
from tests.rows import make_run


@pytest.fixture
def mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that is there once something planted has run."""
    monkeypatch.setenv("PLANTED_MARK", str(tmp_path / "mark"))
    return tmp_path / "mark"


def work(kind: type[SearchWorker] | type[ForkingWorker] = SearchWorker, name: str = "search") -> None:
    """A real worker, until the queue is empty."""
    connection = get_connection(name)
    worker = kind([queue(name, connection)], connection=connection, job_class=Job, serializer="rq.serializers.JSONSerializer")
    worker._install_signal_handlers = lambda: None  # type: ignore[method-assign]  # the tests keep their own
    worker.work(burst=True, logging_level="CRITICAL")


def failed(client: redis.Redis, name: str = "search") -> list[str]:
    return list(FailedJobRegistry(name, client, serializer=JSONSerializer).get_job_ids())


def planting(client: redis.Redis, serializer: Any = JSONSerializer) -> Queue:
    """Somebody else's RQ, with access to our Redis."""
    return Queue("search", connection=client, serializer=serializer)


@pytest.mark.django_db
def test_it_works(live_redis: redis.Redis, sandbox: object) -> None:
    run = make_run()
    with live_redis as client:
        queue("search", client).enqueue("search.start_run", str(run.pk))
    work()
    run.refresh_from_db()
    assert run.status == Status.RUNNING
    assert failed(live_redis) == []


# What is planted does not run.

PATHS = [
    "os.system",
    "subprocess.call",
    "tests.queueadmin.planted.mark",
    "searches.search.jobs.start_run",
    "builtins.exec",
    "",
    "search.start_run ",
    "SEARCH.START_RUN",
    "search",
    "__main__",
]


@pytest.mark.parametrize("path", PATHS)
def test_name_that_is_not_on_the_list(live_redis: redis.Redis, mark: Path, path: str) -> None:
    argument = str(mark) if "mark" in path else f"touch {mark}"
    job = planting(live_redis).enqueue(path or "x", argument)
    if not path:
        live_redis.hset(job.key, "data", JSONSerializer.dumps(["", None, [argument], {}]))
    work()
    assert not mark.exists()
    assert failed(live_redis) == [job.id]


def test_it_says_why(live_redis: redis.Redis) -> None:
    job = planting(live_redis).enqueue("os.system", "true")
    work()
    result = PlainJob.fetch(job.id, live_redis, serializer=JSONSerializer).latest_result()
    assert result is not None
    assert "'os.system' is not a job of Scout" in str(result.exc_string)


def test_pickle_is_not_read(live_redis: redis.Redis, mark: Path) -> None:
    job = planting(live_redis, PickleSerializer).enqueue("search.start_run", Bomb(str(mark)))
    assert b"planted" in zlib.decompress(bytes(live_redis.hget(job.key, "data") or b""))
    work()
    assert not mark.exists()
    assert live_redis.llen("rq:queue:search") == 0


@pytest.mark.parametrize("field", ["result", "meta", "exc_info", "group_id"])
def test_pickle_elsewhere_in_a_job_is_not_read(live_redis: redis.Redis, mark: Path, field: str) -> None:
    job = planting(live_redis).enqueue("os.system", "true")
    live_redis.hset(job.key, field, PickleSerializer.dumps(Bomb(str(mark))))
    work()
    assert not mark.exists()


def test_method_of_an_object(live_redis: redis.Redis, mark: Path) -> None:
    job = planting(live_redis).enqueue("search.start_run", "1")
    live_redis.hset(job.key, "data", JSONSerializer.dumps(["system", "os", [f"touch {mark}"], {}]))
    work()
    assert not mark.exists()
    assert failed(live_redis) == [job.id]


@pytest.mark.django_db
@pytest.mark.parametrize("on", ["on_success", "on_failure", "on_stopped"])
def test_callbacks_of_a_job_do_not_run(live_redis: redis.Redis, mark: Path, on: str) -> None:
    """A name from the list, and another function to be called at its end."""
    argument = "1" if on == "on_success" else "not a number"
    planting(live_redis).enqueue("search.start_run", argument, **{on: Callback("tests.queueadmin.planted.as_callback")})
    work()
    assert not mark.exists()


@pytest.fixture
def listener() -> Iterator[tuple[str, list[str]]]:
    """An address, and what was asked of it."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/planted", asked
    server.shutdown()
    server.server_close()


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "argument"), [("finished", "1"), ("failed", "not a number")])
def test_webhooks_of_a_job_are_not_sent(live_redis: redis.Redis, listener: tuple[str, list[str]], status: Any, argument: str) -> None:
    address, asked = listener
    planting(live_redis).enqueue("search.start_run", argument, webhooks=[Webhook(address, status)])
    work()
    assert asked == []


@pytest.mark.parametrize("data", [b"", b"x", b"\xff", b"null", b"5", b"[]", b'["a"]', b'{"a": 1}', b"[" * 100_000])
def test_nonsense_for_a_job(live_redis: redis.Redis, data: bytes) -> None:
    """It is put aside, and the next one is worked on."""
    job = planting(live_redis).enqueue("search.start_run", "1")
    live_redis.hset(job.key, "data", data)
    planting(live_redis).enqueue("os.system", "true")
    work()
    assert live_redis.llen("rq:queue:search") == 0
    assert len(failed(live_redis)) >= 1


@pytest.mark.django_db
@pytest.mark.parametrize("argument", ["x", None, "", [1], {"pk": 1}, "999999999999999999999999", -1, "1; DROP TABLE"])
def test_arguments_that_are_no_row(live_redis: redis.Redis, argument: Any) -> None:
    before = Run.objects.count()
    planting(live_redis).enqueue("search.start_run", argument)
    work()
    assert live_redis.llen("rq:queue:search") == 0
    assert Run.objects.count() == before


def test_arguments_are_json(live_redis: redis.Redis) -> None:
    job = queue("search", live_redis).enqueue("search.start_run", "17")
    assert json.loads(zlib.decompress(bytes(live_redis.hget(job.key, "data") or b""))) == ["search.start_run", None, ["17"], {}]


def test_a_child_runs_only_what_is_on_the_list_too(live_redis: redis.Redis, mark: Path) -> None:
    job = Queue("default", connection=live_redis, serializer=JSONSerializer).enqueue("os.system", f"touch {mark}")
    work(ForkingWorker, "default")
    assert not mark.exists()
    assert failed(live_redis, "default") == [job.id]


# What it survives.


@pytest.mark.django_db
def test_a_job_that_breaks_does_not_break_the_worker(live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch, sandbox: object) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("broken")

    run = make_run()
    monkeypatch.setattr("searches.search.jobs.abort_run", broken)
    bad = queue("search", live_redis).enqueue("search.abort_run", "1")
    queue("search", live_redis).enqueue("search.start_run", str(run.pk))
    work()
    run.refresh_from_db()
    assert (failed(live_redis), run.status) == ([bad.id], Status.RUNNING)


@pytest.mark.django_db
def test_retries_that_somebody_plants_come_to_an_end(live_redis: redis.Redis) -> None:
    planting(live_redis).enqueue("os.system", "true", retry=Retry(max=3))
    work()
    assert live_redis.llen("rq:queue:search") == 0


def test_flushall_while_a_job_is_worked_on(live_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []

    def empties(run_id: str) -> None:
        live_redis.flushall()
        done.append(run_id)

    monkeypatch.setattr("searches.search.jobs.start_run", empties)
    queue("search", live_redis).enqueue("search.start_run", "1")
    work()
    assert done == ["1"]


# Its name.


def test_names_are_new_each_time() -> None:
    names = {worker_name("search") for _i in range(50)}
    assert len(names) == 50
    assert all(name.startswith(f"search-{os.getpid()}-") for name in names)


def test_name_that_is_given(settings: Any) -> None:
    settings.WORKER_NAME = "tokyo-3"
    assert worker_name("search").startswith(f"tokyo-3-{os.getpid()}-")


@pytest.mark.parametrize("kind", [SearchWorker, ForkingWorker])
def test_a_signal_sets_a_flag_and_nothing_else(live_redis: redis.Redis, kind: Any) -> None:
    worker = kind([queue("search", live_redis)], connection=live_redis, job_class=Job)
    before: Callable[..., Any] | int | None = signal.getsignal(signal.SIGTERM)
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        worker._install_signal_handlers()
        signal.raise_signal(signal.SIGTERM)
        assert worker._stop_requested is True
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, interrupt)
