"""Settings of in-process tests: an own data folder, no environment of the machine, SQLite in it; Redis and the sandbox are
started by the fixtures that need them."""

import os
import tempfile

from tests.environment import clean

_data = os.environ.get("SCOUT_TEST_DATA") or tempfile.mkdtemp(prefix="scout-test-")
clean(os.environ)
os.environ |= {"SCOUT_DATA": _data, "SECRET_KEY": "only-for-tests", "WEBHOOK_SECRET": "hook-secret"}

from scout.settings import *  # noqa: E402, F403

DATABASES["default"]["TEST"] = {"NAME": f"{_data}/test.sqlite3"}  # noqa: F405  # a file: threads must see one database
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
