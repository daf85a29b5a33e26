"""Where the database is, in the shape Django wants: SQLite unless DATABASE_URL names another."""

from pathlib import Path
from typing import Any

import environ

_SCHEMES = {"sqlite", "postgres", "postgresql", "pgsql", "psql"}
# IMMEDIATE, or writers that began as readers fail at once instead of waiting their turn. Connections stay with their
# thread (see scout.lanes).
_SQLITE: dict[str, Any] = {
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY",
    },
    "CONN_MAX_AGE": None,
}
# Connections go back to a pool, because every request under ASGI is a thread of its own.
_POOL = {"min_size": 1, "max_size": 20, "timeout": 30}


def parse(url: str, folder: Path) -> dict[str, Any]:
    """Django's settings of a database. ValueError, without the password in it, when the URL is not one."""
    if not url:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "scout.sqlite3"), **_SQLITE}
    try:
        if url.partition(":")[0] not in _SCHEMES:
            raise ValueError
        found: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError:
        raise ValueError("must look like postgres://user:password@host:5432/name or sqlite:////path/to/file") from None
    if found["ENGINE"].endswith("sqlite3"):
        return found | _SQLITE
    return found | {"OPTIONS": found.get("OPTIONS", {}) | {"pool": _POOL}, "CONN_MAX_AGE": 0}
