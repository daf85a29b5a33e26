"""Settings of in-process tests: an own data folder, no environment of the machine, SQLite in it; Redis and the sandbox are
started by the fixtures that need them."""

import atexit
import os
import shutil
import tempfile

from scout.installation import a_port
from tests.environment import clean

_data = tempfile.mkdtemp(prefix="scout-test-")
atexit.register(shutil.rmtree, _data, ignore_errors=True)
clean(os.environ)
# Ports are chosen here, before settings are read; who needs the servers behind them starts them (tests/conftest.py).
os.environ |= {
    "SCOUT_DATA": _data,
    "SECRET_KEY": "only-for-tests",
    "WEBHOOK_SECRET": "hook-secret",
    "REDIS_URL": f"redis://127.0.0.1:{a_port(None)}/0",
    "APIFY_BASE_URL": f"http://127.0.0.1:{a_port(None)}",
    "SCOUT_SANDBOX": "1",
    "WORKER_RETRY_DELAY": "10",
    "DATABASE_URL": os.environ.get("SCOUT_TEST_DATABASE", ""),
}

from scout.settings import *  # noqa: E402, F403

if os.environ.get("SCOUT_TEST_DATABASE"):  # tests/faults/test_postgres.py has the engine's tests run on PostgreSQL
    DATABASES["default"]["OPTIONS"].pop("pool")  # noqa: F405  # its threads would keep the test database from being dropped
else:
    DATABASES["default"]["TEST"] = {"NAME": f"{_data}/test.sqlite3"}  # noqa: F405  # a file: threads must see one database
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
